"""What lies over the foot of the viewer: the picture's figures on the left, zoom and turns on the right."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from app.gui.contrast import mixed, readable
from app.gui.describing import describe, tip
from app.gui.focus_ring import PAINTS_OWN_FOCUS
from app.gui.look import HEADING_PX, RADIUS_PX, SMALL_PX, dim_text, hairline, paint_focus_ring, scaled_px, sized
from app.gui.wording import number

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_BETWEEN_PARTS = " · "
_PADDING_PX = 10
_GAP_PX = 8
_HEIGHT_PX = 30
_BUTTON_PX = 24
_OVER, _DOWN, _ON = 0.08, 0.16, 0.11
_OFF_TEXT = 0.5
_LEAST_WHOLE_PERCENT = 1.0


def pill_height_px() -> int:
    """Of both pills."""
    return scaled_px(_HEIGHT_PX)


def paint_pill(painter: QPainter, area: QRectF, palette: QPalette) -> None:
    """The ground of a pill."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(hairline(palette), 1))
    painter.setBrush(palette.color(QPalette.ColorRole.Window))
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)


class CaptionPill(QLabel):
    """The size in strong letters, the rest dim and shortened where it has to be."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("viewerCaption")
        self._size_text = ""
        self._detail = ""
        self._hint = self.tr("Drag the picture to another program to give it a copy; zoomed in, hold Alt.")
        if sys.platform == "darwin":
            self._hint = self.tr("Drag the picture to another program to give it a copy; zoomed in, hold Option.")

    def show_words(self, size_text: str, detail: str) -> None:
        """Says this; with no words it is not there."""
        self._size_text, self._detail = size_text, detail
        self.setText(" ".join(text for text in (size_text, detail) if text))
        self.setToolTip(tip(self.text(), self._hint))
        self.updateGeometry()

    def _fonts(self) -> tuple[QFont, QFont]:
        return sized(self.font(), SMALL_PX, QFont.Weight.DemiBold), sized(self.font(), SMALL_PX)

    def _widths(self) -> tuple[int, int]:
        strong, plain = (QFontMetrics(font) for font in self._fonts())
        return strong.horizontalAdvance(self._size_text), plain.horizontalAdvance(self._detail)

    def sizeHint(self) -> QSize:
        """As wide as the words."""
        first, second = self._widths()
        gap = _GAP_PX if first and second else 0
        return QSize(first + gap + second + 2 * _PADDING_PX + 1, pill_height_px())

    def least_width(self) -> int:
        """With the size alone."""
        return self._widths()[0] + 2 * _PADDING_PX + 1

    def width_within(self, room_px: int) -> int:
        """As wide as those of the words that fit into so many pixels."""
        strong, plain = (QFontMetrics(font) for font in self._fonts())
        first = strong.horizontalAdvance(self._size_text)
        taken = first + (_GAP_PX if first and self._detail else 0) + 2 * _PADDING_PX + 1
        return min(room_px, taken + plain.horizontalAdvance(_within(self._detail, plain, max(0, room_px - taken))))

    def minimumSizeHint(self) -> QSize:
        """Any width: words that do not fit are shortened."""
        return QSize(0, pill_height_px())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the pill and the words."""
        painter = QPainter(self)
        palette = self.palette()
        paint_pill(painter, QRectF(self.rect()), palette)
        inner = QRectF(self.rect()).adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine
        strong, plain = self._fonts()
        painter.setFont(strong)
        metrics = painter.fontMetrics()
        words = metrics.elidedText(self._size_text, Qt.TextElideMode.ElideRight, int(inner.width()) + 1)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.drawText(inner, middle, words)
        inner.setLeft(inner.left() + metrics.horizontalAdvance(words) + (_GAP_PX if words else 0))
        painter.setFont(plain)
        painter.setPen(dim_text(palette))
        painter.drawText(inner, middle, _within(self._detail, painter.fontMetrics(), int(inner.width()) + 1))
        painter.end()


def _within(detail: str, metrics: QFontMetrics, room_px: int) -> str:
    """As many of its parts as there is room for, the first of them shortened if it must be; the tool tip has all."""
    while metrics.horizontalAdvance(detail) > room_px and _BETWEEN_PARTS in detail:
        detail = detail.rpartition(_BETWEEN_PARTS)[0]
    if metrics.horizontalAdvance(detail) <= room_px:  # which rounds; shortening would not
        return detail
    return metrics.elidedText(detail, Qt.TextElideMode.ElideRight, room_px)


