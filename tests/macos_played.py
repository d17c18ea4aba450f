"""What a program finds on a Mac, played: Foundation's activities and their tokens, the Quick Action in the bundle."""

from __future__ import annotations

import ctypes
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from bundle_identity import BUNDLE_ID

from app.core import wakefulness
from app.core.quick_action import WORKFLOW_NAME

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

USER_INITIATED, ALLOWING_SLEEP = 0x00FFFFFF, 0x00EFFFFF


class Activities:
    """Counts the activities as Foundation does: each has a token, and ends with it.

    Attributes:
        reasons: Of every activity that was begun.
        threads: On which each was begun and ended.
    """

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.threads: list[str] = []
        self.faults: list[str] = []
        self.fails = False
        self._claims: dict[int, int] = {}
        self._changed = threading.Condition()

    @property
    def running(self) -> int:
        """How many are going on."""
        return len(self._claims)

    def until_over(self, timeout_s: float = 10.0) -> bool:
        """Whether all have ended within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._claims, timeout_s)

    def begin(self, options: int, reason: str = "") -> int:
        if self.fails:
            raise OSError("there is no Foundation")
        with self._changed:
            if options != USER_INITIATED:
                self.faults.append(f"{reason} lets the machine sleep")
            self.reasons.append(reason)
            self.threads.append(threading.current_thread().name)
            token = 0x7F00_0000_0000 + len(self.reasons)  # as far up as real addresses
            self._claims[token] = 0
        return token

    def end(self, token: int) -> None:
        with self._changed:
            self.threads.append(threading.current_thread().name)
            if self._claims.get(token, 0) < 1:
                self.faults.append("an activity was ended whose token is gone")

    def retain(self, token: int) -> int:
        with self._changed:
            self._claims[token] += 1
        return token

    def release(self, token: int) -> None:
        with self._changed:
            self._claims[token] -= 1
            if self._claims[token] == 0:
                del self._claims[token]
            self._changed.notify_all()


class _Function:
    """A function of a C library."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self.argtypes: list[Any] = []
        self.restype: Any = ctypes.c_int

    def __call__(self, token: int) -> Any:
        assert self.argtypes == [ctypes.c_void_p], "an address would be cut to 32 bits"
        return self._call(token)


def play_macos(monkeypatch: pytest.MonkeyPatch) -> Activities:
    """Has the program believe that it runs on a Mac when it asks to stay awake."""
    activities = Activities()
    appnope = ModuleType("appnope")
    appnope.NSActivityUserInitiated = USER_INITIATED  # type: ignore[attr-defined]
    appnope.NSActivityUserInitiatedAllowingIdleSystemSleep = ALLOWING_SLEEP  # type: ignore[attr-defined]
    appnope.beginActivityWithOptions = activities.begin  # type: ignore[attr-defined]
    appnope.endActivity = activities.end  # type: ignore[attr-defined]
    really_load = ctypes.CDLL

    def load(name: str, *rest: Any, **more: Any) -> Any:
        if name == "/usr/lib/libobjc.A.dylib":
            retain, release = _Function(activities.retain), _Function(activities.release)
            return SimpleNamespace(objc_retain=retain, objc_release=release)
        return really_load(name, *rest, **more)

    monkeypatch.setitem(sys.modules, "appnope", appnope)
    monkeypatch.setattr(ctypes, "CDLL", load)
    monkeypatch.setattr(wakefulness, "sys", SimpleNamespace(platform="darwin"))
    return activities


def make_workflow(folder: Path, command: str = f'/usr/bin/open -b {BUNDLE_ID} "$@"') -> Path:
    """A workflow as the bundle has it; its files may be read alone, as in a bundle of somebody else's."""
    contents = folder / WORKFLOW_NAME / "Contents"
    contents.mkdir(parents=True)
    for name, text in (("Info.plist", "<plist>服务</plist>"), ("document.wflow", command)):
        (contents / name).write_text(text, encoding="utf-8")
        (contents / name).chmod(0o444)
    contents.chmod(0o555)
    return contents.parent
