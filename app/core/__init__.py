"""Plain Python: no Qt, no model runtime, loads in milliseconds."""
