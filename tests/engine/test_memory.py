"""What is told of memory, and what is let go of."""

from __future__ import annotations

import gc
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.backend import Memory
from app.core.checkpoint import Checkpoint
from app.core.errors import ModelError
from app.core.events import (
    EngineClosed,
    LoadProgress,
    MemoryUsed,
    ModelFailed,
    ModelReady,
    ModelUnloaded,
    ViewOpened,
)
from app.engine.engine import Engine
from app.engine.memory_pressure import MemoryShort, PressureWatch
from app.engine.memory_telling import MemoryTelling
from tests.engine.engine_driver import FAKE_CHECKPOINT, EngineDriver, driven, picture, question, ready

GB = 10**9


def figures(driver: EngineDriver) -> list[int]:
    return [event.model_bytes for event in driver.events if isinstance(event, MemoryUsed)]


def test_memory_is_told_at_the_start_after_a_load_and_after_unloading() -> None:
    with ready(held_bytes=3 * GB) as driver:
        assert driver.until(MemoryUsed).model_bytes == 3 * GB
        assert driver.events[0].program_bytes > 1_000_000  # type: ignore[union-attr]
        driver.engine.unload()
        driver.until(ModelUnloaded)
        assert driver.until(MemoryUsed).model_bytes == 0
        assert figures(driver) == [0, 3 * GB, 0]


def test_memory_that_stays_the_same_is_not_told_again() -> None:
    with ready(held_bytes=GB, answers=("word " * 3000,), piece_bytes=4) as driver:
        driver.until(MemoryUsed)
        for request_id in "abc":
            driver.engine.ask(question(request_id))
            driver.end_of(request_id)
        driver.engine.unload()
        driver.until(ModelUnloaded)
        driver.until(MemoryUsed, lambda event: event.model_bytes == 0)
        assert figures(driver) == [0, GB, 0]


def test_pictures_that_are_looked_at_are_seen_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with driven() as driver:
        first = driver.until(MemoryUsed)
        monkeypatch.setattr(driver.engine._memory, "_read", lambda: first.program_bytes + GB)
        deadline = time.monotonic() + 10
        while len(figures(driver)) < 2:
            assert time.monotonic() < deadline
            driver.engine.view("v", picture(tmp_path), 10_000)
            driver.until(ViewOpened)
            time.sleep(0.02)
        told = [event for event in driver.events if isinstance(event, MemoryUsed)]
        assert told[-1].program_bytes == first.program_bytes + GB


class Growing(FakeBackend):
    """Holds a gigabyte more at every look."""

    looks = 0

    def memory(self) -> Memory:
        self.looks += 1
        return Memory(self.looks * GB)


