"""The settings, made when they are first wanted."""
