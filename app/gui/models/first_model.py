"""The way to a first real model: which one, one button, and how far it is; it stands where answers will stand."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton

from app.gui.caption import Caption
from app.gui.describing import describe, tip
from app.gui.look import HEADING_PX
from app.gui.models.model_words import download_size_text, progress_text
from app.gui.models.standing_card import StandingCard, line_of
from app.gui.wording import error_words, number, paragraph, spoken

if TYPE_CHECKING:
    from app.core.machine import MachineMemory
    from app.core.models.catalogue import CatalogueModel
    from app.core.models.download_state import DownloadState
    from app.core.models.fit import FitMark

_GB = 1 << 30
_BAR_STEPS = 1000
_BAR_PX = 4
_TAG = re.compile("<[^>]*>")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person without a real model is offered.

    Attributes:
        memory: What the machine can give.
        model: The one that goes best with it, or the one that is on its way; None where none fits.
        fit: How well it fits.
        name: Of the model, as it is called in the sheet.
        state: How far its download is; None where it has not begun.
        is_offline: Whether the person wants no connection.
        is_unknown: Whether what the machine can give could not be found out.
    """

    memory: MachineMemory | None = None
    model: CatalogueModel | None = None
    fit: FitMark | None = None
    name: str = ""
    state: DownloadState | None = None
    is_offline: bool = False
    is_unknown: bool = False


