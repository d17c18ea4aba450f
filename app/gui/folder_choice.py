"""The dialog in which a person chooses a folder; beside the window's own life, not in the middle of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtWidgets import QWidget


def choose_folder(parent: QWidget, title: str, start: Path, take: Callable[[str], None]) -> None:
    """Opens it at a folder; `take`, a QObject's method, is given the path of the one that is chosen."""
    dialog = QFileDialog(parent, title, str(start))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(take)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
