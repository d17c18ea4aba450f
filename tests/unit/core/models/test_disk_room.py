"""What is said of a disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from app.core.models.disk_room import check_room, disk_error


@pytest.mark.parametrize(
    ("number", "said", "hint"),
    [
        (errno.ENOSPC, "became full", "Where models are kept"),
        (errno.EDQUOT, "became full", "Where models are kept"),
        (errno.EROFS, "may not be written", "Where models are kept"),
        (errno.EACCES, "may not be written", "Where models are kept"),
        (errno.EFBIG, "cannot hold files as large", "Where models are kept"),
        (errno.ENOENT, "taken away", "still there"),
        (errno.EIO, "could not be written", "kept"),
    ],
)
def test_each_fault_of_a_disk_has_its_sentence_and_a_next_step(number: int, said: str, hint: str) -> None:
    error = disk_error(OSError(number, os.strerror(number)), "house/demo", Path("/models"))
    assert said in error.said.text
    assert hint in error.said.hint
    assert error.said.detail


def test_nothing_missing_needs_no_room(tmp_path: Path) -> None:
    check_room("house/demo", 0, tmp_path / "not/there/yet")
    check_room("house/demo", 1, tmp_path / "not/there/yet")
