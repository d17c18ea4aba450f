"""Which frames of a video the model is shown: a small panel over the figures. What is chosen holds at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QPoint, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.errors import UserError
from app.core.footage import MAKERS_FRAMES_PER_S, MAX_FRAMES, MIN_FRAMES, FrameWish
from app.core.vision import FRAMES_PER_PATCH
from app.gui.announcing import announce
from app.gui.caption import Caption
from app.gui.look import BODY_PX, hairline, scaled_px
from app.gui.settings.fault_line import FaultLine, mark_faulty
from app.gui.settings.round_choice import RoundChoice
from app.gui.video_words import plan_sentence, warning_text
from app.gui.wording import error_words, number, paragraph

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from app.core.errors import ErrorText
    from app.core.footage import ClipPlan

_TYPING_PAUSE_MS = 500
_WIDTH_PX = 300
_FIELD_LETTERS = 7
_GAP_PX = 6
_LONGEST_TEXT = 20


class _WrongTypingError(Exception):
    """What was typed says nothing; the text is for the person."""


class FramesChoice(QFrame):
    """So many a second, or a number of frames; and the most tokens that all of them may cost."""

    wish_chosen = Signal(object)
    """Carries a FrameWish; of its range nothing is said."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("framesChoice")
        self.setAccessibleName(self.tr("Frames"))
        self._wish = FrameWish()
        self._anchor: QWidget | None = None
        self._title = Caption(self.tr("Frames the model sees"), BODY_PX, QFont.Weight.DemiBold, is_dim=False)
        rate = number(MAKERS_FRAMES_PER_S)
        self.automatic = RoundChoice(self.tr("Automatic, {0} a second").format(rate))
        self.by_rate = RoundChoice(self.tr("Frames a second"))
        self.by_count = RoundChoice(self.tr("Number of frames"))
        self.rate = _field("framesPerSecond", self.tr("Frames a second"), rate)
        self.count = _field("frameCount", self.tr("Number of frames"), number(MIN_FRAMES))
        self.tokens = _field("mostTokens", self.tr("Most tokens for all frames"), self.tr("no limit"))
        self.fault = FaultLine()
        self.outcome = Caption()
        self.outcome.setWordWrap(True)
        self._group = QButtonGroup(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_TYPING_PAUSE_MS)
        self._build()
        self._pause.timeout.connect(self.take)
        self._group.buttonClicked.connect(self._on_group_button_clicked)
        for field, edited in (
            (self.rate, self._on_rate_edited),
            (self.count, self._on_count_edited),
            (self.tokens, self._pause.start),
        ):
            field.textEdited.connect(edited)
            field.editingFinished.connect(self._on_field_editing_finished)

    def _build(self) -> None:
        for button, words in (
            (self.automatic, self.tr("As the model's makers have it.")),
            (self.by_rate, self.tr("From {0} to {1} frames, whatever the length.")),
            (self.by_count, self.tr("An even number from {0} to {1}, spread over the range.")),
        ):
            button.setAccessibleDescription(words.format(number(MIN_FRAMES), number(MAX_FRAMES)))
            self._group.addButton(button)
        most = Caption(self.tr("Most tokens"), BODY_PX, is_dim=False)
        most.setBuddy(self.tokens)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.automatic, 0, 0, 1, 2)
        for row, (label, field) in enumerate(
            ((self.by_rate, self.rate), (self.by_count, self.count), (most, self.tokens)), 1
        ):
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        layout = QVBoxLayout(self)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)  # that of wrapped words is too high
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addLayout(grid)
        layout.addWidget(self.fault)
        layout.addWidget(self.outcome)
        self.setFixedWidth(scaled_px(_WIDTH_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A plain ground with a line around it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
        painter.setPen(QPen(hairline(self.palette()), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    # What is shown

    def open_over(self, anchor: QWidget) -> None:
        """Opens above a part of the window, or below it where there is no room."""
        self._anchor = anchor
        self._refit()
        self.show()
        (self._group.checkedButton() or self.automatic).setFocus(Qt.FocusReason.PopupFocusReason)

    def _refit(self) -> None:
        """Makes it as high as what it says, with its foot where it is."""
        layout = self.layout()
        if layout is None or self._anchor is None:
            return
        layout.activate()
        height = layout.totalHeightForWidth(self.width())
        screen = self._anchor.screen().availableGeometry()
        place = self._anchor.mapToGlobal(QPoint(0, -height - _GAP_PX))
        if place.y() < screen.top():
            below = self._anchor.mapToGlobal(QPoint(0, self._anchor.height() + _GAP_PX)).y()
            place.setY(max(screen.top(), min(below, screen.bottom() - height)))
        place.setX(max(screen.left(), min(place.x(), screen.right() - self.width())))
        self.setGeometry(place.x(), place.y(), self.width(), height)

    def show_wish(self, wish: FrameWish, plan: ClipPlan | None, fault: ErrorText | None) -> None:
        """Shows what is wished and what comes of it; what is being typed is left alone."""
        is_new = wish != self._wish
        self._wish = wish
        if is_new or not self.isVisible():
            self._show_fields(wish)
        self.count.setPlaceholderText(number(len(plan.frame_times_s)) if plan is not None else number(MIN_FRAMES))
        if fault is not None:
            self._say_fault(error_words(fault), None)
        elif is_new or not self.isVisible():
            self._clear_fault()
        words = paragraph(plan_sentence(plan), warning_text(plan)) if plan is not None else ""
        self.outcome.setText(words)
        self.outcome.setVisible(bool(words) and self.fault.isHidden())
        if self.isVisible():
            self._refit()

    def _show_fields(self, wish: FrameWish) -> None:
        if wish.frame_count is not None:
            self.by_count.setChecked(True)
        elif wish.frames_per_s is not None:
            self.by_rate.setChecked(True)
        else:
            self.automatic.setChecked(True)
        for field, value in (
            (self.rate, wish.frames_per_s),
            (self.count, wish.frame_count),
            (self.tokens, wish.max_tokens),
        ):
            if not (field.hasFocus() and _number_in(field.text()) == value):
                field.setText("" if value is None else QLocale().toString(float(value), "g", 6))

    # What is chosen

    def take(self) -> None:
        """Takes what is chosen and typed, or says what is wrong with it."""
        self._pause.stop()
        try:
            wish = self._wished().checked()
        except _WrongTypingError as error:
            self._say_fault(str(error), self._field_of_kind())
            return
        except UserError as error:
            self._say_fault(error_words(error.said), self._field_of_kind())
            return
        self._clear_fault()
        if wish != self._wish:
            self._wish = wish
            self.wish_chosen.emit(wish)
        self._refit()

    def _wished(self) -> FrameWish:
        """What the fields say.

        Raises:
            _WrongTypingError: One of them says nothing that can be.
        """
        tokens = self._whole(self.tokens) if self.tokens.text().strip() else None
        wish = replace(self._wish, frames_per_s=None, frame_count=None, max_tokens=tokens)
        if self.by_rate.isChecked():
            rate = _number_in(self.rate.text() or self.rate.placeholderText())
            if rate is None:
                raise _WrongTypingError(self.tr("Frames a second is a number, such as 2 or 0.5."))
            return replace(wish, frames_per_s=rate)
        if self.by_count.isChecked():
            count = self._whole(self.count)
            if count % FRAMES_PER_PATCH and MIN_FRAMES <= count <= MAX_FRAMES:
                words = self.tr("The model sees frames in pairs: choose an even number, such as {0}.")
                raise _WrongTypingError(words.format(count + 1))
            return replace(wish, frame_count=count)
        return wish

    def _whole(self, field: QLineEdit) -> int:
        value = _number_in(field.text() or field.placeholderText())
        if value is None or value != int(value):
            raise _WrongTypingError(self.tr("“{0}” is a whole number.").format(field.accessibleName()))
        return int(value)

    def _field_of_kind(self) -> QLineEdit | None:
        return self.rate if self.by_rate.isChecked() else self.count if self.by_count.isChecked() else None

    def _say_fault(self, words: str, field: QLineEdit | None) -> None:
        if self.fault.isHidden():
            announce(self, words)
        self.fault.say(words)
        for other in (self.rate, self.count, self.tokens):
            mark_faulty(other, is_faulty=other is field)
        self.outcome.hide()
        if self.isVisible():
            self._refit()

    def _clear_fault(self) -> None:
        self.fault.clear()
        for field in (self.rate, self.count, self.tokens):
            mark_faulty(field, is_faulty=False)
        self.outcome.setVisible(bool(self.outcome.text()))

    def _on_group_button_clicked(self, button: QAbstractButton) -> None:
        field = self._field_of_kind()
        if field is not None:
            if not field.text():
                field.setText(field.placeholderText())
            if button.underMouse():  # arrow keys go on to the next choice
                field.setFocus(Qt.FocusReason.OtherFocusReason)
                field.selectAll()
        self.take()

    def _on_rate_edited(self) -> None:
        self.by_rate.setChecked(True)
        self._pause.start()

    def _on_count_edited(self) -> None:
        self.by_count.setChecked(True)
        self._pause.start()

    def _on_field_editing_finished(self) -> None:
        if self.isVisible() and self._pause.isActive():
            self.take()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return takes what was typed and closes; Esc closes."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take()
            if self.fault.isHidden():
                self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: object) -> None:
        """Takes what was typed last, if it can be."""
        if self._pause.isActive():
            self.take()


def _field(name: str, words: str, placeholder: str) -> QLineEdit:
    field = QLineEdit()
    field.setObjectName(name)
    field.setAccessibleName(words)
    field.setPlaceholderText(placeholder)
    field.setMaxLength(_LONGEST_TEXT)
    field.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    field.setFixedWidth(field.fontMetrics().horizontalAdvance("0") * _FIELD_LETTERS + 24)
    return field


def _number_in(text: str) -> float | None:
    value, is_number = QLocale().toDouble(text.strip())
    if not is_number:
        try:
            value = float(text)
        except ValueError:
            return None
    return value if math.isfinite(value) else None
