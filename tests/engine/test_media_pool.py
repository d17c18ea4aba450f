from __future__ import annotations

import threading
import time
import weakref

import pytest

from app.engine.media_pool import MediaPool


def test_work_runs_and_threads_end() -> None:
    pool = MediaPool("test", 2)
    done: list[int] = []
    finished = threading.Event()
    for number in range(20):
        pool.submit(lambda number=number: done.append(number))  # type: ignore[misc]
    pool.submit(finished.set)
    assert finished.wait(5)
    assert pool.close(5)
    assert sorted(done) == list(range(20))


def test_closing_drops_what_waits_and_never_waits_for_long() -> None:
    pool = MediaPool("test", 1)
    started, release, late = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        started.set()
        release.wait(5)

    pool.submit(hold)
    pool.submit(late.set)
    assert started.wait(5)
    began = time.monotonic()
    assert not pool.close(0.05)
    assert time.monotonic() - began < 1
    release.set()
    assert pool.close(5)
    assert not late.is_set()
    pool.submit(late.set)
    assert not late.is_set()


def test_what_work_held_is_let_go_when_it_is_done() -> None:
    class Large:
        def open(self) -> None:
            """Takes no time."""

    large, gone = Large(), threading.Event()
    weakref.finalize(large, gone.set)
    pool = MediaPool("test", 1)
    pool.submit(large.open)
    del large
    assert gone.wait(5)
    assert pool.close(5)


@pytest.mark.allows_log
def test_work_that_fails_does_not_end_the_thread() -> None:
    pool = MediaPool("test", 1)
    finished = threading.Event()

    def fail() -> None:
        raise ValueError("no")

    pool.submit(fail)
    pool.submit(finished.set)
    assert finished.wait(5)
    assert pool.close(5)
