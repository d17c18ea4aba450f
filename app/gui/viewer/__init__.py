"""The picture that is looked at."""
