"""The rate of a download and the time that is left."""

from __future__ import annotations

import pytest

from app.core.models.transfer_rate import TransferRate


def fed(rate: TransferRate, bytes_per_s: float, from_s: float, to_s: float) -> None:
    now_s = from_s
    while now_s < to_s:
        now_s += 0.1
        rate.add(int(bytes_per_s / 10), now_s)


def test_a_steady_line_is_told_as_it_is_from_the_first_seconds_on() -> None:
    rate = TransferRate(100.0)
    assert rate.bytes_per_s == 0
    fed(rate, 5_000_000, 100, 101)
    assert rate.left_s(1_000_000_000) is None
    fed(rate, 5_000_000, 101, 104)
    assert rate.bytes_per_s == pytest.approx(5_000_000, rel=0.05)
    assert rate.left_s(1_000_000_000) == pytest.approx(200, rel=0.05)


def test_a_burst_does_not_shake_it_and_a_change_is_followed() -> None:
    rate = TransferRate(0.0)
    fed(rate, 1_000_000, 0, 60)
    rate.add(2_000_000, 60.1)
    assert rate.bytes_per_s < 1_250_000
    fed(rate, 4_000_000, 60.1, 100)
    assert rate.bytes_per_s == pytest.approx(4_000_000, rel=0.1)


def test_silence_counts() -> None:
    rate = TransferRate(0.0)
    fed(rate, 1_000_000, 0, 30)
    for second in range(31, 61):
        rate.add(0, float(second))
    assert rate.bytes_per_s < 100_000
    for second in range(61, 400):
        rate.add(0, float(second))
    assert rate.left_s(1_000_000) is None
