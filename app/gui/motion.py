"""Fades of the length that the eye needs to see where something came from; none where the system asks for rest."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from PySide6.QtCore import QObject, QProcess, QPropertyAnimation, QStandardPaths, Signal
from PySide6.QtWidgets import QApplication, QGraphicsOpacityEffect, QStyle, QWidget

FADE_MS = 120
_OVERRIDE = "VIEWFINDER_REDUCED_MOTION"
"""Set to 1 or 0, it is heard before the system."""


class _Said:
    """What the system said when it was asked; None before it answered."""

    is_reduced: bool | None = None


def is_motion_reduced() -> bool:
    """Whether nothing may move. Thread: main."""
    override = os.environ.get(_OVERRIDE, "")
    if override in ("0", "1"):
        return override == "1"
    if sys.platform == "darwin":
        return _is_reduced_on_macos()
    if _Said.is_reduced is not None:
        return _Said.is_reduced
    return QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) == 0


def fade_in(widget: QWidget) -> None:
    """Lets a widget that has just been shown appear in `FADE_MS`, or at once."""
    if not is_motion_reduced() and widget.graphicsEffect() is None:
        _Fade(widget)


class _Fade(QObject):
    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        effect = QGraphicsOpacityEffect(widget)
        effect.setOpacity(0.0)
        widget.setGraphicsEffect(effect)
        animation = QPropertyAnimation(effect, b"opacity", self)
        animation.setDuration(FADE_MS)
        animation.setStartValue(0.0)
        animation.setEndValue(1.0)
        animation.finished.connect(self._on_animation_finished)
        animation.start()

    def _on_animation_finished(self) -> None:
        self._widget.setGraphicsEffect(None)  # type: ignore[arg-type]  # the stubs do not know that None takes it away
        self.deleteLater()


class MotionSetting(QObject):
    """Asks a Linux desktop once, beside everything else, whether it wants animations."""

    answered = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.finished.connect(self._on_process_finished)

    def ask(self) -> None:
        """Asks; where there is nobody to ask, the style decides."""
        program = QStandardPaths.findExecutable("gsettings") if sys.platform == "linux" else ""
        if program and os.environ.get("XDG_CURRENT_DESKTOP"):
            self._process.start(program, ["get", "org.gnome.desktop.interface", "enable-animations"])

    def close(self) -> None:
        """Waits for no answer any more."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(500)

    def _on_process_finished(self) -> None:
        said = bytes(self._process.readAllStandardOutput().data()).strip()
        if said in (b"true", b"false"):
            _Said.is_reduced = said == b"false"
        self.answered.emit()


def _is_reduced_on_macos() -> bool:
    """What `NSWorkspace.sharedWorkspace.accessibilityDisplayShouldReduceMotion` says now."""
    import ctypes  # noqa: PLC0415 - only there
    import ctypes.util  # noqa: PLC0415

    with suppress(OSError, AttributeError, TypeError):
        runtime = ctypes.cdll.LoadLibrary(ctypes.util.find_library("objc") or "libobjc.A.dylib")
        runtime.objc_getClass.restype = ctypes.c_void_p
        runtime.sel_registerName.restype = ctypes.c_void_p
        send = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(("objc_msgSend", runtime))
        ask = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_void_p)(("objc_msgSend", runtime))
        kind = runtime.objc_getClass(b"NSWorkspace")
        workspace = send(kind, runtime.sel_registerName(b"sharedWorkspace"))
        return bool(ask(workspace, runtime.sel_registerName(b"accessibilityDisplayShouldReduceMotion")))
    return False
