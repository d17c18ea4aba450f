"""What is tried again, and when."""

from __future__ import annotations

import ssl

import pytest

from app.core.models.patience import Patience, is_busy, is_lasting


def test_waits_double_up_to_the_longest() -> None:
    patience = Patience()
    assert [patience.wait_s(attempt) for attempt in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert patience.wait_s(10_000) == 30


@pytest.mark.parametrize(("status", "expected"), [(429, True), (500, True), (503, True), (522, True), (404, False)])
def test_what_may_go_better_later(status: int, expected: bool) -> None:
    assert is_busy(status) is expected


def test_a_certificate_that_does_not_hold_is_not_asked_again() -> None:
    cause = ssl.SSLCertVerificationError("self-signed")
    outer = ConnectionError("failed")
    outer.__cause__ = cause
    assert is_lasting(outer)
    assert not is_lasting(ConnectionError("reset"))
    assert not is_lasting(ssl.SSLError("record layer failure"))
