"""How well a colour can be told from its ground, and the nearest colour that can."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT_RATIO = 4.5
"""Least contrast of text. Source: WCAG 2.2, success criterion 1.4.3."""
SIGN_RATIO = 3.0
"""Least contrast of signs and of the focus ring. Source: WCAG 2.2, success criterion 1.4.11."""
_STEPS = 40
_LINEAR_BELOW = 0.04045


def contrast(first: QColor, second: QColor) -> float:
    """The contrast of two opaque colours, from 1 to 21. Source: WCAG 2.2, “contrast ratio”."""
    lighter, darker = sorted((_luminance(first.rgb()), _luminance(second.rgb())), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: QColor, grounds: Sequence[QColor], ratio: float = TEXT_RATIO) -> QColor:
    """The colour itself where it has this contrast on each ground, else the nearest to it on the way to black or white.

    Where no colour has it on all of them, the better of black and white.
    """
    return QColor(_readable(colour.rgb(), tuple(ground.rgb() for ground in grounds), ratio))


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """`share` of the second colour in the first."""
    return QColor.fromRgbF(
        first.redF() + (second.redF() - first.redF()) * share,
        first.greenF() + (second.greenF() - first.greenF()) * share,
        first.blueF() + (second.blueF() - first.blueF()) * share,
    )


@lru_cache(maxsize=256)
def _luminance(rgb: int) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4

    colour = QColor(rgb)
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


@lru_cache(maxsize=256)
def _readable(rgb: int, grounds: tuple[int, ...], ratio: float) -> int:
    def worst(colour: QColor) -> float:
        return min(contrast(colour, QColor(ground)) for ground in grounds)

    colour = QColor(rgb)
    end = max((QColor("black"), QColor("white")), key=worst)
    for step in range(_STEPS + 1):
        nearer = mixed(colour, end, step / _STEPS)
        nearer = QColor(nearer.rgb())
        if worst(nearer) >= ratio:
            return nearer.rgb()
    return end.rgb()