class FirstModel(StandingCard):
    """Shows an Offer."""

    download_wanted = Signal()
    """Also: go on, or try again."""
    pause_wanted = Signal()
    cancel_wanted = Signal()
    all_models_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("firstModel")
        self.setAccessibleName(self.tr("Get a real model"))
        self._offer = Offer()
        self._title = Caption("", HEADING_PX, QFont.Weight.DemiBold, is_dim=False)
        self._words = QLabel()
        self._bar = QProgressBar()
        self._progress = Caption()
        self._fault = QLabel()
        self.download_button = QPushButton(self.tr("Download"))
        self.pause_button = QPushButton(self.tr("Pause"))
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.all_button = QPushButton(self.tr("All models…"))
        self._note = Caption()
        self._build()
        self.download_button.clicked.connect(self.download_wanted)
        self.pause_button.clicked.connect(self.pause_wanted)
        self.cancel_button.clicked.connect(self.cancel_wanted)
        self.all_button.clicked.connect(self.all_models_wanted)

    @property
    def text(self) -> str:
        """All that it says."""
        parts = (self._title, self._words, self._progress, self._fault, self._note)
        return "\n".join(part.text() for part in parts if not part.isHidden())

    def show_offer(self, offer: Offer) -> None:
        """Says what there is to do now; the keyboard stays within as long as a button is left for it."""
        self._offer = offer
        state = offer.state
        stage = state.stage if state is not None else None
        is_moving = stage in ("waiting", "checking", "downloading", "verifying")
        is_begun = is_moving or stage == "paused"
        focused = next((button for button in self._buttons() if button.hasFocus()), None)
        is_failed = state is not None and stage == "failed"
        is_title_left_out = self.is_low and (is_begun or is_failed)
        _say(self._title, "" if is_title_left_out else self._title_words(offer, is_begun=is_begun))
        words = "" if is_begun else self._offer_words(offer)
        _say(self._words, "" if self.is_low else words)
        self._bar.setVisible(is_begun and not self.is_low)
        if state is not None:
            # Without a length the bar would show Qt's wandering piece, which is motion.
            self._bar.setValue(round(_BAR_STEPS * state.done_bytes / state.total_bytes) if state.total_bytes else 0)
        _say(self._progress, progress_text(state) if state is not None and is_begun else "")
        fault = state.error if state is not None and is_failed else None
        words_of_fault = spoken(fault.text) if fault is not None and self.is_low else error_words(fault)
        _say(self._fault, f"⚠ {words_of_fault}" if words_of_fault else "")
        self._fault.setToolTip(tip(error_words(fault)))
        self._show_buttons(offer, is_moving=is_moving, is_begun=is_begun)
        note = self.tr("Until then the demo model answers, about coloured shapes and short numbers only.")
        if offer.is_offline and not is_moving:
            note = self.tr("The settings say to work offline. Change that to download a model.")
        _say(self._note, "" if self.is_low else note)
        self.setAccessibleDescription(paragraph(unescape(_TAG.sub("", words)), note))
        if focused is not None and (focused.isHidden() or not focused.isEnabled()):
            usable = (button for button in self._buttons() if not button.isHidden() and button.isEnabled())
            next(usable).setFocus()
        self.updateGeometry()

    def show_again(self) -> None:
        """Leaves out the reasons where the window has little height."""
        self.show_offer(self._offer)

    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.download_button, self.pause_button, self.cancel_button, self.all_button

    def _title_words(self, offer: Offer, *, is_begun: bool) -> str:
        if not is_begun:
            is_named = self.is_low and offer.name
            return self.tr("Get a real model: {0}").format(offer.name) if is_named else self.tr("Get a real model")
        return self.tr("Getting {0}").format(offer.name)

    def _offer_words(self, offer: Offer) -> str:
        memory, model = offer.memory, offer.model
        if offer.is_unknown:
            return self.tr("What this computer can run could not be found out.")
        if memory is None:
            return self.tr("Looking at what this computer can run…")
        words = self.tr("This computer has {0} GB of memory.")
        if memory.kind == "cuda":
            words = self.tr("{1} has {0} GB of memory.")
        elif sys.platform == "darwin":
            words = self.tr("This Mac has {0} GB of memory.")
        said = [words.format(number(memory.total_bytes / _GB), escape(memory.name))] if memory.total_bytes else []
        if model is None:
            said.append(self.tr("No model of the list fits it well."))
        else:
            fits = self.tr("{0} fits well.") if offer.fit == "fits" else self.tr("{0} just fits.")
            said += [fits.format(f"<b>{escape(offer.name)}</b>"), escape(spoken(model.good_at))]
        return " ".join(said).replace("。 ", "。")

    def _show_buttons(self, offer: Offer, *, is_moving: bool, is_begun: bool) -> None:
        model, state = offer.model, offer.state
        if state is not None and state.stage == "paused":
            words = self.tr("Resume")
        elif state is not None and state.stage == "failed":
            words = self.tr("Try again")
        elif model is not None:
            size = download_size_text(model.download_bytes, is_measured=model.is_size_measured)
            words = self.tr("Download {0}").format(size)
        else:
            words = ""
        if words:
            self.download_button.setText(words)
        self.download_button.setVisible(bool(words) and not is_moving)
        self.download_button.setEnabled(not offer.is_offline)
        describe(self.download_button, self.tr("Gets {0} from the Hugging Face Hub.").format(offer.name))
        self.pause_button.setVisible(is_moving)
        self.cancel_button.setVisible(is_begun)

    def _build(self) -> None:
        self._fault.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bar.setRange(0, _BAR_STEPS)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(_BAR_PX)
        self._bar.setAccessibleName(self.tr("Download"))
        self._bar.setAccessibleDescription(self.tr("How far the download of the model is."))
        self.download_button.setProperty("isNextStep", True)
        describe(self.pause_button, self.tr("Interrupts the download; what has come stays."))
        describe(self.cancel_button, self.tr("Ends the download and drops what has come of it."))
        describe(self.all_button, self.tr("Opens the list of all models."))
        buttons = line_of(*self._buttons())
        self.lay_out((self._title, self._words, self._bar, self._progress, self._fault, buttons, self._note))
        self._words.setTextFormat(Qt.TextFormat.RichText)


def _say(label: QLabel, words: str) -> None:
    """Shows words, or nothing; a label that says what it said is left alone."""
    if label.text() != words:
        label.setText(words)
    label.setVisible(bool(words))
