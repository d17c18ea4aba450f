"""Asks before a model is loaded that this machine may not have the memory for; it covers nothing and waits."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QPushButton

from app.gui.announcing import announce
from app.gui.caption import Caption
from app.gui.describing import describe, tip
from app.gui.look import BODY_PX, HEADING_PX
from app.gui.models.standing_card import StandingCard, line_of
from app.gui.wording import memory_text, paragraph, spoken

if TYPE_CHECKING:
    from app.core.models.checkpoint_fit import FitDoubt


class FitQuestion(StandingCard):
    """Shows a FitDoubt; hidden without one."""

    other_wanted = Signal()
    """The person looks for another model."""
    load_wanted = Signal()
    """The person wants this one all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("fitQuestion")
        self.setAccessibleName(self.tr("A question about the model"))
        self._doubt: FitDoubt | None = None
        self._fitting = ""
        self._title = Caption("", HEADING_PX, QFont.Weight.DemiBold, is_dim=False)
        self._words = Caption("", BODY_PX, is_dim=False)
        self._note = Caption(
            self.tr("Loaded all the same, the computer may become very slow, or the system may end the program.")
        )
        self.other_button = QPushButton(self.tr("Choose another model…"))
        self.load_button = QPushButton(self.tr("Load anyway"))
        self._build()
        self.other_button.clicked.connect(self.other_wanted)
        self.load_button.clicked.connect(self.load_wanted)
        self.hide()

    @property
    def text(self) -> str:
        """What is asked, or empty."""
        return "" if self.isHidden() else self.accessibleDescription()

    def show_doubt(self, doubt: FitDoubt | None, fitting: str) -> None:
        """Asks about another doubt, or nothing any more.

        Args:
            doubt: What to ask about.
            fitting: The name of a model that would fit, or empty.
        """
        is_same = doubt == self._doubt
        if is_same and fitting == self._fitting:
            return
        self._doubt, self._fitting = doubt, fitting
        self.show_again()
        if doubt is not None and not is_same:
            announce(self, self.accessibleDescription(), is_urgent=True)
        self.setVisible(doubt is not None)

    def show_again(self) -> None:
        """Asks in one line where the window has little height."""
        doubt = self._doubt
        if doubt is None:
            return
        name, reasons = spoken(doubt.name), self._reasons(doubt)
        title = self.tr("{0} is too large for this computer").format(name)
        need, usable = memory_text(doubt.need_bytes), memory_text(doubt.memory.usable_bytes)
        short = self.tr("{0} needs about {1} of memory: there is {2}").format(name, need, usable)
        self._title.setText(short if self.is_low else title)
        self._words.setText(reasons)
        self.setAccessibleDescription(paragraph(f"{title}.", reasons, self._note.text()))
        self.setToolTip(tip(reasons, self._note.text()) if self.is_low else "")
        for label in (self._words, self._note):
            label.setVisible(not self.is_low)
        self.updateGeometry()

    def _reasons(self, doubt: FitDoubt) -> str:
        need, usable = memory_text(doubt.need_bytes), memory_text(doubt.memory.usable_bytes)
        total = memory_text(doubt.memory.total_bytes, 0)
        if doubt.memory.kind == "cuda":
            words = self.tr("It needs about {0}, and the GPU has {1} of its {2} for a model.")
        elif sys.platform == "darwin":
            words = self.tr("It needs about {0}, and this Mac has {1} of its {2} for a model.")
        else:
            words = self.tr("It needs about {0}, and this computer has {1} of its {2} for a model.")
        fitting = self.tr("{0} would fit.").format(self._fitting) if self._fitting else ""
        return paragraph(words.format(need, usable, total), fitting)

    def _build(self) -> None:
        self.other_button.setProperty("isNextStep", True)
        describe(self.other_button, self.tr("Opens the list of the models that go well with this computer."))
        describe(self.load_button, self.tr("Loads this model although it needs more memory than there is."))
        buttons = line_of(self.other_button, self.load_button)
        self.lay_out((self._title, self._words, buttons, self._note))
