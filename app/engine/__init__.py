"""The one model thread, the life of a request, and the pools that open pictures."""
