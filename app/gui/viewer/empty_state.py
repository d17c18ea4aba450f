"""The place to begin: what to drop, inside a dashed frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPalette, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.gui.caption import Caption
from app.gui.contrast import mixed
from app.gui.describing import describe
from app.gui.flow_layout import FlowLayout
from app.gui.look import BODY_PX, TITLE_PX, canvas, scaled_px

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QResizeEvent

_MARGIN_PX = 24
_LOW_MARGIN_PX = 8
_WIDTH_PX, _HEIGHT_PX = 560, 320
_RADIUS_PX = 18
_GLYPH_PX = 52
_GLYPH_FROM_PX = 260
_KINDS_FROM_PX = 170
_LOW_SPACE_PX = 4


class EmptyState(QWidget):
    """What to do first; what has no room in a low window is left out, the buttons last."""

    def __init__(self, *, has_samples: bool) -> None:
        super().__init__()
        self._glyph = ViewfinderGlyph()
        title = Caption(self.tr("Drop pictures, videos or a folder"), TITLE_PX, QFont.Weight.DemiBold, is_dim=False)
        self._title = title
        self._kinds = Caption(self.tr("JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP, MP4, MOV, MKV, WebM, AVI"), BODY_PX)
        self.open_button = QPushButton(self.tr("Choose files…"))
        self.sample_button = QPushButton(self.tr("Try the sample picture"))
        self.sample_video_button = QPushButton(self.tr("Try the sample video"))
        describe(self.open_button, self.tr("Opens pictures and videos from this computer."))
        describe(self.sample_button, self.tr("Opens a picture that comes with the program, with a question for it."))
        describe(
            self.sample_video_button, self.tr("Opens a video that comes with the program, with a question for it.")
        )
        buttons = self._buttons = FlowLayout(is_centred=True)
        buttons.addWidget(self.open_button)
        for button in (self.sample_button, self.sample_video_button):
            if has_samples:
                buttons.addWidget(button)
            else:
                button.setParent(self)  # else it would be a window when shown
                button.hide()
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(1)
        layout.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignHCenter)
        for caption in (title, self._kinds):
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            caption.setWordWrap(True)
            caption.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            layout.addWidget(caption)
        layout.addLayout(buttons)
        layout.addStretch(1)

    def least_height_px(self, width_px: int) -> int:
        """What the title and the buttons need at this width."""
        inner_px = width_px - 2 * _LOW_SPACE_PX
        parts_px = self._title.heightForWidth(inner_px) + self._buttons.heightForWidth(inner_px)
        return parts_px + 3 * _LOW_SPACE_PX

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out what has no room."""
        super().resizeEvent(event)
        is_low = event.size().height() < scaled_px(_KINDS_FROM_PX)
        self._glyph.setVisible(event.size().height() >= scaled_px(_GLYPH_FROM_PX))
        self._kinds.setVisible(not is_low)
        layout = self.layout()
        if layout is not None:
            layout.setSpacing(_LOW_SPACE_PX if is_low else 12)
            layout.setContentsMargins(*(_LOW_SPACE_PX if is_low else 12,) * 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        painter.fillRect(self.rect(), canvas(palette))
        margin = _MARGIN_PX if self.height() >= scaled_px(_KINDS_FROM_PX) else _LOW_MARGIN_PX
        width = min(scaled_px(_WIDTH_PX), self.width() - 2 * margin)
        height = min(scaled_px(_HEIGHT_PX), self.height() - 2 * margin)
        frame = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        painter.setBrush(QColor(palette.color(QPalette.ColorRole.Window)))
        colour = mixed(canvas(palette), palette.color(QPalette.ColorRole.WindowText), 0.3)
        painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, _RADIUS_PX, _RADIUS_PX)
        painter.end()


class ViewfinderGlyph(QWidget):
    """Four corners around a circle: the program's sign, in the colour of the text."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As large as the title's letters ask for."""
        return QSize(scaled_px(_GLYPH_PX), scaled_px(_GLYPH_PX))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height())
        pen = QPen(self.palette().color(QPalette.ColorRole.WindowText), side / 20)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        middle = QPointF(self.width() / 2, self.height() / 2)
        painter.drawEllipse(middle, side * 0.21, side * 0.21)
        far, arm = side * 0.44, side * 0.19
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            corner = middle + QPointF(x * far, y * far)
            painter.drawPolyline([corner - QPointF(x * arm, 0), corner, corner - QPointF(0, y * arm)])
        painter.end()
