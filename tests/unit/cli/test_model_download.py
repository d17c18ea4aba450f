from __future__ import annotations

import errno
from pathlib import Path

from app.cli.model_download import hint_to_go_on
from app.core.models.disk_room import disk_error


def test_that_what_came_is_kept_is_said_once() -> None:
    full = disk_error(OSError(errno.ENOSPC, "full"), "a/b", Path("cache")).said.hint
    assert hint_to_go_on(full) == f"{full} The same command goes on from there."
    assert hint_to_go_on("Wait.") == "Wait. What came is kept; the same command goes on from there."
    assert hint_to_go_on("") == "What came is kept; the same command goes on from there."
