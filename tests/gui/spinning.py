"""Lets the window of a picture live, without pytest."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from collections.abc import Callable


def spin(until: Callable[[], bool], seconds: float) -> bool:
    """Lets the window live until the condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        if until():
            return True
        time.sleep(0.005)
    return False
