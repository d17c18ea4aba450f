"""The window: the only folder, with entry, that knows Qt. It speaks to the engine and never to a backend."""
