"""An error where it happened: what, what to do, and the next step; it covers nothing and waits to be closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.look import BODY_PX, RADIUS_PX, STATE_RED, state_colour
from app.gui.wording import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QPaintEvent

    from app.core.errors import ErrorText

_MAX_SHOWN = 3


class Notice(QWidget):
    """Shows the newest errors of one place; hidden without any."""

    report_wanted = Signal(object)
    """Carries the ErrorText."""
    retry_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._errors: list[ErrorText] = []
        self._text = QLabel()
        self._hint = Caption(pixels=BODY_PX)
        self.retry_button = QPushButton(self.tr("Try again"))
        self.report_button = QPushButton(self.tr("Copy report"))
        self.close_button = QToolButton()
        self.close_button.setText("✕")
        self.close_button.setAutoRaise(True)
        self.close_button.setAccessibleName(self.tr("Close this notice"))
        describe(self.close_button, self.tr("Takes the notice away."))
        describe(self.retry_button, self.tr("Looks for the model once more."))
        describe(self.report_button, self.tr("Copies the error, versions and the last log lines."))
        for label in (self._text, self._hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.retry_button)
        buttons.addWidget(self.report_button)
        buttons.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._text)
        words.addWidget(self._hint)
        words.addLayout(buttons)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 10, 10, 10)
        layout.addLayout(words, 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.close_button.clicked.connect(self.clear)
        self.report_button.clicked.connect(self._on_report_button_clicked)
        self.retry_button.clicked.connect(self.retry_wanted)
        self.hide()

    @property
    def errors(self) -> tuple[ErrorText, ...]:
        """All errors that are being said, also those that there is no room for."""
        return tuple(self._errors)

    @property
    def text(self) -> str:
        """What is being said, or empty."""
        return "" if self.isHidden() else f"{self._text.text()} {self._hint.text()}".strip()

    def show_errors(self, errors: Sequence[ErrorText], *, can_retry: bool = False) -> None:
        """Says these errors, together with those that still stand here."""
        self._errors = list(dict.fromkeys((*self._errors, *errors)))
        lines = [f"⚠ {spoken(error.text)}" for error in self._errors[:_MAX_SHOWN]]
        if len(self._errors) > _MAX_SHOWN:
            lines.append(self.tr("… and {0} more").format(len(self._errors) - _MAX_SHOWN))
        hints = list(dict.fromkeys(spoken(error.hint) for error in self._errors if error.hint))
        self._text.setText("\n".join(lines))
        self._hint.setText("\n".join(hints[:_MAX_SHOWN]))
        self._hint.setVisible(bool(hints))
        self.retry_button.setVisible(can_retry)
        self.setAccessibleDescription(self._text.text())
        self.setVisible(bool(self._errors))

    def show_error(self, error: ErrorText, *, can_retry: bool = False) -> None:
        """Says this error alone."""
        self._errors = []
        self.show_errors((error,), can_retry=can_retry)

    def clear(self) -> None:
        """Says nothing any more."""
        self._errors = []
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a card with a red edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(state_colour(STATE_RED, self.palette()), 1))
        painter.setBrush(self.palette().base())
        painter.drawRoundedRect(self.rect().adjusted(6, 3, -6, -3), RADIUS_PX, RADIUS_PX)
        painter.end()

    def _on_report_button_clicked(self) -> None:
        for error in self._errors[:1]:
            self.report_wanted.emit(error)
