"""Where the bundled program begins, before anything slow."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # part of Python itself, so that nothing comes before it
import sys

is_heard = __name__ == "__main__" and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler
if is_heard:
    # Until the program can say what it ends, Ctrl-C ends it without a word, not with a trace of what is imported.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import re  # noqa: E402 - see above
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TRACKER = re.compile(r"from multiprocessing\.resource_tracker import main;main\((\d+)\)")


def tracker_descriptor(words: Sequence[str]) -> int | None:
    """The file that Python's own helper process is to watch, if this process was started to be that helper.

    Whatever takes a lock of multiprocessing starts the program anew with these words, because it takes it for a Python;
    without this a second window would open.
    """
    match = _TRACKER.fullmatch(words[-1]) if words[-2:-1] == ["-c"] else None
    return None if match is None else int(match[1])


def naming_whole_files(getsourcefile: Callable[[Any], str | None], folder: str) -> Callable[[Any], str | None]:
    """The same function, but it names files whole: bundled code knows its file only from the bundle's folder on.

    WORKAROUND(transformers 5.23, utils/auto_docstring.py get_model_name): it looks at the third folder from the end of
    a class's file and fails where there are fewer; remove when it does not.
    """

    def whole(code: Any) -> str | None:
        file = getsourcefile(code)
        return None if file is None else str(Path(folder, file))

    return whole


def _start() -> int:
    descriptor = tracker_descriptor(sys.argv)
    if descriptor is not None:
        from multiprocessing.resource_tracker import main as watch  # noqa: PLC0415 - only in the helper process

        watch(descriptor)
        return 0
    import inspect  # noqa: PLC0415 - slow to import

    whole = naming_whole_files(inspect.getsourcefile, getattr(sys, "_MEIPASS", ""))
    inspect.getsourcefile = whole  # type: ignore[assignment] # it takes whatever the other took
    from app.entry import main  # noqa: PLC0415 - not in the helper process

    if is_heard:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    try:
        return main()
    except Exception as error:  # noqa: BLE001 - told of as ever, but without the loader's own words after it
        sys.excepthook(type(error), error, error.__traceback__)
        return 1


if __name__ == "__main__":
    sys.exit(_start())
