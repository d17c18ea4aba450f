from __future__ import annotations

import queue
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from app.backends.fake_backend import FakeBackend, FakeScript
from app.core.backend import Abilities
from app.core.clips import ClipSource
from app.core.errors import EngineError, UserError
from app.core.events import (
    EngineClosed,
    EngineEvent,
    ModelFailed,
    ModelLoading,
    ModelReady,
    ModelUnloaded,
    Started,
    TextPiece,
    ViewFailed,
)
from app.core.models.adapter import Adapter
from app.core.pictures import PictureSource
from app.core.requests import Turn
from app.engine.engine import Engine
from tests.clips_made import numbered, write_video
from tests.engine.engine_driver import FAKE_CHECKPOINT, EngineDriver, driven, picture, question, ready


def test_loading_is_told_step_by_step() -> None:
    with driven() as driver:
        driver.engine.load(FAKE_CHECKPOINT)
        event = driver.until(ModelReady)
        assert (event.backend, event.checkpoint) == ("fake", FAKE_CHECKPOINT)
        stages = [event.progress.stage for event in driver.events if isinstance(event, ModelLoading)]
        assert stages == ["importing_runtime", "reading_weights", "warming_up"]


def test_an_answer_streams_and_ends_once(tmp_path: Path) -> None:
    with ready(answers=("Grün ist das 星.",), piece_bytes=1) as driver:
        driver.engine.ask(question("a", sources=(picture(tmp_path),)))
        assert driver.end_of("a").outcome == "done"
        assert driver.text_of("a") == "Grün ist das 星."
        started = next(event for event in driver.events if isinstance(event, Started))
        assert [opened.tokens for opened in started.pictures] == [4]
        assert started.sampling.seed is not None
        assert len(driver.ends_of("a")) == 1


def test_weights_are_quantised_only_where_the_backend_can(monkeypatch: pytest.MonkeyPatch) -> None:
    in_four = FAKE_CHECKPOINT.quantised(4)
    with driven() as driver:
        driver.engine.load(in_four)
        event = driver.until(ModelFailed)
        assert "takes weights as they are stored" in event.error.text
    monkeypatch.setattr(FakeBackend, "abilities", Abilities(weight_bits=(4,)))
    with driven() as driver:
        driver.engine.load(in_four)
        assert driver.until(ModelReady).checkpoint == in_four
        driver.engine.load(FAKE_CHECKPOINT.quantised(8))
        assert "takes weights" in driver.until(ModelFailed).error.text


