"""The whole body of the window as one place to drop pictures and videos on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QPainter, QPalette, QPen
from PySide6.QtWidgets import QWidget

from app.gui.announcing import announce
from app.gui.look import BODY_PX, STATE_AMBER, TITLE_PX, dim_text, hairline, sized, state_colour
from app.gui.tray.drop_words import DropWords, drop_words
from app.gui.tray.offered import Offered, may_be_offered, paths_in_text, read_offered

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

_MARGIN_PX = 10
_RADIUS_PX = 18
_GROUND_ALPHA = 0.82
_PLATE_PX = 24
_GAP_PX = 8


class DropZone(QWidget):
    """Takes drops anywhere over it and says during the drag what will happen."""

    media_dropped = Signal(object)
    """Carries an Offered."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dropZone")
        self.setAccessibleName(self.tr("Drop pictures and videos here"))
        self.setAcceptDrops(True)
        self._veil = _Veil(self)
        self._is_taking = False

    def take_drags_of(self, window: QWidget) -> None:
        """Makes a drop on the window's other parts (toolbar, status line) the same as one here."""
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        self._veil.setParent(window)

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
        words = drop_words(event.mimeData())
        self._is_taking = words is not None
        if words is None:
            event.ignore()
            return
        self._veil.show_words(words)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Keeps accepting what was accepted at the edge."""
        event.setDropAction(Qt.DropAction.CopyAction)
        event.setAccepted(self._is_taking)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Takes the hint away."""
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Reads what was dropped and tells it; what cannot be used is told with its reason."""
        self._veil.hide()
        mime = event.mimeData()
        offered = read_offered(mime) if may_be_offered(mime) else Offered(paths_in_text(mime))
        if offered.is_empty:
            event.ignore()
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.media_dropped.emit(offered)

    @property
    def hint(self) -> str:
        """What is said during a drag, or empty."""
        return "" if self._veil.isHidden() else self._veil.accessibleName()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the hint over everything."""
        super().resizeEvent(event)
        self._veil.fit()


class _Veil(QWidget):
    """The hint that lies over everything during a drag."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words = DropWords("")
        self.hide()

    def show_words(self, words: DropWords) -> None:
        self._words = words
        self.setAccessibleName(f"{words.text} {words.hint}".strip())
        self.fit()
        self.raise_()
        self.show()
        announce(self, self.accessibleName())

    def fit(self) -> None:
        covered = self.parentWidget()
        if covered is not None:
            self.resize(covered.size())

    def paintEvent(self, event: QPaintEvent) -> None:
        palette, words = self.palette(), self._words
        edge = state_colour(STATE_AMBER, palette) if words.is_refused else palette.color(QPalette.ColorRole.Accent)
        ground = QColor(palette.color(QPalette.ColorRole.Window))
        ground.setAlphaF(_GROUND_ALPHA)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), ground)
        painter.setPen(QPen(edge, 2, Qt.PenStyle.DashLine if words.is_refused else Qt.PenStyle.SolidLine))
        frame = QRectF(self.rect()).adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX)
        painter.drawRoundedRect(frame, _RADIUS_PX, _RADIUS_PX)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        room = frame.adjusted(_PLATE_PX, 0, -_PLATE_PX, 0)
        large, usual = sized(self.font(), TITLE_PX), sized(self.font(), BODY_PX)
        text = f"⚠ {words.text}" if words.is_refused else words.text
        painter.setFont(large)
        text_area = painter.boundingRect(room, flags | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setFont(usual)
        below = QRectF(room.left(), text_area.bottom() + _GAP_PX, room.width(), room.height())
        hint_area = painter.boundingRect(below, flags, words.hint) if words.hint else text_area
        painter.setPen(hairline(palette))
        painter.setBrush(palette.color(QPalette.ColorRole.Window))
        plate = text_area.united(hint_area).adjusted(-_PLATE_PX, -_PLATE_PX, _PLATE_PX, _PLATE_PX)
        painter.drawRoundedRect(plate, _RADIUS_PX, _RADIUS_PX)
        painter.setPen(dim_text(palette))
        painter.drawText(hint_area, flags, words.hint)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.setFont(large)
        painter.drawText(text_area, flags, text)
        painter.end()
