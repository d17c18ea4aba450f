"""What stands above the answers until it is dealt with: a title, words, buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.gui.flow_layout import FlowLayout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent

_MARGINS, _LOW_MARGINS = (16, 12, 16, 8), (16, 6, 16, 4)


class StandingCard(QWidget):
    """Lays its parts out one below the other, each as high as its words need."""

    def __init__(self) -> None:
        super().__init__()
        self.is_low = False
        """Whether what can be left out is."""

    def make_low(self, *, is_low: bool) -> None:
        """Says only what is needed where the window has little height."""
        if is_low != self.is_low:
            self.is_low = is_low
            layout = self.layout()
            if layout is not None:
                layout.setContentsMargins(*(_LOW_MARGINS if is_low else _MARGINS))
                layout.setSpacing(4 if is_low else 8)
            self.show_again()

    def show_again(self) -> None:
        """Shows what it showed, in the room that it has now."""

    def lay_out(self, parts: Sequence[QWidget]) -> None:
        """Takes its parts, from above to below; labels among them wrap, and take words as they are."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*_MARGINS)
        layout.setSpacing(8)
        for part in parts:
            if isinstance(part, QLabel):
                part.setWordWrap(True)
                part.setTextFormat(Qt.TextFormat.PlainText)
                part.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
            layout.addWidget(part)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the ground of the answers below; a role for it would give captions the colour of usual text."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), self.palette().base())
        painter.end()

    def minimumSizeHint(self) -> QSize:
        """The height of its lines at the width that it has, so that none is ever squeezed.

        Before it is first laid out that is its parent's: at the width of a new widget its lines would be so many that
        the splitter takes the viewer's room for them, and keeps it.
        """
        least, parent = super().minimumSizeHint(), self.parentWidget()
        width_px = parent.width() if parent is not None else self.width()
        return QSize(least.width(), self.heightForWidth(max(least.width(), width_px)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Counts the lines anew at another width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()


def line_of(*buttons: QPushButton) -> QWidget:
    """Buttons side by side, or below one another where the width is too small."""
    line = QWidget()
    layout = FlowLayout(line)
    for button in buttons:
        layout.addWidget(button)
    return line
