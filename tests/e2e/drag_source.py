"""Another program's window to drag files from: ``python drag_source.py X Y FILE...``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent


class DragSource(QLabel):
    """Hands its files out wherever a drag begins on it."""

    def __init__(self, files: list[Path]) -> None:
        super().__init__("Drag me")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._files = files

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file)) for file in self._files])
        drag = QDrag(self)
        drag.setMimeData(mime)
        taken = drag.exec(Qt.DropAction.CopyAction)
        sys.stdout.write(f"{taken.name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    application = QApplication([])
    source = DragSource([Path(word) for word in sys.argv[3:]])
    source.setGeometry(int(sys.argv[1]), int(sys.argv[2]), 120, 80)
    source.show()
    sys.stdout.write("shown\n")
    sys.stdout.flush()
    application.exec()
