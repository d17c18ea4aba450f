"""Drives a window as a person does: keys, drops, menus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import shiboken6
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton, QTextBrowser, QToolButton, QWidget

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.launch import Launch
from app.core.report import LogLine, ReportParts
from app.core.settings import Settings
from app.engine.engine import Engine
from app.gui.settings.settings_panel import SettingsPanel
from app.gui.shell import MainWindow
from tests.gui.models_scripted import ScriptedDownloads, ScriptedModels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.core.launch import EventSink
    from app.core.models.store import ModelStore
    from app.core.paths import Profile

WAIT_MS = 20_000
SLOW = FakeScript(answers=("One two three four five. " * 400,), piece_delay_s=0.02)
"""An answer that is still coming while a test looks on."""
WidgetT = TypeVar("WidgetT", bound=QWidget)


class OpenWindow(Protocol):
    """Opens a window for a test."""

    def __call__(
        self,
        script: FakeScript = ...,
        *,
        files: tuple[Path, ...] = ...,
        question: str = ...,
        settings: Settings | None = ...,
        models: ModelStore | None = ...,
        downloads: ScriptedDownloads | None = ...,
    ) -> WindowDriver: ...


class WindowDriver:
    """A shown window, found by the names that outside drivers rely on."""

    def __init__(
        self,
        qtbot: QtBot,
        script: FakeScript,
        profile: Profile,
        checkpoint_dir: Path,
        files: tuple[Path, ...],
        question: str,
        settings: Settings | None,
        models: ModelStore | None = None,
        downloads: ScriptedDownloads | None = None,
    ) -> None:
        self.qtbot = qtbot
        self.models = models or ScriptedModels()
        self.downloads = downloads or ScriptedDownloads()
        self.backend = FakeBackend(script)
        self.milestones: list[str] = []
        self.saved: list[Settings] = []
        self.launch = Launch(
            make_engine=self._make_engine,
            profile=profile,
            settings=in_english(settings or Settings(model=str(checkpoint_dir))),
            save_settings=self.saved.append,
            files=files,
            question=question,
            milestone=self.milestones.append,
            report=lambda: ReportParts("versions and machine", (LogLine(*["a line of the log"] * 2),)),
            models=self.models,
            make_downloads=self.downloads.made_for,
        )
        self._drive(MainWindow(profile.window_file, lambda: self.launch))
        self.window.show()
        self.wait(lambda: self.desk.is_started)

    def follow(self) -> None:
        """Drives the window that takes this one's place, as another language makes it."""
        before = self.window
        self.wait(lambda: not shiboken6.isValid(before))
        shown = [window for window in QApplication.topLevelWidgets() if isinstance(window, MainWindow)]
        assert len(shown) == 1
        self._drive(shown[0])

    def _drive(self, window: MainWindow) -> None:
        self.window = window
        self.content = window.content
        self.desk = self.content.desk
        self.parts = self.content.parts

    def _make_engine(self, sink: EventSink) -> Engine:
        return Engine(lambda: self.backend, sink)

    def close(self) -> None:
        if shiboken6.isValid(self.window):
            self.window.close()

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=WAIT_MS)

    def wait_for_model(self) -> None:
        self.wait(lambda: self.desk.model.stage == "ready")

    def wait_for_pictures(self, count: int) -> None:
        self.wait(
            lambda: (
                len(self.desk.pictures.media) == count and all(medium.is_opened for medium in self.desk.pictures.media)
            )
        )

    def wait_for_answer(self) -> str:
        self.wait(lambda: bool(self.desk.conversation.turns) and self.desk.conversation.open_turn is None)
        return self.desk.conversation.turns[-1].answer

    def ask(self, text: str) -> None:
        self.prompt.setPlainText(text)
        self.wait(self.ask_button.isEnabled)
        self.ask_button.click()

    def drop(self, *paths: Path, mime: QMimeData | None = None, on: QWidget | None = None) -> bool:
        """Drops files, or other data, and tells whether they were taken."""
        if mime is None:
            mime = QMimeData()
            mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        target = on or self.child(QWidget, "dropZone")
        keys, button, action = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
        enter = QDragEnterEvent(QPoint(20, 20), action, mime, button, keys)
        QApplication.sendEvent(target, enter)
        if not enter.isAccepted():
            return False
        QApplication.processEvents()  # another process's drag comes as one event after the other
        drop = QDropEvent(QPointF(20, 20), action, mime, button, keys)
        QApplication.sendEvent(target, drop)
        return drop.isAccepted()

    def child(self, kind: type[WidgetT], name: str) -> WidgetT:
        found = self.window.findChild(kind, name)
        assert found is not None, name
        return found

    @property
    def prompt(self) -> QPlainTextEdit:
        return self.child(QPlainTextEdit, "promptEdit")

    @property
    def settings(self) -> SettingsPanel:
        return self.content.settings.panel

    @property
    def ask_button(self) -> QPushButton:
        return self.child(QPushButton, "askButton")

    @property
    def stop_button(self) -> QPushButton:
        return self.child(QPushButton, "stopButton")

    @property
    def result(self) -> QTextBrowser:
        return self.child(QTextBrowser, "resultView")

    @property
    def model_text(self) -> str:
        return self.child(QToolButton, "modelStatus").text()

    def action(self, name: str) -> QAction:
        found = self.window.findChild(QAction, name)
        assert found is not None, name
        return found

    def choose_budget(self, name: str) -> None:
        """Chooses the budget whose entry begins with this name, in the opened menu."""
        self.choose(self.parts.prompt.budget, name)

    def choose(self, button: QToolButton | QPushButton, name: str) -> None:
        """Opens a button's menu and presses Return on the entry that begins with this name."""
        menu = button.menu()
        menu.popup(button.mapToGlobal(QPoint(0, 0)))
        entry = next(action for action in menu.actions() if action.text().startswith(name))
        menu.setActiveAction(entry)
        QTest.keyClick(menu, Qt.Key.Key_Return)

    @property
    def questions(self) -> list[str]:
        """What was asked in this conversation."""
        return [turn.question.text for turn in self.desk.conversation.turns]

    @property
    def names(self) -> list[str]:
        return [medium.source.name for medium in self.desk.pictures.media]

    @property
    def refusals(self) -> str:
        return self.parts.media_notice.text


def in_english(settings: Settings) -> Settings:
    """The settings as they are on a system that speaks English, whatever the tester's speaks."""
    return replace(settings, language="en") if settings.language == "system" else settings


def type_into(edit: QLineEdit, text: str, *, then: Qt.Key | None = Qt.Key.Key_Return) -> None:
    """Types in the place of what stands in a field, and presses a key."""
    edit.setFocus()
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Delete)
    QTest.keyClicks(edit, text)
    if then is not None:
        QTest.keyClick(edit, then)


def with_model(checkpoint_dir: Path, **changes: object) -> Settings:
    return replace(Settings(model=str(checkpoint_dir)), **changes)  # type: ignore[arg-type]


def ask(driver: WindowDriver, *questions: str) -> None:
    """Asks one after the other, each when the one before is answered."""
    for question in questions:
        driver.ask(question)
        driver.wait_for_answer()
