"""Every promise of the backend protocol, held by every backend in the table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from app.backends import table
from app.backends.table import BACKENDS, CHOICES, BackendEntry, choose_backend
from app.core.backend import Backend
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.errors import ModelError
from app.core.events import Finished, GenerateEvent, LoadProgress, PrefillProgress, TextPiece, VisionProgress
from app.core.models.adapter import adapted
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY, Sampling
from tests.adapters_made import ATTENTION, MLP, linear_layers, random_matrices, write_mlx, write_peft
from tests.model_thread import OnModelThread, model_thread
from tests.pictures_made import noise_picture

if TYPE_CHECKING:
    from pathlib import Path

ADAPTED = (*ATTENTION, *MLP, "attn.qkv", "merger.linear_fc2")
STAGES = ("importing_runtime", "reading_weights", "warming_up")


@dataclass
class Driven:
    """A backend whose every call is made on the model thread."""

    backend: Backend
    run: OnModelThread
    checkpoint: Checkpoint
    stopped: set[str] = field(default_factory=set)

    def is_loaded(self) -> bool:
        return self.backend.is_loaded

    def load(self, stop: Callable[[], bool] = lambda: False) -> list[LoadProgress]:
        return self.run(lambda: list(self.backend.load(self.checkpoint, stop)))

    def answer(
        self, *requests: Request, after: Callable[[GenerateEvent], None] = lambda _: None
    ) -> list[GenerateEvent]:
        def work() -> list[GenerateEvent]:
            events = []
            for event in self.backend.generate(requests, self.stopped.__contains__):
                events.append(event)
                after(event)
            return events

        return self.run(work)


RUNTIMES = tuple(name for name in ("mlx", "transformers") if BACKENDS[name].why_missing() is None)
"""What is installed here: packaging/test.py runs this file once in an environment with each runtime."""


# Both runtimes in one process disturb one another: where both are installed, the first is tried.
@pytest.fixture(params=["fake", *RUNTIMES[:1]])
def driven(
    request: pytest.FixtureRequest, on_model_thread: OnModelThread, random_checkpoint_dir: Path
) -> Iterator[Driven]:
    backend = BACKENDS[request.param].make()
    yield Driven(backend, on_model_thread, read_checkpoint(random_checkpoint_dir, "random"))
    on_model_thread(backend.unload)


@pytest.fixture
def ready(driven: Driven) -> Driven:
    driven.load()
    return driven


def asked(request_id: str = "r", text: str = "Hi", pictures: int = 0, **sampling: float) -> Request:
    shown = tuple(noise_picture(seed) for seed in range(pictures))
    return Request(request_id, (Turn(text, shown),), replace(GREEDY, **{"max_tokens": 12, **sampling}))  # type: ignore[arg-type]


def text_of(events: Sequence[GenerateEvent], request_id: str = "r") -> str:
    return "".join(event.text for event in events if isinstance(event, TextPiece) and event.request_id == request_id)


def end_of(events: Sequence[GenerateEvent], request_id: str = "r") -> Finished:
    ends = [event for event in events if isinstance(event, Finished) and event.request_id == request_id]
    assert len(ends) == 1
    assert [event for event in events if event.request_id == request_id][-1] is ends[0]
    return ends[0]


def test_loading_goes_through_its_stages_and_ends_ready(driven: Driven) -> None:
    assert not driven.is_loaded()
    progress = driven.load()
    stages = [step.stage for step in progress]
    assert sorted(set(stages), key=STAGES.index) == list(STAGES)
    assert stages == sorted(stages, key=STAGES.index)
    assert all(step.fraction is None or 0 <= step.fraction <= 1 for step in progress)
    assert driven.is_loaded()
    assert driven.backend.version()
    assert driven.backend.device()


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_loading_that_is_stopped_leaves_nothing_loaded(driven: Driven, steps: int) -> None:
    looks = itertools.count()  # a reader of its own may ask for each tensor, also once it was told
    driven.load(lambda: next(looks) >= steps)
    assert not driven.is_loaded()


def test_a_backend_without_a_model_refuses(driven: Driven) -> None:
    with pytest.raises(ModelError, match="No model is loaded"):
        driven.answer(asked())


def test_loading_again_takes_the_first_ones_place(ready: Driven) -> None:
    ready.load()
    assert end_of(ready.answer(asked())).outcome in {"done", "length"}


def test_unloading_twice_is_fine_and_leaves_nothing(ready: Driven) -> None:
    ready.run(ready.backend.unload)
    ready.run(ready.backend.unload)
    assert not ready.is_loaded()
    with pytest.raises(ModelError):
        ready.answer(asked())


@pytest.mark.parametrize("pictures", [0, 1, 3])
def test_an_answer_reports_its_progress_and_figures(ready: Driven, pictures: int) -> None:
    events = ready.answer(asked(pictures=pictures))
    finished = end_of(events)
    figures = finished.figures
    seen = [event for event in events if isinstance(event, VisionProgress)]
    read = [event for event in events if isinstance(event, PrefillProgress)]
    assert [(event.done, event.total) for event in seen] == [(done, pictures) for done in range(1, pictures + 1)]
    assert read[-1].done_tokens == read[-1].total_tokens == figures.prompt_tokens
    assert [event.done_tokens for event in read] == sorted(event.done_tokens for event in read)
    assert 0 < figures.time_to_first_token_s <= figures.total_s
    assert figures.answer_tokens > 0
    assert figures.prompt_tokens >= 6 * pictures
    assert text_of(events)


def test_the_limit_ends_an_answer_as_length(ready: Driven) -> None:
    events = ready.answer(asked(max_tokens=2))
    assert end_of(events).outcome == "length"
    assert end_of(events).figures.answer_tokens == 2


def test_the_same_seed_gives_the_same_answer(ready: Driven) -> None:
    sampling = Sampling(max_tokens=12, temperature=1.0, seed=11, presence_penalty=0.5, repetition_penalty=1.1)
    request = replace(asked(), sampling=sampling)
    assert text_of(ready.answer(request)) == text_of(ready.answer(request))


def test_several_requests_each_get_their_own_end(ready: Driven) -> None:
    requests = [
        asked(name, text, pictures) for name, text, pictures in (("a", "One", 1), ("b", "Two", 0), ("c", "X", 2))
    ]
    alone = {request.request_id: text_of(ready.answer(request), request.request_id) for request in requests}
    events = ready.answer(*requests)
    for request in requests:
        assert end_of(events, request.request_id).outcome in {"done", "length"}
        assert text_of(events, request.request_id) == alone[request.request_id]


def test_a_request_stopped_before_it_begins_says_nothing(ready: Driven) -> None:
    ready.stopped.add("r")
    events = ready.answer(asked(pictures=2))
    assert end_of(events).outcome == "cancelled"
    assert not text_of(events)
    ready.stopped.clear()
    assert end_of(ready.answer(asked(pictures=2))).outcome in {"done", "length"}


@pytest.mark.parametrize("at", [VisionProgress, PrefillProgress, TextPiece])
def test_a_stop_is_heard_at_the_next_step(ready: Driven, at: type[GenerateEvent]) -> None:
    later: list[GenerateEvent] = []

    def stop_at(event: GenerateEvent) -> None:
        if ready.stopped:
            later.append(event)
        elif isinstance(event, at):
            ready.stopped.add("r")

    events = ready.answer(asked(pictures=2, max_tokens=200), after=stop_at)
    assert end_of(events).outcome == "cancelled"
    assert len([event for event in later if not isinstance(event, Finished)]) <= 1


def test_stopping_one_of_several_leaves_the_others(ready: Driven) -> None:
    ready.stopped.add("b")
    events = ready.answer(asked("a"), asked("b"), asked("c"))
    assert [end_of(events, name).outcome == "cancelled" for name in "abc"] == [False, True, False]


def test_closing_the_iterator_early_leaves_the_backend_usable(ready: Driven) -> None:
    def take_one() -> None:
        events = ready.backend.generate([asked(pictures=1)], lambda _: False)
        next(events)
        events.close()  # type: ignore[attr-defined]

    ready.run(take_one)
    assert end_of(ready.answer(asked(pictures=1))).outcome in {"done", "length"}


def test_requests_in_a_batch_end_one_by_one_and_each_at_its_own_limit(ready: Driven) -> None:
    limits = {"a": 3, "b": 9, "c": 1, "d": 6}
    requests = [
        asked(name, name * 5, index % 2, max_tokens=limit) for index, (name, limit) in enumerate(limits.items())
    ]
    alone = {request.request_id: ready.answer(request) for request in requests}
    events = ready.answer(*requests)
    for name in limits:
        assert end_of(events, name).figures.answer_tokens == end_of(alone[name], name).figures.answer_tokens
        assert text_of(events, name) == text_of(alone[name], name)


def test_a_seed_gives_the_same_answer_alone_and_beside_others(ready: Driven) -> None:
    sampling = Sampling(max_tokens=12, temperature=1.5, top_k=0, seed=5, presence_penalty=0.5, repetition_penalty=1.1)
    first, second = (
        replace(asked(name, name), sampling=replace(sampling, seed=seed)) for name, seed in (("a", 5), ("b", 6))
    )
    alone = [text_of(ready.answer(request), request.request_id) for request in (first, second)]
    events = ready.answer(first, asked("greedy"), second)
    assert [text_of(events, name) for name in "ab"] == alone


def test_stopping_one_of_several_midway_leaves_the_others(ready: Driven) -> None:
    requests = [asked(name, name * 3, max_tokens=10) for name in "abc"]
    alone = {name: text_of(ready.answer(request), name) for name, request in zip("abc", requests, strict=True)}

    def stop_at(event: GenerateEvent) -> None:
        if isinstance(event, TextPiece) and event.request_id == "b":
            ready.stopped.add("b")

    events = ready.answer(*requests, after=stop_at)
    assert end_of(events, "b").outcome == "cancelled"
    assert [text_of(events, name) for name in "ac"] == [alone["a"], alone["c"]]


@pytest.mark.parametrize("write", [write_peft, write_mlx])
def test_an_adapter_that_was_never_trained_changes_nothing(
    ready: Driven, tmp_path: Path, write: Callable[..., Path]
) -> None:
    plain = text_of(ready.answer(asked(pictures=1)))
    layers = linear_layers(ready.checkpoint.folder, *ADAPTED)
    ready.checkpoint = adapted(ready.checkpoint, write(tmp_path / "a", random_matrices(layers, size=0)))
    ready.load()
    assert text_of(ready.answer(asked(pictures=1))) == plain


@pytest.mark.parametrize("kinds", [ADAPTED[:-2], ADAPTED[-2:]], ids=["language", "vision"])
def test_an_adapter_changes_answers_until_it_is_taken_off(ready: Driven, tmp_path: Path, kinds: Sequence[str]) -> None:
    assert ready.backend.abilities.adapters
    plain = ready.answer(asked(pictures=1))
    without, layers = ready.checkpoint, linear_layers(ready.checkpoint.folder, *kinds)
    ready.checkpoint = adapted(without, write_peft(tmp_path / "a", random_matrices(layers)))
    ready.load()
    changed = ready.answer(asked(pictures=1))
    assert ready.backend.name == "fake" or text_of(changed) != text_of(plain)
    ready.checkpoint = without
    ready.load()
    again = ready.answer(asked(pictures=1))
    assert text_of(again) == text_of(plain)
    # The same question each time: what was read and seen before must not be taken over by other weights.
    assert [end_of(events).figures.reused_tokens for events in (changed, again)] == [0, 0]


def test_an_adapter_answers_a_batch_as_it_answers_alone(ready: Driven, tmp_path: Path) -> None:
    layers = linear_layers(ready.checkpoint.folder)
    ready.checkpoint = adapted(ready.checkpoint, write_peft(tmp_path / "a", random_matrices(layers)))
    ready.load()
    requests = [asked(name, name * 3, index % 2) for index, name in enumerate("abc")]
    alone = [text_of(ready.answer(request), request.request_id) for request in requests]
    events = ready.answer(*requests)
    assert [text_of(events, name) for name in "abc"] == alone


def test_an_adapter_that_has_changed_since_it_was_found_is_not_loaded(ready: Driven, tmp_path: Path) -> None:
    layers = linear_layers(ready.checkpoint.folder)
    ready.checkpoint = adapted(ready.checkpoint, write_peft(tmp_path / "a", random_matrices(layers)))
    write_peft(tmp_path / "a", random_matrices(layers, seed=7))
    with pytest.raises(ModelError, match="has changed since it was chosen"):
        ready.load()
    assert not ready.is_loaded()


def test_unloading_gives_the_memory_back(ready: Driven) -> None:
    ready.answer(asked(pictures=3))
    held_bytes = ready.backend.memory().active_bytes
    ready.run(ready.backend.unload)
    assert ready.backend.memory().active_bytes < held_bytes or held_bytes == 0


def test_closing_is_the_last_call_and_ends_the_runtimes_work(driven: Driven, random_checkpoint_dir: Path) -> None:
    backend = BACKENDS[driven.backend.name].make()
    with model_thread() as run:
        run(lambda: list(backend.load(read_checkpoint(random_checkpoint_dir, "random"), lambda: False)))
        run(backend.close)
    assert not backend.is_loaded


@pytest.mark.parametrize("name", BACKENDS)
def test_every_row_of_the_table_can_be_made(name: str) -> None:
    backend = BACKENDS[name].make()
    assert backend.name == name
    assert not backend.is_loaded


@pytest.mark.parametrize(
    ("is_apple", "has_nvidia", "installed", "chosen"),
    [
        (True, False, {"mlx", "transformers"}, "mlx"),
        (True, False, {"transformers"}, "transformers"),
        (False, True, {"mlx", "transformers"}, "transformers"),
        (False, True, {"mlx"}, "mlx"),
        (False, False, {"mlx", "transformers"}, "mlx"),
        (False, False, {"transformers"}, "transformers"),
        (False, False, set(), None),
    ],
)
def test_auto_takes_what_suits_the_machine(
    monkeypatch: pytest.MonkeyPatch, is_apple: bool, has_nvidia: bool, installed: set[str], chosen: str | None
) -> None:
    monkeypatch.setattr(table, "is_apple_silicon", lambda: is_apple)
    monkeypatch.setattr(table, "has_nvidia_gpu", lambda: has_nvidia)
    for name, module in (("mlx", "mlx"), ("transformers", "torch")):
        needs = () if name in installed else (f"no_such_{module}",)
        monkeypatch.setitem(BACKENDS, name, replace(BACKENDS[name], needs=needs))
    if chosen is None:
        with pytest.raises(ModelError, match="No backend can run here") as caught:
            choose_backend("auto")
        assert "no_such_mlx not installed" in caught.value.said.detail
        assert "no_such_torch not installed" in caught.value.said.detail
    else:
        assert choose_backend("auto").name == chosen
    assert CHOICES[0] == "auto"


def test_an_unknown_backend_names_the_choices() -> None:
    with pytest.raises(ModelError, match="auto, mlx, transformers, fake"):
        choose_backend("metal")


def test_a_backend_that_is_not_installed_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKENDS, "other", BackendEntry("other", "x:Y", ("no_such_package",), "pip install it"))
    with pytest.raises(ModelError, match="The backend other is not installed") as caught:
        choose_backend("other")
    assert "no_such_package not installed; pip install it" in caught.value.said.detail


@pytest.mark.parametrize("has_nvidia", [True, False])
def test_what_is_to_be_installed_suits_the_machine(monkeypatch: pytest.MonkeyPatch, has_nvidia: bool) -> None:
    monkeypatch.setattr(table, "has_nvidia_gpu", lambda: has_nvidia)
    monkeypatch.setitem(BACKENDS, "transformers", replace(BACKENDS["transformers"], needs=("no_such_torch",)))
    with pytest.raises(ModelError) as caught:
        choose_backend("transformers")
    command = f"pip install 'viewfinder[{'cuda' if has_nvidia else 'cpu'}]'"
    assert command in caught.value.said.hint
    assert command in caught.value.said.detail


def test_prompt_and_answer_together_are_never_longer_than_the_context(driven: Driven) -> None:
    if driven.backend.name == "fake":
        pytest.skip("it counts no tokens")
    longer = "Hi " * 20  # than the warm-up's question, which must have room
    driven.load()
    *_, whole = driven.answer(asked(text=longer))
    assert isinstance(whole, Finished)
    assert whole.figures.answer_tokens == 12
    driven.checkpoint = driven.checkpoint.with_context(whole.figures.prompt_tokens + 5)
    driven.load()
    *_, cut = driven.answer(asked(text=longer))
    assert isinstance(cut, Finished)
    assert (cut.outcome, cut.figures.answer_tokens) == ("length", 5)
    *_, refused = driven.answer(asked(text="Hi " * 90))
    assert isinstance(refused, Finished)
    assert refused.error is not None
    assert f"can take {driven.checkpoint.context_tokens}" in refused.error.text
