"""Where a picture lies on the canvas: fitted, or at a scale around a point. Plain arithmetic without any widget.

Lengths on the canvas are device pixels, so that at 100 % one pixel of the picture is one of the screen. Points of the
picture are in pixels of the upright original, after the turn for viewing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

GREATEST_SCALE = 32.0
_SAME = 1e-6
_LEAST_STEP = 1.15


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on the canvas."""

    left: float
    top: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True, slots=True)
class Framing:
    """How a picture lies on the canvas.

    Attributes:
        width_px: Of the picture, as turned.
        height_px: Of the picture, as turned.
        area: What is free for the picture; zoomed in, its edges can be brought this far.
        greatest_fit: The most that fitting enlarges a small picture.
        quarter_turns: To the right, 0 to 3.
        scale: Device pixels for each of the picture's, or None: it is fitted.
        centre: Which point of the picture lies in the middle of the area; not looked at while it is fitted.
    """

    width_px: int
    height_px: int
    area: Area
    greatest_fit: float = 1.0
    quarter_turns: int = 0
    scale: float | None = None
    centre: tuple[float, float] = (0.0, 0.0)

    @property
    def is_fitted(self) -> bool:
        """Whether it follows the canvas's size."""
        return self.scale is None

    @property
    def fit_scale(self) -> float:
        """The scale at which all of it is seen."""
        fit = min(self.area.width / self.width_px, self.area.height / self.height_px, self.greatest_fit)
        return max(fit, 1.0 / max(self.width_px, self.height_px))

    @property
    def shown_scale(self) -> float:
        """The scale it is shown at."""
        return self.fit_scale if self.scale is None else self.scale

    @property
    def least_scale(self) -> float:
        """Zooming out ends where all is seen, or at 100 % for a small picture."""
        return min(self.fit_scale, 1.0)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height on the canvas."""
        scale = self.shown_scale
        return max(1, round(self.width_px * scale)), max(1, round(self.height_px * scale))

    @property
    def corner(self) -> tuple[int, int]:
        """Where its upper left corner lies on the canvas."""
        width, height = self.size
        middle_x, middle_y = self.area.centre
        if self.scale is None:
            return round(middle_x - width / 2), round(middle_y - height / 2)
        x, y = self.centre
        left = _kept(middle_x - x * self.scale, width, self.area.left, self.area.width)
        return round(left), round(_kept(middle_y - y * self.scale, height, self.area.top, self.area.height))

    @property
    def can_pan(self) -> bool:
        """Whether there is more of it than the area shows."""
        width, height = self.size
        return width > self.area.width + 1 or height > self.area.height + 1

    def point_at(self, x: float, y: float) -> tuple[float, float]:
        """Which point of the picture lies there."""
        left, top = self.corner
        return (x - left) / self.shown_scale, (y - top) / self.shown_scale

    def fitted(self) -> Framing:
        """All of it."""
        return replace(self, scale=None)

    def scaled(self, scale: float, at: tuple[float, float] | None = None) -> Framing:
        """At another scale; the point of the picture at `at` stays there (None: the middle)."""
        scale = min(max(scale, self.least_scale), GREATEST_SCALE)
        if abs(scale / self.fit_scale - 1) < _SAME:
            return self.fitted()
        x, y = at if at is not None else self.area.centre
        point_x, point_y = self.point_at(x, y)
        middle_x, middle_y = self.area.centre
        centre = (point_x - (x - middle_x) / scale, point_y - (y - middle_y) / scale)
        return replace(self, scale=scale, centre=centre).settled()

    def stepped(self, steps: int, at: tuple[float, float] | None = None) -> Framing:
        """At the next larger or smaller of the usual scales: 100 %, its halves and doubles, what lies between, all."""
        stops = sorted({*(2.0 ** (power / 2) for power in range(-24, 11)), self.fit_scale})
        scale = self.shown_scale
        if steps > 0:
            return self.scaled(next((stop for stop in stops if _is_a_step(scale, stop)), GREATEST_SCALE), at)
        return self.scaled(next((stop for stop in reversed(stops) if _is_a_step(stop, scale)), 0.0), at)

    def panned(self, by_x: float, by_y: float) -> Framing:
        """Moved on the canvas, as far as there is something to see."""
        if self.scale is None:
            return self
        x, y = self.centre
        return replace(self, centre=(x - by_x / self.scale, y - by_y / self.scale)).settled()

    def in_area(self, area: Area, greatest_fit: float) -> Framing:
        """On a canvas of another size: what was in the middle stays there."""
        return replace(self, area=area, greatest_fit=greatest_fit).settled()

    def turned(self, quarter_turns: int) -> Framing:
        """Turned to the right around the middle of the area."""
        turned = self
        for _ in range(quarter_turns % 4):
            x, y = turned.centre
            turned = replace(
                turned,
                width_px=turned.height_px,
                height_px=turned.width_px,
                quarter_turns=(turned.quarter_turns + 1) % 4,
                centre=(turned.height_px - y, x),
            )
        return turned.settled()

    def settled(self) -> Framing:
        """With the centre that is really in the middle once the edges are kept, so that no way back is lost on them."""
        if self.scale is None:
            return self
        if self.scale < self.least_scale:
            return self.fitted()
        width, height = self.width_px * self.scale, self.height_px * self.scale
        middle_x, middle_y = self.area.centre
        x, y = self.centre
        left = _kept(middle_x - x * self.scale, width, self.area.left, self.area.width)
        top = _kept(middle_y - y * self.scale, height, self.area.top, self.area.height)
        return replace(self, centre=((middle_x - left) / self.scale, (middle_y - top) / self.scale))


def _kept(start: float, length: float, area_start: float, area_length: float) -> float:
    """Where something begins that shall fill the area, or lie in its middle where it is smaller."""
    if length <= area_length:
        return area_start + (area_length - length) / 2
    return min(area_start, max(start, area_start + area_length - length))


def _is_a_step(smaller: float, larger: float) -> bool:
    """Whether one is enough larger than the other to be seen as a step; to or from 100 % every bit counts."""
    return larger / smaller > (_LEAST_STEP if 1.0 not in (smaller, larger) else 1 + _SAME)


def wheel_factor(eighths_of_degrees: float) -> float:
    """How much a turn of the wheel enlarges: one notch of 15 degrees by a fifth."""
    return math.pow(1.2, eighths_of_degrees / 120)
