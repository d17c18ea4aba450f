"""The whole body of the window as one place to drop pictures on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import QWidget

from app.gui.look import TITLE_PX, sized
from app.gui.offered import may_be_offered, read_offered

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

_MARGIN_PX = 10
_RADIUS_PX = 18


class DropZone(QWidget):
    """Takes drops anywhere over it and says during the drag what will happen."""

    media_dropped = Signal(object)
    """Carries an Offered."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dropZone")
        self.setAccessibleName(self.tr("Drop pictures here"))
        self.setAcceptDrops(True)
        self._veil = _Veil(self)

    def take_drags_of(self, window: QWidget) -> None:
        """Makes a drop on the window's other parts (toolbar, status line) the same as one here."""
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Passes drag events of the window on to this widget's own handlers."""
        if isinstance(event, QDragEnterEvent) and event.type() == QEvent.Type.DragEnter:
            self.dragEnterEvent(event)
            return True
        if isinstance(event, QDragMoveEvent) and event.type() == QEvent.Type.DragMove:
            self.dragMoveEvent(event)
            return True
        if isinstance(event, QDragLeaveEvent):
            self.dragLeaveEvent(event)
            return True
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
            self.dropEvent(event)
            return True
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Shows what a drop would do; without files or a picture there is nothing to take."""
        if not may_be_offered(event.mimeData()):
            event.ignore()
            return
        urls = event.mimeData().urls()
        is_web_only = bool(urls) and not any(url.isLocalFile() for url in urls) and not event.mimeData().hasImage()
        if is_web_only:
            text = self.tr("Web addresses are not opened: drop files instead")
        elif len(urls) > 1:
            text = self.tr("Drop to add {0} items").format(len(urls))
        else:
            text = self.tr("Drop to add")
        self._veil.show_over(self, text)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Keeps accepting what was accepted at the edge."""
        if may_be_offered(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Takes the hint away."""
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Reads what was dropped and tells it."""
        self._veil.hide()
        offered = read_offered(event.mimeData())
        if offered.is_empty:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.media_dropped.emit(offered)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the hint over everything."""
        super().resizeEvent(event)
        self._veil.resize(self.size())


class _Veil(QWidget):
    """The hint that lies over everything during a drag."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._text = ""
        self.hide()

    def show_over(self, parent: QWidget, text: str) -> None:
        self._text = text
        self.resize(parent.size())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        accent = palette.color(QPalette.ColorRole.Accent)
        ground = QColor(palette.color(QPalette.ColorRole.Window))
        ground.setAlphaF(0.9)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(accent, 2))
        frame = QRectF(self.rect()).adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX)
        painter.drawRoundedRect(frame, _RADIUS_PX, _RADIUS_PX)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.setFont(sized(self.font(), TITLE_PX))
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._text)
        painter.end()
