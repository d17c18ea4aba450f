"""The pills under a video: what is seen of it and which frames are taken, the range, and what should be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QWidget

from app.core.footage import clock_text
from app.gui.contrast import mixed
from app.gui.describing import describe, tip
from app.gui.focus_ring import PAINTS_OWN_FOCUS
from app.gui.look import SMALL_PX, STATE_AMBER, dim_text, paint_focus_ring, scaled_px, sized, state_colour
from app.gui.viewer.viewer_pills import PillButton, paint_pill, pill_height_px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from app.core.footage import Footage
    from app.gui.viewer.video_words import Piece

_PADDING_PX = 10
_ARROW = " ▾"
_SIGN = "⚠ "
_OVER, _DOWN = 0.06, 0.12
_DIGITS = str.maketrans("123456789", "000000000")


class FramesPill(QPushButton):
    """Says which frame is seen and what the model will see; opens the choice of frames."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("framesPill")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty(PAINTS_OWN_FOCUS, True)
        self.setAccessibleName(self.tr("Frames"))
        self._choices: Sequence[Sequence[Piece]] = ()
        self._widest: Sequence[Sequence[Sequence[Piece]]] = ()
        self._widths: tuple[int, ...] = ()
        """What each of the choices takes, whichever frame is seen."""
        self._is_warning = False

    def show_pieces(
        self, choices: Sequence[Sequence[Piece]], widest: Sequence[Sequence[Sequence[Piece]]], *, is_warning: bool
    ) -> None:
        """Shows the fullest of these words that there is room for.

        Args:
            choices: From the fullest to the shortest.
            widest: The same for the frames with the widest words, so that nothing moves from frame to frame.
            is_warning: Whether a sign stands before them.
        """
        is_other = widest != self._widest or is_warning != self._is_warning
        self._choices, self._widest, self._is_warning = choices, widest, is_warning
        if is_other:
            self._measure()
        name = self.tr("Frames: {0}").format(self.words.removeprefix(_SIGN))
        if self.accessibleName() != name:
            self.setAccessibleName(name)
        self._show_fitting()

    def width_within(self, room_px: int) -> int:
        """As wide as the fullest of the words that fit into so many pixels."""
        return next((width for width in self._widths if width <= room_px), min(self._widths, default=0))

    @property
    def words(self) -> str:
        """The fullest of them; its text is as much as there is room for."""
        return self._words(self._choices[0]) if self._choices else ""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """There may be room for more or fewer words."""
        super().resizeEvent(event)
        self._show_fitting()

    def _show_fitting(self) -> None:
        words = self._words(self._fitting())
        if words != self.text():
            self.setText(words)
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as what there is room for: where it stands it is given its width."""
        return QSize(self._width(self._fitting()), pill_height_px())

    def minimumSizeHint(self) -> QSize:
        """With the fewest."""
        return QSize(min(self._widths, default=0), pill_height_px())

    def event(self, event: QEvent) -> bool:
        """Paints anew as the pointer comes and goes."""
        if event.type() in (QEvent.Type.Enter, QEvent.Type.Leave):
            self.update()
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the pill and the words."""
        painter = QPainter(self)
        palette = QPalette(QApplication.palette())  # the style sheet gives buttons another ground
        window, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
        share = _DOWN if self.isDown() else _OVER if self.underMouse() else 0.0
        palette.setColor(QPalette.ColorRole.Window, mixed(window, text, share))
        paint_pill(painter, QRectF(self.rect()), palette)
        area = QRectF(self.rect()).adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine
        strong, plain = self._fonts()
        if self._is_warning:
            painter.setFont(plain)
            painter.setPen(state_colour(STATE_AMBER, palette))
            painter.drawText(area, middle, _SIGN)
            area.setLeft(area.left() + painter.fontMetrics().horizontalAdvance(_SIGN))
        for piece in self._fitting():
            painter.setFont(strong if piece.is_strong else plain)
            painter.setPen(text if piece.is_strong else dim_text(palette))
            painter.drawText(area, middle, piece.text)
            area.setLeft(area.left() + painter.fontMetrics().horizontalAdvance(piece.text))
        painter.setFont(plain)
        painter.setPen(dim_text(palette))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(self.rect()).adjusted(0, 0, -_PADDING_PX, 0), right, _ARROW.strip())
        if self.hasFocus():
            paint_focus_ring(painter, QRectF(self.rect()), palette)
        painter.end()

    def _fitting(self) -> Sequence[Piece]:
        fitting = (choice for choice, width in zip(self._choices, self._widths, strict=True) if width <= self.width())
        return next(fitting, self._choices[-1] if self._choices else ())

    def _measure(self) -> None:
        self._widths = tuple(max(self._width(pieces) for pieces in same) for same in zip(*self._widest, strict=True))

    def _fonts(self) -> tuple[QFont, QFont]:
        return sized(self.font(), SMALL_PX, QFont.Weight.DemiBold), sized(self.font(), SMALL_PX)

    def _width(self, pieces: Sequence[Piece]) -> int:
        strong, plain = (QFontMetrics(font) for font in self._fonts())
        words = sum(
            (strong if piece.is_strong else plain).horizontalAdvance(piece.text.translate(_DIGITS)) for piece in pieces
        )
        sign = plain.horizontalAdvance(_SIGN) if self._is_warning else 0
        return sign + words + plain.horizontalAdvance(_ARROW) + 2 * _PADDING_PX + 1

    def _words(self, pieces: Sequence[Piece]) -> str:
        return (_SIGN if self._is_warning else "") + "".join(piece.text for piece in pieces)


