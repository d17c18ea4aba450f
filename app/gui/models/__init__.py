"""Models in the window: the sheet of all of them, the first one, what is downloaded, memory."""