def test_an_adapter_is_put_on_only_where_the_backend_can(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Adapter(Path("/loras/receipts"), "receipts", "ab" * 32, "peft", 4, ("q_proj",))
    monkeypatch.setattr(FakeBackend, "abilities", Abilities())
    with driven() as driver:
        driver.engine.load(replace(FAKE_CHECKPOINT, adapter=adapter))
        error = driver.until(ModelFailed).error
        assert error.text == "The fake backend cannot put an adapter on a model."
        assert error.hint == "Take the adapter off."


def test_the_backend_is_given_the_whole_conversation(tmp_path: Path) -> None:
    with ready() as driver:
        earlier = (Turn("First?", (), "Yes."),)
        asked = question("a", "Second?", earlier=earlier, sources=(picture(tmp_path),), system="Short.")
        driver.engine.ask(asked)
        driver.end_of("a")
        request = driver.backend.seen[0]
        assert request.turns[0] == earlier[0]
        assert (request.turns[1].question, len(request.turns[1].pictures)) == ("Second?", 1)
        assert request.system == "Short."


def test_a_given_seed_is_kept() -> None:
    with ready() as driver:
        asked = question("a")
        driver.engine.ask(replace(asked, sampling=replace(asked.sampling, seed=7)))
        assert driver.until(Started).sampling.seed == 7
        driver.end_of("a")


def test_several_questions_in_one_call_are_answered_together() -> None:
    with ready(answers=("one two three",)) as driver:
        driver.engine.ask(question("a"), question("b"))
        driver.end_of("b")
        order = [event.request_id for event in driver.events if isinstance(event, TextPiece)]
        assert order[:4] == ["a", "b", "a", "b"]
        assert len(driver.ends_of("a")) == len(driver.ends_of("b")) == 1


@pytest.mark.parametrize("delay", ["piece_delay_s", "prefill_delay_s"])
def test_a_stop_is_heard_at_once_and_the_next_question_works(delay: str) -> None:
    with ready(answers=("long " * 200,), **{delay: 0.02}) as driver:
        driver.engine.ask(question("a"))
        driver.until(Started)
        driver.engine.cancel("a")
        began = time.monotonic()
        assert driver.end_of("a").outcome == "cancelled"
        assert time.monotonic() - began < 0.5
        driver.backend.script = FakeScript(answers=("short",))
        driver.engine.load(FAKE_CHECKPOINT)
        driver.engine.ask(question("b"))
        assert driver.end_of("b").outcome == "done"
        assert driver.text_of("b") == "short"


def test_a_waiting_question_is_cancelled_at_once_and_never_begins() -> None:
    with ready(answers=("long " * 100,), piece_delay_s=0.01) as driver:
        driver.engine.ask(question("a"))
        driver.until(Started)
        driver.engine.ask(question("b"))
        driver.engine.cancel("b")
        assert driver.end_of("b").outcome == "cancelled"
        assert not driver.ends_of("a")
        driver.engine.cancel("a")
        driver.end_of("a")
        assert [request.request_id for request in driver.backend.seen] == ["a"]


def test_cancelling_what_is_unknown_or_ended_does_nothing() -> None:
    with ready() as driver:
        driver.engine.cancel("nobody")
        driver.engine.ask(question("a"))
        driver.end_of("a")
        driver.engine.cancel("a")
        driver.engine.ask(question("b"))
        driver.end_of("b")
        assert len(driver.ends_of("a")) == 1


@pytest.mark.allows_log
def test_a_fault_ends_its_question_and_not_the_thread() -> None:
    with ready(answers=("some words here",), fails_after_pieces=1) as driver:
        driver.engine.ask(question("a"))
        finished = driver.end_of("a")
        assert finished.outcome == "failed"
        assert finished.error is not None
        assert "told to fail" in finished.error.detail
        driver.backend.script = FakeScript()
        driver.engine.ask(question("b"))
        assert driver.end_of("b").outcome == "done"


def test_a_load_that_fails_is_told_and_so_is_every_question_after_it() -> None:
    with driven(fails_to_load=True) as driver:
        driver.engine.load(FAKE_CHECKPOINT)
        driver.engine.ask(question("a"))
        assert driver.until(ModelFailed).error.text == "The fake model does not load."
        finished = driver.end_of("a")
        assert finished.error is not None
        assert finished.error.text == "The fake model does not load."


def test_a_question_without_a_model_is_refused_in_words() -> None:
    with driven() as driver:
        driver.engine.ask(question("a"))
        finished = driver.end_of("a")
        assert (finished.outcome, finished.error.text if finished.error else "") == ("failed", "No model is loaded.")


def test_loading_can_be_stopped() -> None:
    with driven(load_delay_s=5.0) as driver:
        driver.engine.load(FAKE_CHECKPOINT)
        driver.until(ModelLoading)
        driver.engine.cancel_load()
        driver.until(ModelUnloaded, timeout_s=1)
        assert not driver.backend.is_loaded


def test_unloading_comes_after_what_was_asked_before() -> None:
    with ready() as driver:
        driver.engine.ask(question("a"))
        driver.engine.unload()
        driver.until(ModelUnloaded)
        assert driver.ends_of("a")[0].outcome == "done"


def test_a_picture_that_cannot_be_opened_fails_its_question_alone(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"")
    with ready() as driver:
        driver.engine.ask(question("a", sources=(PictureSource("bad.jpg", bad),)), question("b"))
        finished = driver.end_of("a")
        assert finished.outcome == "failed"
        assert finished.error is not None
        assert "bad.jpg" in finished.error.text
        assert driver.end_of("b").outcome == "done"


def test_a_request_id_is_used_once_at_a_time() -> None:
    with ready(answers=("long " * 100,), piece_delay_s=0.01) as driver:
        driver.engine.ask(question("a"))
        with pytest.raises(EngineError, match="already"):
            driver.engine.ask(question("a"))
        driver.engine.cancel("a")
        driver.end_of("a")


def test_a_setting_out_of_range_is_refused_before_anything_starts() -> None:
    with ready() as driver:
        asked = question("a")
        with pytest.raises(UserError, match="temperature"):
            driver.engine.ask(replace(asked, sampling=replace(asked.sampling, temperature=-1)))
        driver.engine.ask(asked)
        driver.end_of("a")


def test_closing_while_busy_ends_everything_within_the_time() -> None:
    with ready(answers=("long " * 1000,), piece_delay_s=0.01) as driver:
        driver.engine.ask(question("a"))
        driver.engine.ask(question("b"))
        driver.until(TextPiece)
        began = time.monotonic()
        assert driver.engine.close(5)
        assert time.monotonic() - began < 1
        driver.until(EngineClosed)
        assert [driver.ends_of(name)[0].outcome for name in "ab"] == ["cancelled", "cancelled"]
        with pytest.raises(EngineError, match="closing"):
            driver.engine.ask(question("c"))
        driver._arrived.put(EngineClosed())  # for the end of the with block


def test_a_backend_that_ignores_a_stop_does_not_hold_up_closing() -> None:
    driver = EngineDriver(FakeScript(answers=("long " * 40,), piece_delay_s=0.05, ignores_stop=True))
    driver.engine.load(FAKE_CHECKPOINT)
    driver.engine.ask(question("a"))
    driver.until(TextPiece)
    began = time.monotonic()
    assert not driver.engine.close(0.2)
    assert time.monotonic() - began < 1
    driver.until(EngineClosed)


@pytest.mark.allows_log
def test_when_the_thread_dies_everything_waiting_is_told() -> None:
    driver = EngineDriver(FakeScript(answers=("long " * 100,), piece_delay_s=0.01))
    driver.engine.load(FAKE_CHECKPOINT)
    driver.engine.ask(question("a"))
    driver.engine.ask(question("b"))
    driver.until(TextPiece)

    def die() -> None:
        raise SystemExit

    driver.backend.unload = die  # type: ignore[method-assign]
    driver.engine.cancel("a")
    driver.engine.unload()
    driver.engine.ask(question("c"))
    driver.until(EngineClosed)
    assert driver.ends_of("c")[0].outcome == "failed"
    with pytest.raises(EngineError):
        driver.engine.ask(question("d"))
    assert driver.engine.close(5)


def test_twenty_thousand_pieces_arrive_whole_and_in_order() -> None:
    answer = "".join(f"{number} " for number in range(20_000))
    with ready(answers=(answer,), piece_bytes=6) as driver:
        asked = question("a")
        driver.engine.ask(replace(asked, sampling=replace(asked.sampling, max_tokens=100_000)))
        assert driver.end_of("a").outcome == "done"
        assert driver.text_of("a") == answer


def test_an_id_used_again_after_a_cancel_asks_the_new_question() -> None:
    with driven(load_delay_s=0.1) as driver:
        driver.engine.load(FAKE_CHECKPOINT)
        driver.engine.ask(question("a", "Old?"))
        driver.engine.cancel("a")
        driver.engine.ask(question("a", "New?"))
        assert driver.end_of("a").outcome == "cancelled"
        assert driver.end_of("a").outcome == "done"
        assert [request.turns[-1].question for request in driver.backend.seen] == ["New?"]


@pytest.mark.allows_log
def test_a_backend_that_cannot_be_made_is_told_whenever_one_asks() -> None:
    arrived: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()

    def fail() -> NoReturn:
        raise ImportError("numpy is broken")

    engine = Engine(fail, arrived.put)
    assert isinstance(arrived.get(timeout=5), EngineClosed)
    with pytest.raises(EngineError) as caught:
        engine.load(FAKE_CHECKPOINT)
    assert "numpy is broken" in caught.value.said.detail
    with pytest.raises(EngineError):
        engine.ask(question("a"))
    assert engine.close(5)


@pytest.mark.allows_log
def test_a_picture_that_fails_unforeseen_is_logged_without_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(source: PictureSource, *_: object) -> NoReturn:
        raise ValueError(f"odd {source.name}")

    monkeypatch.setattr("app.engine.views.open_bitmap", fail)
    with driven() as driver:
        driver.engine.view("v", picture(tmp_path, "secret.png"), 100)
        assert driver.until(ViewFailed).error.text == "Something went wrong inside the program."
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.allows_log
def test_nothing_follows_the_end_of_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opening, goes_on = threading.Event(), threading.Event()

    def slow(*_: object) -> NoReturn:
        opening.set()
        goes_on.wait(5)
        raise ValueError("late")

    monkeypatch.setattr("app.engine.views.open_bitmap", slow)
    driver = EngineDriver()
    driver.engine.view("v", picture(tmp_path), 100)
    assert opening.wait(5)
    assert not driver.engine.close(0.3)
    driver.until(EngineClosed)
    goes_on.set()
    assert driver.engine.close(5)
    assert driver._arrived.empty()


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    with ready():
        assert threading.active_count() > before
    assert threading.active_count() == before


def clip_of(folder: Path, name: str = "a.mp4", count: int = 20) -> ClipSource:
    write_video(folder / name, numbered(count), rate=10)
    return ClipSource(name, folder / name)


def test_a_clip_is_opened_beside_a_picture_in_the_order_asked(tmp_path: Path) -> None:
    with ready() as driver:
        driver.engine.ask(question("a", sources=(picture(tmp_path), clip_of(tmp_path), picture(tmp_path, "b.png"))))
        assert driver.end_of("a").outcome == "done"
        started = next(event for event in driver.events if isinstance(event, Started))
        assert [medium.name for medium in started.media] == ["red.png", "a.mp4", "b.png"]
        assert driver.backend.seen[0].turns[-1].media == started.media


def test_a_clip_that_cannot_be_read_fails_its_question_alone(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no video at all")
    with ready() as driver:
        driver.engine.ask(question("a", sources=(ClipSource("bad.mp4", tmp_path / "bad.mp4"),)))
        end = driver.end_of("a")
        assert end.error is not None
        assert "not a video" in end.error.text
        driver.engine.ask(question("b"))
        assert driver.end_of("b").outcome == "done"


def test_a_runtime_that_sees_no_clips_refuses_them_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBackend, "abilities", Abilities(batch=True))
    with ready() as driver:
        driver.engine.ask(question("a", sources=(clip_of(tmp_path),)))
        end = driver.end_of("a")
        assert end.error is not None
        assert "cannot look at videos" in end.error.text
        assert driver.backend.seen == []