class ButtonPill(QWidget):
    """Flat buttons side by side."""

    def __init__(self, name: str, *buttons: PillButton) -> None:
        super().__init__()
        self.setObjectName(name)
        self._buttons = buttons
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(0)
        for button in buttons:
            row.addWidget(button)

    def sizeHint(self) -> QSize:
        """Its buttons."""
        return QSize(sum(button.sizeHint().width() for button in self._buttons) + 8, pill_height_px())

    def minimumSizeHint(self) -> QSize:
        """No less."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the pill."""
        painter = QPainter(self)
        paint_pill(painter, QRectF(self.rect()), self.palette())
        painter.end()


class RangePill(ButtonPill):
    """Where the range begins and ends; each button sets it at the frame that is seen."""

    begin_wanted = Signal()
    end_wanted = Signal()
    clear_wanted = Signal()

    def __init__(self) -> None:
        self.begin = PillButton("rangeInButton", "", self.tr("Begin the range here"))
        self.end = PillButton("rangeOutButton", "", self.tr("End the range here"))
        self.clear = PillButton("rangeClearButton", "×", self.tr("Take the whole video"))
        super().__init__("rangePill", self.begin, self.end, self.clear)
        self.begin.clicked.connect(self.begin_wanted)
        self.end.clicked.connect(self.end_wanted)
        self.clear.clicked.connect(self.clear_wanted)

    def show_range(self, footage: Footage, first: int | None, last: int | None) -> None:
        """Says where it begins and ends; what a person has set with tenths of seconds."""
        begin = clock_text(footage.times_s[first], 1) if first is not None else clock_text(0)
        end = clock_text(footage.times_s[last], 1) if last is not None else clock_text(footage.end_s)
        widest = clock_text(footage.end_s, 1).translate(_DIGITS)
        for button, words, time in ((self.begin, self.tr("In {0}"), begin), (self.end, self.tr("Out {0}"), end)):
            button.widest_text = words.format(widest)
            button.setText(words.format(time))
            button.setAccessibleName(f"{button.text()}. {button.accessibleDescription()}")
        self.clear.setEnabled(first is not None or last is not None)
        self.updateGeometry()

    def show_tool_tips(self, tips: dict[str, str]) -> None:
        """Says what each button does, by the buttons' object names."""
        for button in self._buttons:
            if button.objectName() in tips:
                describe(button, tips[button.objectName()])


class NotePill(QLabel):
    """One thing that should be known, in short where there is little room; the tool tip has all."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("videoNote")
        self._forms: tuple[str, ...] = ()
        self._is_warning = False

    @property
    def words(self) -> str:
        """All that should be known."""
        return self._forms[0] if self._forms else ""

    def show_note(self, words: str, short: str, *, is_warning: bool) -> None:
        """Says this, or the short form of it; with no words it is not there."""
        sign = _SIGN if is_warning else ""
        self._forms = tuple(f"{sign}{form}" for form in (words, short) if form)
        self._is_warning = is_warning
        self.setToolTip(tip(self.words))
        self._show_fitting()

    def least_width(self, short: str) -> int:
        """What it needs for its short form; nothing where there is none, as other words may be cut."""
        return self._width(_SIGN + short) if short else 0

    def width_within(self, room_px: int) -> int:
        """As wide as the words that fit into so many pixels, or as the room."""
        return next((width for width in map(self._width, self._forms) if width <= room_px), room_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """There may be room for more or fewer words."""
        super().resizeEvent(event)
        self._show_fitting()

    def _show_fitting(self) -> None:
        fitting = (form for form in self._forms if self._width(form) <= self.width())
        words = next(fitting, self._forms[-1] if self._forms else "")
        if words != self.text():
            self.setText(words)
        self.update()

    def _width(self, words: str) -> int:
        return QFontMetrics(sized(self.font(), SMALL_PX)).horizontalAdvance(words) + 2 * _PADDING_PX + 2

    def sizeHint(self) -> QSize:
        """As wide as what there is room for: where it stands it is given its width."""
        return QSize(self._width(self.text()), pill_height_px())

    def minimumSizeHint(self) -> QSize:
        """Any width."""
        return QSize(scaled_px(24), pill_height_px())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the pill and the words."""
        painter = QPainter(self)
        palette = self.palette()
        paint_pill(painter, QRectF(self.rect()), palette)
        painter.setFont(sized(self.font(), SMALL_PX))
        painter.setPen(state_colour(STATE_AMBER, palette) if self._is_warning else dim_text(palette))
        area = self.rect().adjusted(_PADDING_PX, 0, -_PADDING_PX, 0)
        words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, area.width() + 1)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        painter.end()
