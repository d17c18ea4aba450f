"""Where models are kept: a folder that a person types or chooses, or the Hub's own place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.gui.bridge import assert_main_thread
from app.gui.describing import describe, tip
from app.gui.folder_choice import choose_folder
from app.gui.settings.fault_line import FaultLine
from app.gui.settings.settings_rows import ButtonLine, Labelled
from app.gui.wording import error_words

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from app.gui.settings.hub_errands import HubErrands, PlaceTold


_AROUND_PX = 24
"""Left and right of a field's text."""


class ModelPlace(QWidget):
    """A label, a field, what it means and what is wrong with the folder, which is looked at beside the main thread.

    What is typed or chosen holds once it was looked at and models can be kept there; else the last one stays.

    Args:
        errands: Look at the disk.
    """

    place_changed = Signal(object)
    """Carries the Path of the folder, or None for the Hub's own place."""

    def __init__(self, errands: HubErrands) -> None:
        super().__init__()
        self._errands = errands
        self._place: Path | None = None
        self._wanted: str | None = None
        """What is looked at to be taken; None where it is only looked at."""
        self._refused: str | None = None
        """What was typed and cannot be taken."""
        self._meaning = self.tr(
            "Downloads go into this folder, a Hugging Face cache. Models in the place before stay there; add that "
            "folder below to go on using them."
        )
        self.edit = _PlaceEdit()
        self.choose = QPushButton(self.tr("Choose…"))
        self.fault = FaultLine()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(Labelled(self.tr("Where models are kept"), self.edit, self._meaning, is_below=True))
        layout.addWidget(self.fault)
        layout.addWidget(ButtonLine(self.choose))
        describe(self.edit, self._meaning)
        describe(self.choose, self.tr("Chooses the folder that models are downloaded into from now on."))
        self.edit.editingFinished.connect(self.finish)
        self.edit.textEdited.connect(self._on_edit_text_edited)
        self.choose.clicked.connect(self._on_choose_clicked)
        errands.place_told.connect(self._on_errands_place_told)

    def show_place(self, place: Path | None) -> None:
        """Shows another folder without telling of it; what is being typed is left alone."""
        if place != self._place:
            self._place = place
            self.show_again()

    def show_again(self) -> None:
        """Puts the folder that holds back in the place of what was typed."""
        if self._wanted is None:
            self.edit.setText(self._text)
            self.edit.setToolTip(tip(self._text or self.edit.own or self._meaning))
            self._clear_fault()

    def look_again(self) -> None:
        """Looks whether the folder is still one: its disk may have been taken away, or be back."""
        if self._wanted is None:
            self.show_again()
            self._errands.look_at_place(self._text)

    def finish(self) -> None:
        """Has looked at what was typed, to take it or to say what is wrong with it."""
        typed = self.edit.text().strip()
        if typed in (self._wanted, self._refused):
            return
        if typed == self._text:
            if self.edit.isModified():
                self.look_again()
            return
        self._wanted = typed
        self._errands.look_at_place(typed)

    @property
    def _text(self) -> str:
        return "" if self._place is None else str(self._place)

    def _on_edit_text_edited(self) -> None:
        self._wanted = None
        self._clear_fault()

    def _clear_fault(self) -> None:
        self._refused = None
        self.fault.clear_of(self.edit, self._meaning)

    def _on_choose_clicked(self) -> None:
        start = self._place or Path(self.edit.own or Path.home())
        choose_folder(self, self.tr("Where Models Are Kept"), start, self._on_folder_selected)

    def _on_folder_selected(self, folder: str) -> None:
        self.choose.setFocus()
        self.edit.setText(folder)
        self.finish()

    def _on_errands_place_told(self, told: PlaceTold) -> None:
        assert_main_thread()
        self.edit.show_own(told.own)
        is_wanted, self._wanted = self._wanted is not None, None
        if not is_wanted and self.edit.text() != self._text:
            return  # something else is being typed
        if told.error is not None:
            self._refused = self.edit.text().strip() if is_wanted else None
            self.fault.say_of(self.edit, error_words(told.error), self._meaning)
        elif is_wanted and told.folder != self._place:
            self.show_place(told.folder)
            self.place_changed.emit(told.folder)
        else:
            self.show_again()


class _PlaceEdit(QLineEdit):
    """A field that shows, while it is empty, the Hub's own place as far as there is room for it."""

    def __init__(self) -> None:
        super().__init__()
        self.own = ""

    def show_own(self, own: str) -> None:
        """Shows another place there."""
        self.own = own
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fits the place into the new width."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fits the place when the letters grow."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        room_px = self.contentsRect().width() - _AROUND_PX
        words = self.fontMetrics().elidedText(self.own, Qt.TextElideMode.ElideMiddle, max(0, room_px))
        self.setPlaceholderText(words)
