"""A person's own folders that models are looked for in: added with a dialog, left out with a button."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.gui.caption import Caption
from app.gui.describing import describe, tip
from app.gui.folder_choice import choose_folder
from app.gui.settings.settings_rows import ButtonLine, Labelled

_MAY_BREAK = "\u200b"


class ModelFolders(QWidget):
    """The folders below their label, each with its button, and a button that adds one."""

    folders_changed = Signal(object)
    """Carries a tuple of Path."""

    def __init__(self) -> None:
        super().__init__()
        self._folders: tuple[Path, ...] = ()
        self.rows: list[_FolderRow] = []
        self.add = QPushButton(self.tr("Add a Folder…"))
        describe(self.add, self.tr("Chooses a folder that is a model or holds models; nothing is copied."))
        self._list = QWidget()
        self._list_layout = QVBoxLayout(self._list)
        self._list_layout.setContentsMargins(0, 0, 0, 0)
        self._list_layout.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        meaning = self.tr("Beside the Hugging Face cache and LM Studio’s folders.")
        layout.addWidget(Labelled(self.tr("Models are also looked for in"), self._list, meaning, is_below=True))
        layout.addWidget(ButtonLine(self.add))
        self.add.clicked.connect(self._on_add_clicked)

    def show_folders(self, folders: tuple[Path, ...]) -> None:
        """Shows other folders without telling of it."""
        if folders == self._folders:
            return
        self._folders = folders
        for row in self.rows:
            self._list_layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = [_FolderRow(folder) for folder in folders]
        for row in self.rows:
            self._list_layout.addWidget(row)
            row.left_out.connect(self._on_row_left_out)
        self._list.setVisible(bool(folders))

    def _on_add_clicked(self) -> None:
        start = self._folders[-1].parent if self._folders else Path.home()
        choose_folder(self, self.tr("A Folder with Models"), start, self._on_folder_selected)

    def _on_folder_selected(self, folder: str) -> None:
        self.add.setFocus()
        self._tell((*(one for one in self._folders if one != Path(folder)), Path(folder)))

    def _on_row_left_out(self, folder: object) -> None:
        self.add.setFocus()
        self._tell(tuple(one for one in self._folders if one != folder))

    def _tell(self, folders: tuple[Path, ...]) -> None:
        if folders != self._folders:
            self.show_folders(folders)
            self.folders_changed.emit(folders)


class _FolderRow(QWidget):
    """A folder with its button."""

    left_out = Signal(object)
    """Carries the folder's Path."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        words = Caption(str(folder).replace(os.sep, f"{os.sep}{_MAY_BREAK}"))
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setToolTip(tip(str(folder)))
        words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.leave_out = QPushButton(self.tr("Leave Out"))
        self.leave_out.setAccessibleName(self.tr("Leave out {0}").format(folder))
        describe(self.leave_out, self.tr("Looks for no models there any more; the folder stays as it is."))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(words, 1)
        layout.addWidget(self.leave_out)
        self.leave_out.clicked.connect(self._on_leave_out_clicked)

    def _on_leave_out_clicked(self) -> None:
        self.left_out.emit(self._folder)