def test_memory_is_told_while_an_answer_comes_but_not_at_every_token(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[MemoryUsed] = []
    now_s = 0.0
    monkeypatch.setattr("app.engine.memory_telling.time.monotonic", lambda: now_s)
    backend = Growing(FakeScript())
    telling = MemoryTelling(told.append, lambda: GB)
    for _ in range(1000):
        telling.look(backend)
        now_s += 0.01
    assert 18 <= len(told) <= 21
    assert backend.looks == len(told)


@pytest.mark.parametrize(("grown_bytes", "is_told"), [(49_000_000, False), (50_000_000, True), (-60_000_000, True)])
def test_only_what_a_person_would_see_is_told(grown_bytes: int, is_told: bool) -> None:
    told: list[MemoryUsed] = []
    amounts = iter((GB, GB + grown_bytes))
    telling = MemoryTelling(told.append, lambda: next(amounts))
    for _ in range(2):
        telling.look(FakeBackend(FakeScript()), is_now=True)
    assert len(told) == 1 + is_told


class Weights:
    """What a load has read so far."""


class BreaksOff(FakeBackend):
    """Its load fails in the middle; tells whether what was read until then is gone when it is told to unload."""

    read: weakref.ref[Weights] | None = None
    is_gone_at_unload = False

    def load(self, checkpoint: Checkpoint, stop: Callable[[], bool]) -> Iterator[LoadProgress]:
        weights = Weights()
        self.read = weakref.ref(weights)
        yield LoadProgress("reading_weights", 0.5)
        raise ModelError("These weights cannot be read.")

    def unload(self) -> None:
        gc.collect()
        self.is_gone_at_unload = self.read is not None and self.read() is None


def test_a_load_that_fails_leaves_nothing_behind() -> None:
    backend = BreaksOff(FakeScript())
    events: queue.SimpleQueue[object] = queue.SimpleQueue()
    engine = Engine(lambda: backend, events.put)
    engine.load(FAKE_CHECKPOINT)
    while not isinstance(events.get(timeout=10), ModelFailed):
        pass
    assert backend.is_gone_at_unload
    assert engine.close(5)


def test_unloading_waits_for_the_answer_and_the_next_load_for_it() -> None:
    with ready(answers=("One two three.",), piece_delay_s=0.01) as driver:
        driver.engine.ask(question("a"))
        driver.engine.unload()
        driver.engine.load(replace(FAKE_CHECKPOINT, model_id="other"))
        driver.engine.ask(question("b"))
        assert driver.end_of("a").outcome == "done"
        driver.until(ModelUnloaded)
        assert driver.until(ModelReady).checkpoint.model_id == "other"
        assert driver.end_of("b").outcome == "done"


class Asked:
    """Counts how often it is asked whether memory is short, and answers."""

    def __init__(self) -> None:
        self.is_short = False
        self.times = 0
        self.thread = ""
        self.told: queue.SimpleQueue[MemoryShort] = queue.SimpleQueue()

    def __call__(self) -> bool:
        self.times += 1
        self.thread = threading.current_thread().name
        return self.is_short

    def wait_for(self, times: int) -> None:
        deadline = time.monotonic() + 10
        while self.times < times:
            assert time.monotonic() < deadline
            time.sleep(0.001)


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def watch(asked: Asked) -> Iterator[PressureWatch]:
    watch = PressureWatch(asked.told.put, asked, every_s=0.001)
    yield watch
    assert watch.close(5)


def test_the_system_is_asked_only_while_it_is_watched(asked: Asked, watch: PressureWatch) -> None:
    watch.watch()
    asked.wait_for(3)
    assert asked.thread == "memory-pressure"
    watch.rest()
    asked.wait_for(asked.times)
    time.sleep(0.01)
    times = asked.times
    time.sleep(0.05)
    assert asked.times <= times + 1
    watch.watch()
    asked.wait_for(times + 3)
    assert asked.told.empty()


def test_pressure_is_told_once_for_each_watch(asked: Asked, watch: PressureWatch) -> None:
    asked.is_short = True
    watch.watch()
    assert asked.told.get(timeout=10) == MemoryShort()
    time.sleep(0.05)
    assert asked.told.empty()
    watch.watch()
    assert asked.told.get(timeout=10) == MemoryShort()


def test_pressure_that_comes_after_the_rest_is_not_told() -> None:
    told: list[MemoryShort] = []
    is_asked, may_answer = threading.Event(), threading.Event()

    def is_short() -> bool:
        is_asked.set()
        return may_answer.wait(10)

    watch = PressureWatch(told.append, is_short, every_s=0.001)
    watch.watch()
    assert is_asked.wait(10)
    watch.rest()
    may_answer.set()
    assert watch.close(5)
    assert told == []


def test_a_watch_that_never_began_closes_and_begins_no_more(asked: Asked) -> None:
    watch = PressureWatch(asked.told.put, asked, every_s=0.001)
    assert watch.close(0)
    watch.watch()
    assert watch.close(0)
    assert asked.times == 0


def test_nothing_is_told_after_the_end() -> None:
    with driven(held_bytes=GB) as driver:
        driver.engine.load(FAKE_CHECKPOINT)
        driver.until(ModelReady)
    assert isinstance(driver.events[-1], EngineClosed)
