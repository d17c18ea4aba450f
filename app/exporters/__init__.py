"""Everything that writes a result, one file per format, made by name from the table."""
