"""The pictures at hand: how they come in, stand in order and go."""
