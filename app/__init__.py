"""Viewfinder: ask pictures questions on your own machine.

The layers, each importing only from those to its right:

    entry -> gui | cli -> engine | backends | exporters -> core

``core`` is plain Python without Qt or a model runtime; ``engine`` owns the one model thread; ``backends`` run a model;
``exporters`` write results; ``cli`` and ``gui`` are two faces of the same parts; ``entry`` puts them together.
"""

__version__ = "0.1.0"
