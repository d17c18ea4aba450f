"""A table that is wider than the conversation: it stands over its place in the text and scrolls sideways by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, Qt, QUrl
from PySide6.QtGui import QHelpEvent, QTextCursor
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QTextBrowser, QTextEdit

from app.gui.answers.answer_look import TABLE, Links
from app.gui.answers.answer_tables import write_rows
from app.gui.answers.sealed_document import SealedDocument

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QWheelEvent

    from app.gui.answers.answer_leaves import Leaf
    from app.gui.answers.answer_look import AnswerLook
    from app.gui.answers.answer_tables import Columns
    from app.gui.answers.time_links import TimeLinks

_OF_THE_CONVERSATION = frozenset(
    {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End}
)


class WideTable(QTextBrowser):
    """Holds the rows; grows with them."""

    def __init__(self, conversation: QAbstractScrollArea) -> None:
        super().__init__(conversation.viewport())
        self._conversation = conversation
        self.setObjectName("wideTable")
        self.setAccessibleName(self.tr("Table"))
        self.setAccessibleDescription(self.tr("Scrolls sideways with the left and right arrow keys"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAcceptDrops(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        self._links = Links()
        self.position = 0
        self.indent_px = 0.0
        self._open_from: int | None = None

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Nothing, whatever is asked for."""
        return None

    def begin(self, columns: Columns, look: AnswerLook) -> None:
        """Empties the table."""
        self._links = look.links
        document = SealedDocument(self, look.font)
        document.setDocumentMargin(0)
        old = self.document()
        self.setDocument(document)
        if isinstance(old, SealedDocument):
            old.deleteLater()
        self.setLineWrapColumnOrWidth(round(columns.whole_px))
        self._open_from = None

    def write(self, leaf: Leaf, columns: Columns, look: AnswerLook, times: TimeLinks | None, *, is_open: bool) -> None:
        """Adds rows; those of an open leaf are taken back with the next ones."""
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        if self._open_from is not None:
            cursor.setPosition(self._open_from)
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._open_from = cursor.position() if is_open else None
        write_rows(cursor, leaf, columns, look, times, depth=0, kind=TABLE)
        cursor.endEditBlock()
        if not self.textCursor().hasSelection():
            scrolled = self.horizontalScrollBar().value()
            self.moveCursor(QTextCursor.MoveOperation.Start)
            self.horizontalScrollBar().setValue(scrolled)

    def wanted_height(self) -> int:
        """The height at which nothing is cut, with the scroll bar."""
        bar = self.horizontalScrollBar().sizeHint().height()
        return round(self.document().documentLayout().documentSize().height()) + bar + 2

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolls sideways; what goes up and down is for the conversation."""
        turned = event.angleDelta()
        is_sideways = abs(turned.x()) > abs(turned.y())
        is_shifted = bool(event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier))
        if is_sideways or is_shifted:
            bar = self.horizontalScrollBar()
            pixels = event.pixelDelta()
            step = (pixels.x() or pixels.y()) if not pixels.isNull() else (turned.x() or turned.y()) // 2
            bar.setValue(bar.value() - step)
        else:
            QCoreApplication.sendEvent(self._conversation.verticalScrollBar(), event)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right scroll; up and down are for the conversation."""
        if event.key() in _OF_THE_CONVERSATION:
            QCoreApplication.sendEvent(self._conversation, event)
            return
        super().keyPressEvent(event)

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Goes through the links, and says which one has the keyboard."""
        has_moved = super().focusNextPrevChild(is_next)
        if has_moved:
            from app.gui.answers.answer_drag import announce_link  # noqa: PLC0415 - with the first link

            announce_link(self)
        return has_moved

    def viewportEvent(self, event: QEvent) -> bool:
        """Says where a link leads when the pointer rests on it."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            from app.gui.answers.answer_drag import show_link_tip  # noqa: PLC0415 - wanted only when the pointer rests

            show_link_tip(self, event, self.anchorAt(event.pos()), self._links)
            return True
        return super().viewportEvent(event)

    def createMimeDataFromSelection(self) -> QMimeData:
        """The selected rows as Markdown."""
        from app.gui.answers.markdown_copy import selection_mime  # noqa: PLC0415 - wanted only when something is copied

        return selection_mime(self.textCursor())
