"""Nothing stays behind when windows are opened, asked and closed a hundred times."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication

from app.backends.fake_backend import FakeScript
from tests.gui.window_driver import WindowDriver

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.core.paths import Profile

pytestmark = pytest.mark.alone
ROUNDS = 100
WARM = 20
ANSWER = "# A **cat**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint(1)\n```\n\n- one\n- two\n"
MOST_GROWTH_BYTES = 24_000_000


def resident_bytes() -> int:
    if sys.platform != "linux":
        pytest.skip("resident memory is read from /proc, which only Linux has")
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def census() -> Counter[str]:
    """Living Qt objects and objects of the program's own classes, by kind."""
    gc.collect()
    kinds: Counter[str] = Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        is_ours = str(kind.__module__).startswith("app.")
        if is_ours or (isinstance(thing, QObject) and shiboken6.isValid(thing)):
            kinds[f"{kind.__module__}.{kind.__qualname__}"] += 1
    return kinds


def one_round(driver: WindowDriver) -> None:
    driver.wait_for_model()
    driver.wait_for_pictures(1)
    driver.ask("What is this?")
    assert driver.wait_for_answer() == ANSWER
    driver.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.mark.usefixtures("open_window")
def test_a_hundred_windows_leave_nothing_behind(
    qtbot: QtBot, profile: Profile, checkpoint_dir: Path, picture: Path
) -> None:
    def new_round() -> None:
        one_round(WindowDriver(qtbot, FakeScript(answers=(ANSWER,)), profile, checkpoint_dir, (picture,), "", None))

    for _ in range(WARM):
        new_round()
    before, widgets, threads, memory = (
        census(),
        len(QApplication.allWidgets()),
        threading.active_count(),
        resident_bytes(),
    )
    for _ in range(ROUNDS - WARM):
        new_round()
    grown = {kind: count - before[kind] for kind, count in census().items() if count - before[kind] >= ROUNDS // 10}
    assert grown == {}
    assert len(QApplication.allWidgets()) <= widgets
    assert threading.active_count() == threads
    assert resident_bytes() - memory < MOST_GROWTH_BYTES
