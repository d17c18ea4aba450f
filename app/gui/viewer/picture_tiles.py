"""A picture cut into tiles at the scale it is shown at, made only where they are seen and kept while it is panned.

However large the picture is, moving it only copies finished tiles to the screen. A tile that is not there yet is
painted from a small level first.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSizeF
from PySide6.QtGui import QImage, QPainter, QPixmap, QTransform

if TYPE_CHECKING:
    from typing import TypeAlias

    from app.core.picture_levels import Level, PictureLevels
    from app.gui.viewer.framing import Framing

    Strip: TypeAlias = tuple[QImage, object]
    """Rows of a picture, and the memory that they only point at."""

_TILE_PX = 256
_LEAST_KEPT = 256
_OVERVIEW_PIXELS = 1_500_000
_CRISP_ABOVE = 4.0
"""Above this scale pixels are shown as squares: who looks that closely wants to see them."""


class LevelImage:
    """One level as Qt's pictures over the strips' own memory."""

    def __init__(self, width_px: int, height_px: int, strip_rows: int, strips: list[Strip]) -> None:
        self.width_px = width_px
        self.height_px = height_px
        self._strip_rows = strip_rows
        self._strips = strips

    @classmethod
    def of_level(cls, level: Level) -> LevelImage:
        """Shows a level without copying it."""
        row_bytes = level.width_px * 3
        strips: list[Strip] = []
        for strip in level.strips:
            rows = len(strip) // row_bytes
            image = QImage(memoryview(strip), level.width_px, rows, row_bytes, QImage.Format.Format_RGB888)
            strips.append((image, strip))
        return cls(level.width_px, level.height_px, level.strip_rows, strips)

    @classmethod
    def of_image(cls, image: QImage) -> LevelImage:
        """Shows a small picture."""
        return cls(image.width(), image.height(), max(1, image.height()), [(image, None)])

    def take_strips(self) -> list[Strip]:
        """Hands over its memory, to be given back bit by bit; it cannot be painted any longer."""
        taken, self._strips = self._strips, []
        return taken

    def region(self, area: QRect) -> QImage:
        """A part of it in a copy of its own."""
        part = QImage(area.size(), QImage.Format.Format_RGB32)
        painter = QPainter(part)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        first, last = area.top() // self._strip_rows, area.bottom() // self._strip_rows
        for number in range(first, min(last + 1, len(self._strips))):
            strip_top = number * self._strip_rows
            strip = self._strips[number][0]
            rows = QRect(area.left(), area.top() - strip_top, area.width(), area.height())
            rows &= strip.rect()
            painter.drawImage(QPoint(0, strip_top + rows.top() - area.top()), strip, rows)
        painter.end()
        return part

    def image(self) -> QImage:
        """All of it."""
        return self.region(QRect(0, 0, self.width_px, self.height_px))


class LevelImages:
    """The levels of one picture, or its thumbnail until they are there."""

    def __init__(self, width_px: int, height_px: int, levels: tuple[LevelImage, ...]) -> None:
        self.width_px = width_px
        self.height_px = height_px
        self.levels = levels

    @classmethod
    def of(cls, levels: PictureLevels) -> LevelImages:
        """What the engine opened."""
        images = tuple(LevelImage.of_level(level) for level in levels.levels)
        return cls(levels.source_width_px, levels.source_height_px, images)

    @classmethod
    def of_thumbnail(cls, image: QImage, width_px: int, height_px: int) -> LevelImages:
        """A thumbnail in the place of the picture of this size."""
        return cls(width_px or image.width(), height_px or image.height(), (LevelImage.of_image(image),))

    @property
    def largest_scale(self) -> float:
        """Pixels that are here for each of the original's."""
        return self.levels[0].width_px / self.width_px

    def take_strips(self) -> list[Strip]:
        """Hands over the memory of all levels, to be given back bit by bit."""
        return [strip for level in self.levels for strip in level.take_strips()]

    def for_scale(self, scale: float) -> LevelImage:
        """The smallest level that has at least this many pixels for each of the original's."""
        fitting = [level for level in self.levels if level.width_px >= self.width_px * scale * 0.999]
        return fitting[-1] if fitting else self.levels[0]

    def within(self, max_pixels: int) -> LevelImage:
        """The largest level of at most so many pixels, or the smallest."""
        fitting = (level for level in self.levels if level.width_px * level.height_px <= max_pixels)
        return next(fitting, self.levels[-1])


