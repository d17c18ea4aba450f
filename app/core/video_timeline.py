"""A video's packets by their times: which are shown when, and where decoding begins for each.

Compact, because an evening of footage has a million of them.
"""

from __future__ import annotations

import bisect
from array import array
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NEAR_PACKETS = 30
BROADCASTS = ("mpegts", "mpeg")
"""Formats of which one file may follow another within a file, its times beginning anew."""
_STEP_BACK_S = Fraction(1, 2)
_BEFORE_ALL = -(1 << 61)
_BEFORE_ANY = -(1 << 62)


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


class PacketNotes:
    """When each packet of a video is stored and shown, noted one after another in the file's order.

    Args:
        format_name: FFmpeg's name of the file's format.
        time_base: The unit of the stream's times, in seconds.
    """

    def __init__(self, format_name: str, time_base: Fraction) -> None:
        self._format = format_name
        self._step_back = round(_STEP_BACK_S / time_base)
        self._stored, self._pts = array("q"), array("q")
        self._keys, self._hidden = array("i"), array("i")
        self._shift = self._last_lasts = 0
        self._latest = _BEFORE_ANY
        self._has_stored = False
        self._has_times = self._is_one_run = True

    def add(self, packet: Any) -> None:
        """Notes PyAV's next packet."""
        number = len(self._stored)
        self._has_stored |= packet.dts is not None
        stored = self._stored_at(packet)
        self._stored.append(stored)
        # What lies before the start of a file that was cut without coding it anew has no times and is not shown.
        is_before = packet.pts is None and not self._has_stored
        if is_before:
            pts = _BEFORE_ALL + number
        else:
            pts = stored if packet.pts is None else packet.pts + self._shift
            # AVI has no times of showing: FFmpeg's guesses are wrong where frames are stored out of order.
            is_guess = self._format == "avi" and packet.pts != stored
            self._has_times &= packet.pts is not None and not is_guess
        self._pts.append(pts)
        if packet.is_keyframe and not is_before:
            self._keys.append(number)
        if packet.is_discard or is_before:
            self._hidden.append(number)
        elif pts >= self._latest:
            self._latest, self._last_lasts = pts, packet.duration or 0

    def _stored_at(self, packet: Any) -> int:
        """When it is stored, with all that came before a file within the file; else just after the one before."""
        last = self._stored[-1] if self._stored else -1
        if packet.dts is None:
            return last + 1
        if self._stored and self._format in BROADCASTS and packet.dts + self._shift < last - self._step_back:
            self._shift, self._is_one_run = last + (packet.duration or 1) - packet.dts, False
        return int(packet.dts + self._shift)

    def packets(self, *, can_seek: bool) -> Packets:
        """All that were noted.

        Args:
            can_seek: Whether times after a seek are those that were noted.
        """
        if not self._has_stored:
            return Packets(self._stored, self._keys, array("i"), self._last_lasts, False)
        pts = self._pts if self._has_times else self._stored
        is_told = self._has_times and self._is_one_run and can_seek and _are_different(pts)
        return Packets(pts, self._keys, self._hidden, self._last_lasts, is_told)


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


def _are_different(times: array[int]) -> bool:
    return len(np.unique(np.frombuffer(times, dtype=np.int64))) == len(times) > 0
