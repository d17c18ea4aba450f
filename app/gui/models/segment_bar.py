"""A few words side by side on one ground, of which one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QRadioButton, QSizePolicy, QWidget

from app.gui.contrast import mixed, readable
from app.gui.describing import describe
from app.gui.look import RADIUS_PX, button_ground, hairline, scaled_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

_PADDING_PX = (14, 5)
_INSET_PX = 2
_GROUND_SHARE, _OVER_SHARE = 0.08, 0.14


class _Segment(QRadioButton):
    """Words that are raised while they are chosen; the arrow keys of a radio button choose among them."""

    def sizeHint(self) -> QSize:
        """The words and some room around them."""
        across, down = (scaled_px(padding) for padding in _PADDING_PX)
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2 * across, metrics.height() + 2 * down)

    def minimumSizeHint(self) -> QSize:
        """No less."""
        return self.sizeHint()

    def hitButton(self, place: QPoint) -> bool:
        """All of it can be clicked."""
        return self.rect().contains(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the words, and what raises them."""
        palette = self.palette()
        window, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
        behind = mixed(window, text, _OVER_SHARE if self.underMouse() else _GROUND_SHARE)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isChecked():
            behind = button_ground(palette)
            painter.setPen(QPen(hairline(palette), 1))
            painter.setBrush(behind)
            inset = _INSET_PX + 0.5
            area = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
            painter.drawRoundedRect(area, RADIUS_PX - _INSET_PX, RADIUS_PX - _INSET_PX)
        painter.setPen(readable(text, (behind,)))
        painter.setFont(self.font())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Paints anew as the pointer comes and goes."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return super().event(event)


class SegmentBar(QWidget):
    """Left and Right choose.

    Args:
        choices: The words, what each stands for, and what it means.
    """

    chosen = Signal(str)
    """Carries what the words stand for that are chosen now."""

    def __init__(self, choices: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self._segments: dict[str, _Segment] = {}
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for words, value, meaning in choices:
            segment = self._segments[value] = _Segment(words)
            describe(segment, meaning)
            layout.addWidget(segment)
        self._value = choices[0][1]
        self._segments[self._value].setChecked(True)
        self._lead_tab()
        for segment in self._segments.values():
            segment.toggled.connect(self._on_segment_toggled)

    @property
    def value(self) -> str:
        """What the chosen words stand for."""
        return self._value

    def choose(self, value: str) -> None:
        """Chooses the words that stand for this."""
        self._segments[value].setChecked(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the ground."""
        palette = self.palette()
        window, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mixed(window, text, _GROUND_SHARE))
        painter.drawRoundedRect(self.rect(), RADIUS_PX, RADIUS_PX)
        painter.end()

    def _on_segment_toggled(self, is_chosen: bool) -> None:
        if is_chosen:
            self._value = next(value for value, segment in self._segments.items() if segment.isChecked())
            self._lead_tab()
            self.chosen.emit(self._value)

    def _lead_tab(self) -> None:
        """Tab comes to the chosen one, from either side."""
        for segment in self._segments.values():
            policy = Qt.FocusPolicy.StrongFocus if segment.isChecked() else Qt.FocusPolicy.ClickFocus
            segment.setFocusPolicy(policy)
