"""Everything that runs a model, one file each, made by name from the table."""
