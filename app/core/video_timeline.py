"""A video's packets by their times: which are shown when, and where decoding begins for each.

Compact, because an evening of footage has a million of them.
"""

from __future__ import annotations

import bisect
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NEAR_PACKETS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Packets:
    """A video's packets in the file's order.

    Attributes:
        pts: When each is shown, in the stream's unit; when it is stored where that is not told.
        keys: The packets where decoding can begin, rising.
        hidden: The packets that are decoded but not shown, rising.
        last_lasts: How long the one lasts that is shown last, or 0.
        are_told: Whether the file says when each is shown, after a seek too.
    """

    pts: array[int]
    keys: array[int]
    hidden: array[int]
    last_lasts: int
    are_told: bool

    def in_order(self) -> tuple[array[int], Timeline | None]:
        """The numbers of those that are shown, in the order shown; and by time, where that is told."""
        pts = np.frombuffer(self.pts, dtype=np.int64)
        packets = np.argsort(pts, kind="stable").astype(np.intc)
        by_time = _array("i", packets)
        is_shown = np.ones(len(pts), dtype=bool)
        is_shown[np.frombuffer(self.hidden, dtype=np.intc)] = False
        order = _array("i", packets[is_shown[packets]]) if self.hidden else by_time
        if not self.are_told:
            return order, None
        rising = self.pts if np.array_equal(by_time, np.arange(len(pts))) else _array("q", pts[packets])
        return order, Timeline(self.pts, self.keys, rising, by_time)

    def keys_in(self, order: array[int]) -> array[int]:
        """Which of the frames shown, by their place, can be decoded without another one."""
        is_key = np.zeros(len(self.pts), dtype=bool)
        is_key[np.frombuffer(self.keys, dtype=np.intc)] = self.are_told
        return _array("i", np.flatnonzero(is_key[np.frombuffer(order, dtype=np.intc)]).astype(np.intc))


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """A video's packets, by number and by time.

    Attributes:
        pts: When each is shown, in the stream's unit.
        keys: The packets where decoding can begin, rising.
        rising: All times, rising.
        by_time: The packets' numbers in the order of these.
    """

    pts: array[int]
    keys: array[int]
    rising: array[int]
    by_time: array[int]

    def packet_at(self, pts: int | None) -> int | None:
        """The number of the packet that is shown at just this time, if there is one."""
        if pts is None:
            return None
        place = bisect.bisect_left(self.rising, pts)
        return self.by_time[place] if place < len(self.rising) and self.rising[place] == pts else None

    def start_for(self, packet: int) -> int:
        """The packet where decoding has to begin for this one.

        A frame that comes after a key frame in the file but before it in time needs the key frame before.
        """
        place = bisect.bisect_right(self.keys, packet) - 1
        while place > 0 and self.pts[self.keys[place]] > self.pts[packet]:
            place -= 1
        return self.keys[place] if place >= 0 else 0

    def visits(self, packets: Sequence[int]) -> list[list[int]]:
        """The wanted packets, in order, those together for which decoding begins in one place."""
        found: dict[int, list[int]] = {}
        for packet in sorted(packets):
            found.setdefault(self.start_for(packet), []).append(packet)
        return [found[first] for first in sorted(found)]

    def runs(self, packets: Sequence[int]) -> list[tuple[int, int]]:
        """What to decode for the wanted packets, from and to; small gaps are decoded: a seek empties the decoder."""
        runs: list[tuple[int, int]] = []
        for visit in self.visits(packets):
            first, last = self.start_for(visit[0]), visit[-1]
            if runs and first <= runs[-1][1] + _NEAR_PACKETS:
                runs[-1] = (runs[-1][0], max(runs[-1][1], last))
            else:
                runs.append((first, last))
        return runs


def _array(kind: str, values: NDArray[np.int64] | NDArray[np.intc]) -> array[int]:
    found = array(kind)
    found.frombytes(np.ascontiguousarray(values).tobytes())
    return found
