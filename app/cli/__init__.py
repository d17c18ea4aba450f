"""Commands without a window; nothing here or below loads Qt."""
