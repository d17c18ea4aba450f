"""The picture that is being looked at, on a neutral canvas; without one, the place to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from app.gui.caption import Caption
from app.gui.contrast import mixed
from app.gui.describing import describe
from app.gui.look import BODY_PX, RADIUS_PX, SMALL_PX, TITLE_PX, canvas, dim_text, hairline, scaled_px, sized
from app.gui.pixels import pixmap_within

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPaintEvent, QResizeEvent

_MARGIN_PX = 24
_PILL_SPACE_PX = 52
_LOW_PX = 240
_LOW_MARGIN_PX = 8
_MAX_ENLARGEMENT = 3.0
_EMPTY_WIDTH_PX, _EMPTY_HEIGHT_PX = 560, 320
_EMPTY_RADIUS_PX = 18


class MediaViewer(QWidget):
    """Shows one picture, or the empty state."""

    open_wanted = Signal()
    sample_wanted = Signal()

    def __init__(self, *, has_sample: bool) -> None:
        super().__init__()
        self.setObjectName("mediaViewer")
        self.setAccessibleName(self.tr("Picture"))
        self.setMinimumSize(200, 120)
        self._empty = _EmptyState(has_sample=has_sample)
        self._canvas = _Canvas()
        self._layout = QStackedLayout(self)
        self._layout.addWidget(self._empty)
        self._layout.addWidget(self._canvas)
        self._empty.open_button.clicked.connect(self.open_wanted)
        self._empty.sample_button.clicked.connect(self.sample_wanted)

    @property
    def is_empty(self) -> bool:
        """Whether there is no picture to look at."""
        return self._layout.currentWidget() is self._empty

    @property
    def caption(self) -> str:
        """What stands under the picture."""
        return " ".join(text for text in (self._canvas.size_text, self._canvas.detail) if text)

    def show_nothing(self) -> None:
        """Shows the place to begin."""
        self._canvas.image = None
        self._layout.setCurrentWidget(self._empty)

    def show_image(self, image: QImage | None) -> None:
        """Shows a picture, or an empty canvas while it is being opened."""
        self._canvas.image = image
        self._canvas.forget_scaled()
        self._layout.setCurrentWidget(self._canvas)

    def show_caption(self, size_text: str, detail: str) -> None:
        """Says under the picture how large it is and what the model will see of it."""
        self._canvas.size_text = size_text
        self._canvas.detail = detail
        self.setAccessibleDescription(f"{size_text} {detail}".strip())
        self._canvas.update()


class _Canvas(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self.size_text = ""
        self.detail = ""
        self._scaled: QPixmap | None = None
        self._scaled_for: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def forget_scaled(self) -> None:
        self._scaled = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), canvas(self.palette()))
        if self.image is not None:
            self._paint_image(painter, self.image)
        self._paint_caption(painter)
        painter.end()

    def _paint_image(self, painter: QPainter, image: QImage) -> None:
        area = QRectF(self.rect())
        if self.height() >= _LOW_PX:
            area.adjust(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_PILL_SPACE_PX)
        else:  # beside the caption instead of above it
            area.adjust(self.width() / 2, _LOW_MARGIN_PX, -_LOW_MARGIN_PX, -_LOW_MARGIN_PX)
        ratio = self.devicePixelRatioF()
        wanted = (area.width(), area.height(), ratio)
        if self._scaled is None or self._scaled_for != wanted:
            self._scaled = pixmap_within(image, area.size(), ratio, _MAX_ENLARGEMENT)
            self._scaled_for = wanted
        if self._scaled.isNull():
            return
        size = self._scaled.deviceIndependentSize()
        left = round((area.center().x() - size.width() / 2) * ratio) / ratio
        top = round((area.center().y() - size.height() / 2) * ratio) / ratio
        painter.drawPixmap(QPointF(left, top), self._scaled)

    def _paint_caption(self, painter: QPainter) -> None:
        if not self.size_text and not self.detail:
            return
        palette = self.palette()
        painter.setFont(sized(self.font(), SMALL_PX, self.font().Weight.DemiBold))
        size_width = painter.fontMetrics().horizontalAdvance(self.size_text)
        plain = sized(self.font(), SMALL_PX)
        gap = 8 if self.size_text and self.detail else 0
        painter.setFont(plain)
        metrics = painter.fontMetrics()
        room = self.width() - 2 * 12 - 2 * 10 - size_width - gap
        detail = metrics.elidedText(self.detail, Qt.TextElideMode.ElideRight, max(0, room))
        width = size_width + gap + metrics.horizontalAdvance(detail) + 2 * 10
        pill = QRectF(12, self.height() - 12 - (metrics.height() + 12), width, metrics.height() + 12)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(hairline(palette), 1))
        painter.setBrush(palette.color(QPalette.ColorRole.Window))
        painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX)
        inner = pill.adjusted(10, 0, -10, 0)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.setFont(sized(self.font(), SMALL_PX, self.font().Weight.DemiBold))
        painter.drawText(inner, middle, self.size_text)
        painter.setPen(dim_text(palette))
        painter.setFont(plain)
        painter.drawText(inner.adjusted(size_width + gap, 0, 0, 0), middle, detail)


class _EmptyState(QWidget):
    """What to do first, inside a dashed frame."""

    def __init__(self, *, has_sample: bool) -> None:
        super().__init__()
        title = Caption(self.tr("Drop pictures or a folder"), TITLE_PX, QFont.Weight.DemiBold, is_dim=False)
        self._kinds = Caption(self.tr("JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP"), BODY_PX)
        self.open_button = QPushButton(self.tr("Choose pictures…"))
        self.sample_button = QPushButton(self.tr("Try the sample picture"))
        describe(self.open_button, self.tr("Opens pictures from this computer."))
        describe(self.sample_button, self.tr("Opens a picture that comes with the program, with a question for it."))
        self.sample_button.setVisible(has_sample)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.sample_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(1)
        for caption in (title, self._kinds):
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            caption.setWordWrap(True)
            caption.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            layout.addWidget(caption)
        layout.addLayout(buttons)
        layout.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out the lesser words where there is little height."""
        super().resizeEvent(event)
        is_low = event.size().height() < scaled_px(_LOW_PX) / 1.5
        self._kinds.setVisible(not is_low)
        layout = self.layout()
        if layout is not None:
            layout.setSpacing(4 if is_low else 12)
            layout.setContentsMargins(*(4 if is_low else 12,) * 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        painter.fillRect(self.rect(), canvas(palette))
        margin = _MARGIN_PX if self._kinds.isVisible() else _LOW_MARGIN_PX
        width = min(scaled_px(_EMPTY_WIDTH_PX), self.width() - 2 * margin)
        height = min(scaled_px(_EMPTY_HEIGHT_PX), self.height() - 2 * margin)
        frame = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        ground = QColor(palette.color(QPalette.ColorRole.Window))
        painter.setBrush(ground)
        colour = mixed(canvas(palette), palette.color(QPalette.ColorRole.WindowText), 0.3)
        painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, _EMPTY_RADIUS_PX, _EMPTY_RADIUS_PX)
        painter.end()
