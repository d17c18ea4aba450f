"""The window with the licences of everything inside: the list on the left, the text on the right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QSize, Qt
from PySide6.QtGui import QFont, QFontDatabase, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.core.bundled import is_bundled
from app.gui.announcing import announce
from app.gui.answers.link_dialog import show_link
from app.gui.bridge import assert_main_thread
from app.gui.caption import Caption
from app.gui.describing import describe
from app.gui.licences.part_list import PartList
from app.gui.licences.reading import InsideTold, LicenceReading, NoticesTold, ReadPart
from app.gui.look import BODY_PX, HEADING_PX, SMALL_PX, scaled_px, sized
from app.gui.settings.fault_line import FaultLine
from app.gui.wording import error_words, number

if TYPE_CHECKING:
    from app.gui.licences.reading import LicencesEvent

_HEIGHT_PX = 620
_LIST_PX = 300
_AROUND_PX = 12 + 2 * 16
"""The handle between list and text, and the margins at both sides."""
_LINE_LETTERS = 90
"""Licences come broken into lines, few of them longer than this: broken once more they could hardly be read."""
_LEAST_PX = 160
_LET_GO_S = 5.0


class LicencesWindow(QDialog):
    """Reads what is inside when it is first shown; hidden and shown again it stays as it was. Thread: main."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("licencesWindow")
        self.setWindowTitle(self.tr("Licences"))
        self.reading = LicenceReading(self)
        self._all: tuple[ReadPart, ...] = ()
        self._folder = Path.home()
        self.filter = QLineEdit()
        self.list = PartList()
        self.name = Caption(pixels=HEADING_PX, weight=QFont.Weight.DemiBold, is_dim=False)
        self.licence = Caption()
        self.home = QPushButton(self.tr("Website…"))
        self.sources = QPushButton(self.tr("Source Code…"))
        self.text = QPlainTextEdit()
        self.state = Caption(self.tr("Looking what is inside…"), BODY_PX)
        self.fault = FaultLine()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save = self.buttons.addButton(self.tr("Save All…"), QDialogButtonBox.ButtonRole.ActionRole)
        self._describe()
        self._lay_out()
        self._connect()
        self._show_part(None)
        self.save.setEnabled(False)
        self.resize(self.whole_size().boundedTo(self.screen().availableSize()))
        self.reading.read()

    def _text_width(self) -> int:
        letters = self.text.fontMetrics().horizontalAdvance("0" * _LINE_LETTERS)
        edges = 2 * (self.text.frameWidth() + round(self.text.document().documentMargin()))
        return letters + edges + self.text.verticalScrollBar().sizeHint().width()

    def whole_size(self) -> QSize:
        """The size at which the lines of licences are whole."""
        return QSize(scaled_px(_LIST_PX + _AROUND_PX) + self._text_width(), scaled_px(_HEIGHT_PX))

    def close_reading(self) -> bool:
        """Waits for the reading to end; tells whether it did."""
        return self.reading.close(_LET_GO_S)

    def show_again(self) -> None:
        """Shows the window, in front and with the keyboard in the filter."""
        if self.isVisible():
            self.raise_()
        self.show()
        self.activateWindow()
        self.filter.setFocus()
        self.filter.selectAll()

    def _describe(self) -> None:
        self.filter.setPlaceholderText(self.tr("Name or licence"))
        self.filter.setAccessibleName(self.tr("Search what is inside"))
        self.filter.setAccessibleDescription(self.tr("Down goes to the list."))
        self.filter.setClearButtonEnabled(True)
        self.list.setAccessibleName(self.tr("What is inside"))
        self.list.setAccessibleDescription(self.tr("The licence of what is chosen here stands beside it."))
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("The licence"))
        self.text.setAccessibleDescription(self.tr("All that its makers ask to be said, and the text of the licence."))
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.setFont(sized(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont), SMALL_PX))
        describe(self.home, self.tr("Shows the address first."))
        describe(self.sources, self.tr("Where its source code is. Shows the address first."))
        describe(self.save, self.tr("Saves all of this as one text."))
        describe(self.buttons.button(QDialogButtonBox.StandardButton.Close), self.tr("Closes this window."))
        for label in (self.name, self.licence, self.state):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for button in (self.home, self.sources, self.save):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        listing, reading = QVBoxLayout(left), QVBoxLayout(right)
        for column in (listing, reading):
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(8)
        listing.addWidget(self.filter)
        listing.addWidget(self.list, 1)
        addresses = QHBoxLayout()
        addresses.setSpacing(8)
        addresses.addWidget(self.home)
        addresses.addWidget(self.sources)
        addresses.addStretch(1)
        reading.addWidget(self.name)
        reading.addWidget(self.licence)
        reading.addLayout(addresses)
        reading.addWidget(self.text, 1)
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.setChildrenCollapsible(False)
        columns.setHandleWidth(12)
        for side in (left, right):
            side.setMinimumWidth(scaled_px(_LEAST_PX))
            columns.addWidget(side)
        columns.setStretchFactor(1, 1)
        columns.setSizes([scaled_px(_LIST_PX), self._text_width()])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 12)
        whole.setSpacing(12)
        whole.addWidget(self.state)
        whole.addWidget(columns, 1)
        whole.addWidget(self.fault)
        whole.addWidget(self.buttons)

    def _connect(self) -> None:
        self.reading.told.connect(self._on_reading_told)
        self.filter.textChanged.connect(self._on_filter_text_changed)
        self.filter.installEventFilter(self)
        self.list.selectionModel().currentChanged.connect(self._on_list_current_changed)
        self.home.clicked.connect(self._on_home_clicked)
        self.sources.clicked.connect(self._on_sources_clicked)
        self.save.clicked.connect(self._on_save_clicked)
        self.buttons.rejected.connect(self.reject)
        for keys, slot in (
            (QKeySequence.StandardKey.Find, self._on_find),
            (QKeySequence.StandardKey.Close, self.reject),
            (QKeySequence.StandardKey.Save, self._on_save_clicked),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down goes from the filter to the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Down:
            self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return True
        return super().eventFilter(watched, event)

    def _on_reading_told(self, event: LicencesEvent) -> None:
        assert_main_thread()
        if event.error is not None:
            words = error_words(event.error)
            self.fault.say(words)
            announce(self, words)
            if isinstance(event, InsideTold):
                self.state.setText(self.tr("What is inside could not be read."))
            return
        self.fault.clear()
        if isinstance(event, NoticesTold):
            said = self.tr("Saved {0}").format(event.file.name)
            self.state.setText(said)
            announce(self, said)
            return
        self._all = event.parts
        self.save.setEnabled(True)
        self._list_found()

    def _list_found(self) -> None:
        words = self.filter.text().casefold().split()
        found = [read for read in self._all if all(word in _searched(read) for word in words)]
        self.list.show_parts(found)
        self._show_part(self.list.current)
        if found:
            self.state.setText(self._what_holds())
        elif self._all:
            self.state.setText(
                self.tr("Nothing inside is called “{0}” or has such a licence.").format(self.filter.text())
            )

    def _what_holds(self) -> str:
        if is_bundled():
            return self.tr(
                "{0} pieces are inside, each under its own licence. The program as a whole is passed on under the GNU"
                " General Public License, version 3 or later; the first text says why."
            ).format(number(len(self._all)))
        return self.tr(
            "{0} pieces are inside, each under its own licence; the first text says what that means."
        ).format(number(len(self._all)))

    def _show_part(self, read: ReadPart | None) -> None:
        part = read.part if read is not None else None
        self.name.setText(f"{part.name} {part.version}".strip() if part is not None else "")
        self.licence.setText(self.list.licence_words(part) if part is not None else "")
        self.home.setVisible(part is not None and part.home.startswith("http"))
        self.sources.setVisible(part is not None and part.sources.startswith("http"))
        self.text.setPlainText(read.text if read is not None else "")

    def _on_list_current_changed(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        assert_main_thread()
        self._show_part(self.list.current)

    def _on_filter_text_changed(self, _text: str) -> None:
        assert_main_thread()
        if self._all:
            self._list_found()

    def _on_find(self) -> None:
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def _on_home_clicked(self) -> None:
        assert_main_thread()
        if (read := self.list.current) is not None:
            show_link(self, read.part.home, self.tr("More about {0} is at this address:").format(read.part.name))

    def _on_sources_clicked(self) -> None:
        assert_main_thread()
        if (read := self.list.current) is not None:
            words = self.tr("The source code of {0} is at this address:").format(read.part.name)
            show_link(self, read.part.sources, words)

    def _on_save_clicked(self) -> None:
        assert_main_thread()
        if not self.save.isEnabled():
            return
        name = self.tr("Viewfinder Licences")
        suggested = str(self._folder / f"{name}.txt")
        dialog = QFileDialog(self, self.tr("Save All Licences"), suggested, self.tr("Text (*.txt)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("txt")
        dialog.selectFile(suggested)
        dialog.fileSelected.connect(self._on_file_selected)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_file_selected(self, file: str) -> None:
        assert_main_thread()
        self._folder = Path(file).parent
        self.reading.save(Path(file))


def _searched(read: ReadPart) -> str:
    part = read.part
    return f"{part.name} {part.version} {part.licence} {part.carrier}".casefold()