class PillButton(QToolButton):
    """A flat button inside a pill: words, or an arrow that turns."""

    def __init__(
        self, name: str, text: str, accessible_name: str, *, turns: int = 0, letters_px: int = SMALL_PX
    ) -> None:
        super().__init__()
        self._letters_px = letters_px
        self.setObjectName(name)
        self.setText(text)
        self.setAccessibleName(accessible_name)
        describe(self, accessible_name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty(PAINTS_OWN_FOCUS, True)
        self._turns = turns
        self.widest_text = text

    def sizeHint(self) -> QSize:
        """The widest of its words and some room around them."""
        side = scaled_px(_BUTTON_PX)
        if self._turns:
            return QSize(side, side)
        metrics = QFontMetrics(sized(self.font(), self._letters_px))
        return QSize(max(side, metrics.horizontalAdvance(self.widest_text) + _GAP_PX), side)

    def minimumSizeHint(self) -> QSize:
        """No less."""
        return self.sizeHint()

    def event(self, event: QEvent) -> bool:
        """Paints anew as the pointer comes and goes."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the ground under the pointer, the words, and a ring with the keyboard's focus."""
        palette = self.palette()
        group, role = QPalette.ColorGroup.Active, QPalette.ColorRole
        window, text = palette.color(group, role.Window), palette.color(group, role.WindowText)
        is_over = self.isEnabled() and self.underMouse()
        share = _DOWN if self.isDown() else _ON if self.isChecked() else _OVER if is_over else 0.0
        ground = mixed(window, text, share)
        ink = readable(text, (ground,)) if self.isEnabled() else mixed(window, text, _OFF_TEXT)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if share:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(QRectF(self.rect()), RADIUS_PX - 3, RADIUS_PX - 3)
        if self._turns:
            painter.save()
            self._paint_turn(painter, ink)
            painter.restore()
        else:
            painter.setFont(sized(self.font(), self._letters_px))
            painter.setPen(ink)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        if self.hasFocus():
            paint_focus_ring(painter, QRectF(self.rect()), palette, RADIUS_PX - 3)
        painter.end()

    def _paint_turn(self, painter: QPainter, ink: QColor) -> None:
        side = float(scaled_px(12))
        painter.translate(QRectF(self.rect()).center())
        painter.scale(self._turns, 1)
        pen = QPen(ink, max(1.2, side / 9))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(QRectF(-side / 2, -side / 2, side, side), 20 * 16, 280 * 16)
        tip = QPointF(side / 2, -side * 0.02)
        painter.setBrush(ink)
        painter.setPen(Qt.PenStyle.NoPen)
        head = side * 0.3
        painter.drawPolygon(QPolygonF([tip, tip + QPointF(-head, -head * 0.95), tip + QPointF(head * 0.7, -head)]))


class ZoomPill(QWidget):
    """Smaller, how large, larger, all of it; and two turns where there is room."""

    zoom_in_wanted = Signal()
    zoom_out_wanted = Signal()
    fit_wanted = Signal()
    actual_size_wanted = Signal()
    turn_wanted = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("zoomPill")
        self.zoom_out = PillButton("zoomOutButton", "−", self.tr("Zoom out"), letters_px=HEADING_PX)
        self.actual_size = PillButton("actualSizeButton", "100 %", self.tr("Actual size"))
        self.actual_size.widest_text = "3,200 %"
        self.zoom_in = PillButton("zoomInButton", "+", self.tr("Zoom in"), letters_px=HEADING_PX)
        self.fit = PillButton("zoomFitButton", self.tr("Fit"), self.tr("Fit"))
        self.fit.setCheckable(True)
        self.turn_left = PillButton("rotateLeftButton", "", self.tr("Turn left"), turns=-1)
        self.turn_right = PillButton("rotateRightButton", "", self.tr("Turn right"), turns=1)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 3, 4, 3)
        self._row.setSpacing(0)
        for button in self.buttons:
            self._row.addWidget(button)
        self.zoom_in.clicked.connect(self.zoom_in_wanted)
        self.zoom_out.clicked.connect(self.zoom_out_wanted)
        self.fit.clicked.connect(self.fit_wanted)
        self.actual_size.clicked.connect(self.actual_size_wanted)
        self.turn_left.clicked.connect(self._on_turn_left_clicked)
        self.turn_right.clicked.connect(self._on_turn_right_clicked)

    @property
    def buttons(self) -> tuple[QToolButton, ...]:
        """All of them, from left to right."""
        return self.zoom_out, self.actual_size, self.zoom_in, self.fit, self.turn_left, self.turn_right

    def show_zoom(self, scale: float, *, is_fitted: bool, can_zoom_in: bool, can_zoom_out: bool) -> None:
        """Says how large the picture is shown."""
        self.actual_size.setText(zoom_text(scale))
        self.actual_size.setAccessibleName(self.tr("Actual size; shown at {0}").format(zoom_text(scale)))
        self.fit.setChecked(is_fitted)
        self.zoom_in.setEnabled(can_zoom_in)
        self.zoom_out.setEnabled(can_zoom_out)

    def show_tool_tips(self, tips: dict[str, str]) -> None:
        """Says what each button does, by the buttons' object names."""
        for button in self.buttons:
            if button.objectName() in tips:
                describe(button, tips[button.objectName()])

    def _width_without(self, hidden: tuple[QToolButton, ...]) -> int:
        """How wide it is without these buttons."""
        margins = self._row.contentsMargins()
        shown = (button.sizeHint().width() for button in self.buttons if button not in hidden)
        return sum(shown) + margins.left() + margins.right()

    def folded_width(self, room_px: int, *, is_low: bool = False) -> int:
        """How wide it is with what fits into so many pixels; in a low window without turns."""
        widths = [self._width_without(hidden) for hidden in self._folds[1 if is_low else 0 :]]
        return next((width for width in widths if width <= room_px), widths[-1])

    def fold(self, width_px: int) -> None:
        """Hides what does not fit, the zoom buttons last."""
        hidden = next((fold for fold in self._folds if self._width_without(fold) <= width_px), self._folds[-1])
        for button in self.buttons:
            button.setVisible(button not in hidden)

    @property
    def _folds(self) -> tuple[tuple[QToolButton, ...], ...]:
        turns = (self.turn_left, self.turn_right)
        return (), turns, (*turns, self.actual_size)

    def sizeHint(self) -> QSize:
        """With all buttons."""
        return QSize(self._width_without(()), pill_height_px())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the pill."""
        painter = QPainter(self)
        paint_pill(painter, QRectF(self.rect()), self.palette())
        painter.end()

    def _on_turn_left_clicked(self) -> None:
        self.turn_wanted.emit(-1)

    def _on_turn_right_clicked(self) -> None:
        self.turn_wanted.emit(1)


def zoom_text(scale: float) -> str:
    """``68 %``; below one per cent with one decimal."""
    percent = scale * 100
    return f"{number(percent, 0 if percent >= _LEAST_WHOLE_PERCENT else 1)} %"
