"""Asking: the panel at the foot, its tasks, history and budget."""
