"""Where the bundled program begins: before anything slow, and before the window's own process is told from a helper."""

import sys

if "-c" in sys.argv or "--multiprocessing-fork" in sys.argv:
    # A library asked for a helper process: without this, a second window would open in its place.
    import multiprocessing

    multiprocessing.freeze_support()

from app.entry import main

sys.exit(main())
