"""Another program's window to drop files on: ``python drop_target.py X Y``; prints what was dropped and how."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel


class DropTarget(QLabel):
    """Takes files as a file manager does: it would move them if it may."""

    def __init__(self) -> None:
        super().__init__("Drop here")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        may_move = bool(event.possibleActions() & Qt.DropAction.MoveAction)
        event.setDropAction(Qt.DropAction.MoveAction if may_move else Qt.DropAction.CopyAction)
        event.accept()
        files = [url.toLocalFile() for url in event.mimeData().urls()]
        sys.stdout.write(f"{event.dropAction().name} {files}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    application = QApplication([])
    target = DropTarget()
    target.setGeometry(int(sys.argv[1]), int(sys.argv[2]), 120, 80)
    target.show()
    sys.stdout.write("shown\n")
    sys.stdout.flush()
    application.exec()
