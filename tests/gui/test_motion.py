"""Fades are short, leave nothing behind, and are not there where the system asks for rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QElapsedTimer, QMimeData, QPoint, QStandardPaths, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsOpacityEffect, QProxyStyle, QStyle, QWidget

from app.core.errors import ErrorText
from app.gui import motion
from app.gui.motion import FADE_MS, MotionSetting, fade_in, is_motion_reduced

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QStyleHintReturn, QStyleOption
    from pytestqt.qtbot import QtBot

    from tests.gui.window_driver import OpenWindow


@pytest.fixture
def _moving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIEWFINDER_REDUCED_MOTION", "0")


@pytest.mark.usefixtures("_moving")
def test_a_fade_ends_whole_and_leaves_nothing_behind(qtbot: QtBot) -> None:
    widget = QFrame()
    qtbot.addWidget(widget)
    widget.show()
    clock = QElapsedTimer()
    clock.start()
    fade_in(widget)
    effect = widget.graphicsEffect()
    assert isinstance(effect, QGraphicsOpacityEffect)
    assert effect.opacity() < 0.5
    fade_in(widget)
    assert widget.graphicsEffect() is effect
    qtbot.waitUntil(lambda: widget.graphicsEffect() is None)
    assert clock.elapsed() >= FADE_MS - 20
    assert FADE_MS <= 120


@pytest.mark.parametrize("value", ["1", "0"])
def test_what_appears_fades_only_where_that_is_wanted(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch, picture: Path, value: str
) -> None:
    monkeypatch.setenv("VIEWFINDER_REDUCED_MOTION", value)
    driver = open_window()
    driver.parts.notice.show_error(ErrorText("Something went wrong.", "Try again."))
    driver.action("commandListAction").trigger()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(picture))])
    keys, button, action = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    QApplication.sendEvent(
        driver.child(QWidget, "dropZone"), QDragEnterEvent(QPoint(20, 20), action, mime, button, keys)
    )

    def fading() -> set[str]:
        return {type(widget).__name__ for widget in driver.window.findChildren(QWidget) if widget.graphicsEffect()}

    assert len(fading()) == (0 if value == "1" else 3)
    driver.wait(lambda: not fading())
    assert driver.parts.notice.isVisible()


class _StillStyle(QProxyStyle):
    """A style that wants no animations, as a desktop sets it."""

    def styleHint(  # noqa: N802 - Qt's name
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        data: QStyleHintReturn | None = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return 0
        return super().styleHint(hint, option, widget, data)


def test_the_system_is_heard(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("VIEWFINDER_REDUCED_MOTION")
    assert not is_motion_reduced()
    style = _StillStyle()
    monkeypatch.setattr(QApplication, "style", lambda: style)
    assert is_motion_reduced()
    assert isinstance(qapp, QApplication)


@pytest.mark.parametrize(("said", "is_reduced"), [("true", False), ("false", True), ("", False)])
def test_a_linux_desktop_is_asked(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, is_reduced: bool
) -> None:
    program = tmp_path / "gsettings"
    program.write_text(f'#!/bin/sh\n[ "$*" = "get org.gnome.desktop.interface enable-animations" ] && echo {said}\n')
    program.chmod(0o755)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(QStandardPaths, "findExecutable", lambda _name: str(program))
    monkeypatch.setattr(motion._Said, "is_reduced", None)
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")
    monkeypatch.delenv("VIEWFINDER_REDUCED_MOTION")
    parent = QWidget()
    qtbot.addWidget(parent)
    setting = MotionSetting(parent)
    with qtbot.waitSignal(setting.answered):
        setting.ask()
    assert is_motion_reduced() == is_reduced
    setting.close()
