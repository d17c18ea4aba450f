"""Models: which there are, what they need, where they come from and which are here. No thread, no Qt, no runtime."""
