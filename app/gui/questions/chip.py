"""A small round button for a task: painted here, so that it looks the same wherever the system has no such control."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QToolButton

from app.gui.contrast import mixed, readable
from app.gui.look import accent_ground, accent_text, scaled_px

_PADDING_PX = (11, 5)
_REST, _OVER, _DOWN, _OFF = 0.07, 0.12, 0.18, 0.04
_OFF_TEXT = 0.5


class Chip(QToolButton):
    """Shows that it is chosen in the accent colour; with a menu it opens that, and says so with a small arrow."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setProperty("isChip", True)
        self.setCheckable(True)
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the row lets Tab come to one of its chips
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setCursor(Qt.CursorShape.ArrowCursor)

    @property
    def _words(self) -> str:
        return f"{self.text()} ▾" if self.menu() is not None else self.text()

    def sizeHint(self) -> QSize:
        """The words and some room around them."""
        across, down = (scaled_px(padding) for padding in _PADDING_PX)
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._words) + 2 * across, metrics.height() + 2 * down)

    def minimumSizeHint(self) -> QSize:
        """No less: a chip that has no room is folded away."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the pill and its words."""
        palette = self.palette()
        window, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
        is_touched = self.isDown() or self.underMouse()
        if not self.isEnabled():
            ground, ink = mixed(window, text, _OFF), mixed(window, text, _OFF_TEXT)
        elif self.isChecked():
            ink = accent_text(palette)
            ground = accent_ground(palette)
            ground = readable(ground.darker(110), (ink,)) if is_touched else ground
        else:
            ground = mixed(window, text, _DOWN if self.isDown() else _OVER if is_touched else _REST)
            ink = readable(text, (ground,))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect())
        radius = body.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(body, radius, radius)
        painter.setPen(ink)
        painter.setFont(self.font())
        painter.drawText(body, Qt.AlignmentFlag.AlignCenter, self._words)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leaves left and right to the row; down opens the menu."""
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()
        elif event.key() == Qt.Key.Key_Down and self.menu() is not None:
            self.showMenu()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Paints anew as the pointer comes and goes."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return super().event(event)
