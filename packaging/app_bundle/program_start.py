"""Where the bundled program begins, before anything slow."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TRACKER = re.compile(r"from multiprocessing\.resource_tracker import main;main\((\d+)\)")


def tracker_descriptor(words: Sequence[str]) -> int | None:
    """The file that Python's own helper process is to watch, if this process was started to be that helper.

    Whatever takes a lock of multiprocessing starts the program anew with these words, because it takes it for a Python;
    without this a second window would open.
    """
    match = _TRACKER.fullmatch(words[-1]) if words[-2:-1] == ["-c"] else None
    return None if match is None else int(match[1])


def _start() -> int:
    descriptor = tracker_descriptor(sys.argv)
    if descriptor is not None:
        from multiprocessing.resource_tracker import main as watch  # noqa: PLC0415 - only in the helper process

        watch(descriptor)
        return 0
    from app.entry import main  # noqa: PLC0415 - not in the helper process

    return main()


if __name__ == "__main__":
    sys.exit(_start())
