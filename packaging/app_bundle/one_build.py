"""Lets one build at a time work in a checkout: two would take each other's files away and ship a mixture.

Standard library only.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from build_commands import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Holds a lock while the block runs; the system lets go of it however this process ends.

    Args:
        lock: A file that is made where it is not there, and stays.

    Raises:
        BuildError: Another build holds it.
        OSError: It cannot be made.
    """
    import fcntl  # noqa: PLC0415 - not on Windows, where this module is only looked at

    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildError("Another build is at work in this checkout. Wait for its end, or end it.") from error
        yield
