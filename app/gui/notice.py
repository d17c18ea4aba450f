"""An error where it happened: what, what to do, and the next step; it covers nothing and waits to be closed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Sentence
from app.gui.announcing import announce
from app.gui.caption import Caption
from app.gui.describing import describe, tip
from app.gui.flow_layout import FlowLayout
from app.gui.look import BODY_PX, RADIUS_PX, STATE_RED, scaled_px, state_colour
from app.gui.wording import number, paragraph, spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent

    from app.core.errors import ErrorText

_MAX_FOLDED = 3
_ANNOUNCE_AFTER_MS = 150
_MAX_UNFOLDED = 200
_LONGEST_VALUE = 60
_SHORT_WORD_PX, _LONG_WORD_PX, _BESIDE_WORDS_PX = 190, 260, 120
_LIST_PX, _LOW_LIST_PX = 132, 60
_LONG_WORD = re.compile("[^\\s\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef]{16,}")
"""Such as a path; Chinese, Japanese and Korean lines may end behind any letter."""


class Notice(QWidget):
    """Shows the newest errors of one place; hidden without any."""

    report_wanted = Signal(object)
    """Carries the errors that stand here, a tuple of ErrorText."""
    retry_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._errors: list[ErrorText] = []
        self._unannounced: list[ErrorText] = []
        self._announce_timer = QTimer(self)
        self._announce_timer.setSingleShot(True)
        self._announce_timer.setInterval(_ANNOUNCE_AFTER_MS)
        self._announce_timer.timeout.connect(self._announce)
        self._can_retry = False
        self._is_low = False
        self._text = QLabel()
        self._hint = Caption(pixels=BODY_PX)
        self._all = QPlainTextEdit()
        self._buttons = QWidget()
        self.retry_button = QPushButton(self.tr("Try again"))
        self.report_button = QPushButton(self.tr("Copy report"))
        self.more_button = QToolButton()
        self.close_button = QToolButton()
        self._build()
        self.close_button.clicked.connect(self.clear)
        self.report_button.clicked.connect(self._on_report_button_clicked)
        self.retry_button.clicked.connect(self.retry_wanted)
        self.more_button.toggled.connect(self._on_more_button_toggled)
        self.hide()

    @property
    def text(self) -> str:
        """What is being said, or empty."""
        if self.isHidden():
            return ""
        return self._all.toPlainText() if self._is_unfolded else f"{self._text.text()} {self._hint.text()}".strip()

    @property
    def errors(self) -> tuple[ErrorText, ...]:
        """The errors that stand here."""
        return tuple(self._errors)

    def show_errors(self, errors: Sequence[ErrorText], *, can_retry: bool = False) -> None:
        """Says these errors, together with those that still stand here."""
        new = [error for error in dict.fromkeys(errors) if error not in self._errors]
        self._errors += new
        self._can_retry = can_retry
        self._show()
        if new:
            self._unannounced += new
            self._announce_timer.start()

    def show_error(self, error: ErrorText, *, can_retry: bool = False) -> None:
        """Says this error alone."""
        self._errors = []
        self.show_errors((error,), can_retry=can_retry)

    def clear(self) -> None:
        """Says nothing any more."""
        focus = QApplication.focusWidget()  # the notice's own tells what had the keyboard here once
        if focus is not None and self.isAncestorOf(focus):
            self.focusNextChild()
        self._errors = []
        self._unannounced = []
        self._announce_timer.stop()
        self.more_button.setChecked(False)
        self.hide()

    def make_low(self, *, is_low: bool) -> None:
        """Says one error in a line, and the rest when asked, where the window has little height."""
        if is_low != self._is_low:
            self._is_low = is_low
            self._show()

    def _build(self) -> None:
        for label in (self._text, self._hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._all.setReadOnly(True)
        self._all.setTabChangesFocus(True)
        self._all.setAccessibleName(self.tr("All errors"))
        self.close_button.setText("✕")
        self.close_button.setAccessibleName(self.tr("Close this notice"))
        describe(self.close_button, self.tr("Takes the notice away, as Esc does."))
        describe(self.retry_button, self.tr("Looks for the model once more."))
        describe(self.report_button, self.tr("Copies the errors, versions and the last log lines, without file names."))
        self.more_button.setCheckable(True)
        for button in (self.more_button, self.close_button):
            button.setAutoRaise(True)
        line = FlowLayout(self._buttons)
        for push in (self.retry_button, self.report_button):
            line.addWidget(push)
        column = QVBoxLayout()
        column.setSpacing(6)
        for widget in (self._text, self._hint, self._all, self._buttons):
            column.addWidget(widget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 10, 10, 10)
        layout.setSpacing(4)
        layout.addLayout(column, 1)
        layout.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self._show()

    @property
    def _is_unfolded(self) -> bool:
        return self.more_button.isChecked()

    def _show(self) -> None:
        count, is_unfolded = len(self._errors), self._is_unfolded
        shown = self._errors[: 1 if self._is_low else _MAX_FOLDED]
        lines = [f"⚠ {self._spoken(error.text)}" for error in shown]
        if count > len(shown):
            lines.append(self.tr("… and {0} more").format(number(count - len(shown))))
        hints = list(dict.fromkeys(self._spoken(error.hint) for error in shown if error.hint))
        self._text.setText("\n".join(lines))
        self._text.setToolTip(tip(*(spoken(error.text) for error in shown)))
        self._hint.setText("\n".join(hints))
        if is_unfolded:
            every = self._errors[:_MAX_UNFOLDED]
            said = ("⚠ " + paragraph(self._spoken(error.text), self._spoken(error.hint)) for error in every)
            self._all.setPlainText("\n".join(said))
        self._all.setFixedHeight(scaled_px(_LOW_LIST_PX if self._is_low else _LIST_PX))
        self._text.setVisible(not is_unfolded)
        self._hint.setVisible(bool(hints) and not is_unfolded and not self._is_low)
        self._all.setVisible(is_unfolded)
        self._buttons.setVisible(is_unfolded or not self._is_low)
        self.retry_button.setVisible(self._can_retry)
        self.more_button.setVisible(self._is_low or count > len(shown))
        words = self.tr("Show fewer") if is_unfolded else self.tr("Show all {0}").format(number(count))
        self.more_button.setText("▴" if is_unfolded else "▾")
        self.more_button.setAccessibleName(words)
        describe(self.more_button, words)
        self.setAccessibleName(self.tr("Notice"))
        self.setVisible(bool(self._errors))
        self.setAccessibleDescription(self.text)

    def _spoken(self, text: str) -> str:
        """An error's sentence with long names shortened in the middle, so that none pushes the columns apart."""
        if isinstance(text, Sentence):
            values = {
                name: value if isinstance(value, (Sentence, int, float)) else _shortened(str(value))
                for name, value in text.values.items()
            }
            text = text.with_values(values)
        column = self.parentWidget() or self
        room_px = column.width() - scaled_px(_BESIDE_WORDS_PX)
        room_px = min(max(scaled_px(_SHORT_WORD_PX), room_px), scaled_px(_LONG_WORD_PX))
        metrics = self._text.fontMetrics()
        middle = Qt.TextElideMode.ElideMiddle
        return _LONG_WORD.sub(lambda word: metrics.elidedText(word.group(), middle, room_px), spoken(text))

    def _announce(self) -> None:
        """Says errors that came together in one breath, and of many the first."""
        new, self._unannounced = self._unannounced, []
        said = [paragraph(self._spoken(error.text), self._spoken(error.hint)) for error in new[:_MAX_FOLDED]]
        if len(new) > _MAX_FOLDED:
            said.append(self.tr("… and {0} more").format(number(len(new) - _MAX_FOLDED)))
        announce(self, paragraph(*said), is_urgent=True)

    def _on_more_button_toggled(self) -> None:
        self._show()

    def minimumSizeHint(self) -> QSize:
        """The height of its lines at the width that it has, so that none is ever squeezed."""
        least = super().minimumSizeHint()
        return QSize(least.width(), max(least.height(), self.heightForWidth(self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Counts the lines anew at another width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._show()
            self.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a card with a red edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(state_colour(STATE_RED, self.palette()), 1))
        painter.setBrush(self.palette().base())
        painter.drawRoundedRect(self.rect().adjusted(6, 3, -6, -3), RADIUS_PX, RADIUS_PX)
        painter.end()

    def _on_report_button_clicked(self) -> None:
        self.report_wanted.emit(self.errors)


def _shortened(name: str) -> str:
    half = _LONGEST_VALUE // 2
    return name if len(name) <= _LONGEST_VALUE else f"{name[: half - 1]}…{name[-half:]}"
