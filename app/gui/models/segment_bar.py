"""A few words side by side, of which one is chosen; on macOS the system's own control."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QTabBar

from app.gui.contrast import mixed, readable
from app.gui.look import RADIUS_PX, button_ground, hairline, scaled_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

_PADDING_PX = (14, 5)
_INSET_PX = 2
_GROUND_SHARE = 0.08


class SegmentBar(QTabBar):
    """Left and Right choose.

    Args:
        choices: The words and what each stands for.
    """

    def __init__(self, choices: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for words, value in choices:
            self.setTabData(self.addTab(words), value)

    @property
    def value(self) -> str:
        """What the chosen words stand for."""
        return str(self.tabData(self.currentIndex()))

    def choose(self, value: str) -> None:
        """Chooses the words that stand for this."""
        for index in range(self.count()):
            if self.tabData(index) == value:
                self.setCurrentIndex(index)

    def tabSizeHint(self, index: int) -> QSize:
        """The words and some room around them."""
        if sys.platform == "darwin":
            return super().tabSizeHint(index)
        across, down = (scaled_px(padding) for padding in _PADDING_PX)
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.tabText(index)) + 2 * across, metrics.height() + 2 * down)

    def minimumTabSizeHint(self, index: int) -> QSize:
        """No less."""
        return self.tabSizeHint(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the words on one ground, the chosen ones raised."""
        if sys.platform == "darwin":
            super().paintEvent(event)
            return
        palette = self.palette()
        window, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
        ground = mixed(window, text, _GROUND_SHARE)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        last = self.tabRect(self.count() - 1)
        whole = QRectF(0, 0, last.right() + 1, self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(whole, RADIUS_PX, RADIUS_PX)
        for index in range(self.count()):
            area = QRectF(self.tabRect(index))
            behind = ground
            if index == self.currentIndex():
                behind = button_ground(palette)
                painter.setPen(QPen(hairline(palette), 1))
                painter.setBrush(behind)
                inset = _INSET_PX + 0.5
                painter.drawRoundedRect(area.adjusted(inset, inset, -inset, -inset), RADIUS_PX - 2, RADIUS_PX - 2)
            painter.setPen(readable(text, (behind,)))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.tabText(index))
        painter.end()