class Tiles:
    """Paints a picture as it is framed; finished tiles are kept until picture, scale or turn change."""

    def __init__(self) -> None:
        self._images: LevelImages | None = None
        self._tiles: OrderedDict[tuple[int, int], QPixmap] = OrderedDict()
        self._made_for: tuple[object, ...] = ()
        self._overview: QPixmap | None = None

    def show(self, images: LevelImages | None) -> None:
        """Takes another picture; all tiles of the one before are given back."""
        self._images = images
        self._tiles.clear()
        self._overview = None

    def paint(self, painter: QPainter, framing: Framing, seen: QRect, budget_s: float) -> bool:
        """Paints what is seen of the picture on a painter whose unit is the device pixel.

        New tiles are made for at most about `budget_s` seconds, but at least one.

        Returns:
            Whether every tile that is seen was there: otherwise paint again soon.
        """
        if self._images is None:
            return True
        made_for = (self._images, framing.size, framing.quarter_turns)
        if made_for != self._made_for:
            self._made_for = made_for
            self._tiles.clear()
        turn = _Turn(framing)
        seen = (seen & turn.turned(QRect(0, 0, turn.width, turn.height))).normalized()
        if seen.isEmpty():
            return True
        upright = turn.upright(seen)
        columns = range(upright.left() // _TILE_PX, upright.right() // _TILE_PX + 1)
        rows = range(upright.top() // _TILE_PX, upright.bottom() // _TILE_PX + 1)
        keys = [(column, row) for row in rows for column in columns]
        until = time.perf_counter() + budget_s
        has_made = False
        is_complete = True
        for key in keys:
            area = QRect(key[0] * _TILE_PX, key[1] * _TILE_PX, _TILE_PX, _TILE_PX)
            area &= QRect(0, 0, turn.width, turn.height)
            tile = self._tiles.get(key)
            if tile is None and (not has_made or time.perf_counter() < until):
                tile = self._tiles[key] = self._make(self._images, area, turn)
                has_made = True
            if tile is None:
                self._paint_overview(painter, self._images, turn, area)
                is_complete = False
            else:
                self._tiles.move_to_end(key)
                painter.drawPixmap(turn.turned(area).topLeft(), tile)
        while len(self._tiles) > max(_LEAST_KEPT, 2 * len(keys)):
            self._tiles.popitem(last=False)
        return is_complete

    @staticmethod
    def _make(images: LevelImages, area: QRect, turn: _Turn) -> QPixmap:
        level = images.for_scale(turn.width / images.width_px)
        across, down = turn.width / level.width_px, turn.height / level.height_px
        needed = QRectF(area.x() / across, area.y() / down, area.width() / across, area.height() / down)
        source = needed.toAlignedRect().adjusted(-2, -2, 2, 2) & QRect(0, 0, level.width_px, level.height_px)
        tile = QImage(area.size(), QImage.Format.Format_RGB32)
        painter = QPainter(tile)
        is_smooth = turn.width / images.width_px <= _CRISP_ABOVE or images.largest_scale < 1
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        painter.setTransform(QTransform(across, 0, 0, down, -area.x(), -area.y()))
        painter.drawImage(source.topLeft(), level.region(source))
        painter.end()
        if turn.quarters:
            tile = tile.transformed(QTransform().rotate(90 * turn.quarters))
        return QPixmap.fromImage(tile)

    def _paint_overview(self, painter: QPainter, images: LevelImages, turn: _Turn, area: QRect) -> None:
        if self._overview is None:
            self._overview = QPixmap.fromImage(images.within(_OVERVIEW_PIXELS).image())
        across, down = self._overview.width() / turn.width, self._overview.height() / turn.height
        source = QRectF(area.x() * across, area.y() * down, area.width() * across, area.height() * down)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        centre = QRectF(turn.turned(area)).center()
        painter.translate(centre)
        painter.rotate(90 * turn.quarters)
        half = QSizeF(area.size()) / 2
        target = QRectF(QPointF(-half.width(), -half.height()), QSizeF(area.size()))
        painter.drawPixmap(target, self._overview, source)
        painter.restore()


class _Turn:
    """Between the picture as it is, at the shown scale, and as it lies on the canvas."""

    def __init__(self, framing: Framing) -> None:
        width, height = framing.size
        self.quarters = framing.quarter_turns
        self.width, self.height = (height, width) if self.quarters % 2 else (width, height)
        left, top = framing.corner
        self._to_canvas = QTransform.fromTranslate(left, top)
        if self.quarters:
            turned = QTransform().rotate(90 * self.quarters)
            bounds = turned.mapRect(QRectF(0, 0, self.width, self.height))
            self._to_canvas = turned * QTransform.fromTranslate(left - bounds.left(), top - bounds.top())
        self._to_upright = self._to_canvas.inverted()[0]

    def turned(self, area: QRect) -> QRect:
        """A part of the upright picture on the canvas."""
        return self._to_canvas.mapRect(QRectF(area)).toRect()

    def upright(self, area: QRect) -> QRect:
        """A part of the canvas on the upright picture."""
        return self._to_upright.mapRect(QRectF(area)).toRect()
