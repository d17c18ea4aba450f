"""A row of widgets that goes on in a next line where the width is too small for it."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Lays widgets out like words: in lines from the side where reading begins, or in the middle.

    Args:
        parent: The widget that it lays out.
        spacing_px: Between widgets and between lines.
        is_centred: Whether lines stand in the middle.
    """

    def __init__(self, parent: QWidget | None = None, *, spacing_px: int = 8, is_centred: bool = False) -> None:
        super().__init__(parent)
        self._is_centred = is_centred
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(QMargins())
        self.setSpacing(spacing_px)

    def addItem(self, item: QLayoutItem, /) -> None:
        """Takes one more item to the end."""
        self._items.append(item)

    def count(self) -> int:
        """How many items there are."""
        return len(self._items)

    def itemAt(self, index: int, /) -> QLayoutItem | None:
        """The item at a place, or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int, /) -> QLayoutItem | None:
        """Takes the item at a place out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Wants no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int, /) -> int:
        """The height of all lines at this width."""
        return self._flow(QRect(0, 0, width, 0), is_placing=False)

    def setGeometry(self, rect: QRect, /) -> None:
        """Places the widgets."""
        super().setGeometry(rect)
        self._flow(rect, is_placing=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        sizes = [item.sizeHint() for item in self._shown()]
        width = sum(size.width() for size in sizes) + self.spacing() * max(0, len(sizes) - 1)
        return self._with_margins(QSize(width, max((size.height() for size in sizes), default=0)))

    def minimumSize(self) -> QSize:
        """One below the other."""
        size = QSize()
        for item in self._shown():
            size = size.expandedTo(item.minimumSize())
        return self._with_margins(size)

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _with_margins(self, size: QSize) -> QSize:
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _lines(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        lines: list[list[tuple[QLayoutItem, QSize]]] = []
        x = 0
        for item in self._shown():
            size = item.sizeHint()
            size = size.boundedTo(QSize(max(1, width), size.height()))
            if not lines or x + size.width() > width:
                lines.append([])
                x = 0
            lines[-1].append((item, size))
            x += size.width() + self.spacing()
        return lines

    def _flow(self, rect: QRect, *, is_placing: bool) -> int:
        inner = rect.marginsRemoved(self.contentsMargins())
        parent = self.parentWidget()
        is_mirrored = parent is not None and parent.layoutDirection() == Qt.LayoutDirection.RightToLeft
        y = 0
        for number, line in enumerate(self._lines(inner.width())):
            y += self.spacing() if number else 0
            free = inner.width() - sum(size.width() for _, size in line) - self.spacing() * (len(line) - 1)
            x = max(0, free // 2) if self._is_centred else 0
            for item, size in line:
                if is_placing:
                    place = QRect(inner.left() + x, inner.top() + y, size.width(), size.height())
                    item.setGeometry(_mirrored(place, inner) if is_mirrored else place)
                x += size.width() + self.spacing()
            y += max(size.height() for _, size in line)
        margins = self.contentsMargins()
        return y + margins.top() + margins.bottom()


def _mirrored(place: QRect, inner: QRect) -> QRect:
    return QRect(inner.left() + inner.right() - place.right(), place.top(), place.width(), place.height())
