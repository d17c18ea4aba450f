"""The window's shell: on screen before anything else of the program is imported; what is in it comes right after."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QRect, QSettings, QTimer, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QApplication, QMainWindow

from app.core.bundled import BUNDLE_ID
from app.gui.beginning import begin_application
from app.gui.file_opening import FileOpening
from app.gui.look import apply_ground, apply_look, canvas, hairline, scaled_px

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent, QResizeEvent, QShowEvent

    from app.core.launch import Launch
    from app.gui.desk import Desk
    from app.gui.window_content import WindowContent

FIRST_SIZE = (1280, 820)
SMALLEST_SIZE = (640, 480)
TOOLBAR_HEIGHT_PX = 52
STATUS_HEIGHT_PX = 26
TRAY_WIDTH_PX = 216
CONVERSATION_WIDTH_PX = 412
_TRAY_FOLDS_BELOW_PX = 1000
_STACKED_BELOW_PX = 720
_BUILD_AT_LATEST_MS = 1500


def is_wide(width_px: int) -> bool:
    """Whether a window of this width has room for the tray."""
    return width_px >= scaled_px(_TRAY_FOLDS_BELOW_PX)


def is_stacked(width_px: int) -> bool:
    """Whether the conversation stands below the picture in a window of this width."""
    return width_px < scaled_px(_STACKED_BELOW_PX)


class MainWindow(QMainWindow):
    """A frame with the grounds of the columns, until `build` puts the content in.

    Args:
        window_file: Where geometry is kept.
        make_launch: Puts together what the content needs; called once, when it is built.
        desk: That of the window whose place this one takes; None at the program's start.
    """

    resized = Signal(int, int)
    """Carries the width before and now."""
    look_changed = Signal()
    state_changed = Signal()
    """It is full screen, minimised, large, or no more."""
    escaped = Signal()
    """Esc was pressed, and no part of the window had a use for it."""
    closing = Signal()
    started = Signal()
    """What is in the window is at work, and opens what the program was started with."""

    def __init__(self, window_file: Path, make_launch: Callable[[], Launch], desk: Desk | None = None) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("Viewfinder")
        self.setMinimumSize(*SMALLEST_SIZE)
        self._window_file = window_file
        self._make_launch = make_launch
        self._desk = desk
        self._content: WindowContent | None = None
        self._build_timer = QTimer(self)
        self._build_timer.setSingleShot(True)
        self._build_timer.timeout.connect(self._on_build_timer_timeout)
        self._is_painted = False
        self._restore_geometry()

    @property
    def content(self) -> WindowContent:
        """What is in the window, built now if it was not yet."""
        self.build()
        assert self._content is not None  # noqa: S101 - build has just made it
        return self._content

    @property
    def is_started(self) -> bool:
        """Whether what is in the window is at work."""
        return self._content is not None and self._content.desk.is_started

    def build(self) -> None:
        """Imports and makes what is in the window; once."""
        if self._content is not None:
            return
        from PySide6.QtCore import Qt  # noqa: PLC0415 - its hundred kinds take as long as the rest of the first frame

        from app.gui.language import speak  # noqa: PLC0415 - only now, with the frame on screen
        from app.gui.window_content import WindowContent  # noqa: PLC0415 - only now, with the frame on screen

        self._build_timer.stop()
        # Python may collect cycles on any thread, and the window's parts point at one another: Qt destroys them all on
        # the main thread, so that no collection ever does.
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_look(application)
        launch = self._make_launch()
        speak(application, launch.settings.language)
        self._content = WindowContent(launch, self, self._desk)
        if not gc.isenabled():  # what was made so far stays to the end: no collection need look at it again
            gc.freeze()
            gc.enable()
        if self.isVisible():
            self._content.start_soon()

    def _on_build_timer_timeout(self) -> None:
        """Builds, and ends the program where that fails: an empty frame would be of no use to anybody."""
        try:
            self.build()
        except Exception:
            QApplication.exit(1)
            raise  # what is told of every error that nobody caught is told of this one

    def renew(self) -> None:
        """Gives its place to a new window around the same desk, whose widgets take their words anew."""
        if self._content is None:
            return
        launch, desk = self._content.hand_over()
        self._store_geometry()
        window = MainWindow(self._window_file, lambda: launch, desk)
        if not self.isMaximized() and not self.isFullScreen():
            window.setGeometry(self.geometry())
        window.build()
        window.show()
        application = QApplication.instance()
        opening = None if application is None else application.findChild(FileOpening)
        if opening is not None:
            opening.serve(window)
        self.close()

    def come_forward(self) -> None:
        """Stands before other programs' windows, out of the Dock, and behind nothing but a dialog of its own."""
        from PySide6.QtCore import Qt  # noqa: PLC0415 - see build

        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        front = QApplication.activeModalWidget() or self
        front.raise_()
        front.activateWindow()

    def take_appearance(self, appearance: str) -> None:
        """Turns light, dark or as the system is, and is so from the next start's first moment."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_look(application, appearance)
        stored = self.stored()
        if stored.value("appearance", "system") != appearance:
            stored.setValue("appearance", appearance)

    def stored(self) -> QSettings:
        """Geometry and what else of the window's shape is remembered."""
        return QSettings(str(self._window_file), QSettings.Format.IniFormat)

    def _store_geometry(self) -> None:
        stored = self.stored()
        stored.setValue("geometry", self.saveGeometry())
        stored.sync()

    def _restore_geometry(self) -> None:
        geometry = self.stored().value("geometry")
        if not isinstance(geometry, QByteArray) or not self.restoreGeometry(geometry):
            self.resize(*FIRST_SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the grounds of the columns, and has the content built once they are on screen."""
        super().paintEvent(event)
        if self._content is None:
            painter = QPainter(self)
            self._paint_grounds(painter)
            painter.end()
        if not self._is_painted:
            self._is_painted = True
            self._build_timer.start(0)

    def _paint_grounds(self, painter: QPainter) -> None:
        palette = self.palette()
        width, height = self.width(), self.height()
        left = scaled_px(TRAY_WIDTH_PX) if is_wide(width) else 0
        right = width if is_stacked(width) else width - scaled_px(CONVERSATION_WIDTH_PX)
        body = QRect(left, TOOLBAR_HEIGHT_PX, right - left, height - TOOLBAR_HEIGHT_PX - STATUS_HEIGHT_PX)
        painter.fillRect(body, canvas(palette))
        painter.fillRect(QRect(right, body.y(), width - right, body.height()), palette.color(QPalette.ColorRole.Base))
        painter.setPen(hairline(palette))
        painter.drawLine(0, body.top() - 1, width, body.top() - 1)
        painter.drawLine(0, body.bottom() + 1, width, body.bottom() + 1)

    def showEvent(self, event: QShowEvent) -> None:
        """Has the content built in the end even where nothing is ever painted, as in a minimised window."""
        super().showEvent(event)
        if self._content is not None:
            self._content.start_soon()
        elif not self._build_timer.isActive():
            self._build_timer.start(_BUILD_AT_LATEST_MS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tells the content."""
        super().resizeEvent(event)
        self.resized.emit(event.oldSize().width(), self.width())

    def changeEvent(self, event: QEvent) -> None:
        """Follows the system from light to dark and back, and to larger letters."""
        super().changeEvent(event)
        application = QApplication.instance()
        kinds = (QEvent.Type.PaletteChange, QEvent.Type.ThemeChange, QEvent.Type.FontChange)
        if event.type() in kinds and isinstance(application, QApplication):
            apply_look(application)
            self.look_changed.emit()
        elif event.type() == QEvent.Type.WindowStateChange:
            self.state_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tells of Esc, which arrives here from wherever the keyboard is."""
        from PySide6.QtCore import Qt  # noqa: PLC0415 - see build

        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stops everything, however busy, and goes; the window is gone at once."""
        self._store_geometry()
        self.hide()
        self._build_timer.stop()
        self.closing.emit()
        event.accept()


def run_window(
    window_file: Path,
    make_launch: Callable[[], Launch],
    milestone: Callable[[str], None],
    say_no_display: Callable[[str], int],
) -> int:
    """Opens the window and stays until it is closed.

    Args:
        window_file: Where geometry is kept.
        make_launch: Puts together what the window needs, once its frame is on screen.
        milestone: Notes that ``window_shown`` was reached.
        say_no_display: Told in Qt's words why no window can open; gives the exit code with which the process ends then.

    Returns:
        The exit code.
    """
    application = begin_application(sys.argv[:1], say_no_display)
    application.setApplicationName("Viewfinder")
    application.setApplicationDisplayName("Viewfinder")
    application.setDesktopFileName(BUNDLE_ID)
    window = MainWindow(window_file, make_launch)
    apply_ground(application, str(window.stored().value("appearance", "system")))
    FileOpening(application).serve(window)
    window.show()
    milestone("window_shown")
    return application.exec()
