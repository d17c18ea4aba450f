"""Downloads one after the other: queue, pause, cancel, and what the next start of the program finds."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.checkpoint import find_checkpoint
from app.core.errors import EngineError, ModelError
from app.core.models.access import HubAccess
from app.core.models.download_record import KeptDownload, read_downloads, write_downloads
from app.core.models.download_state import DownloadState
from app.core.models.fetching import fetch, remaining_bytes
from app.core.models.hub_cache import keep_models_in
from app.engine.downloads import Downloads
from tests.hub_server import Fault, HubServer
from tests.served_model import access_to, repository_of
from tests.sharded_demo import sharded_demo

ID, OTHER = "house/demo", "house/other"
TOTAL = sum(map(len, sharded_demo().values()))
_WAIT_S = 20.0


class Told:
    """What the sink was told, to be waited for."""

    def __init__(self) -> None:
        self.states: list[DownloadState] = []
        self.threads: set[str] = set()
        self._changed = threading.Condition()

    def __call__(self, state: DownloadState) -> None:
        with self._changed:
            self.states.append(state)
            self.threads.add(threading.current_thread().name)
            self._changed.notify_all()

    def until(self, is_there: Callable[[DownloadState], bool]) -> DownloadState:
        def found() -> DownloadState | None:
            return next((state for state in reversed(self.states) if is_there(state)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, _WAIT_S), self.states[-3:]
            state = found()
        assert state is not None
        return state

    def until_stage(self, stage: str, model_id: str = ID) -> DownloadState:
        return self.until(lambda state: (state.model_id, state.stage) == (model_id, stage))

    def until_bytes(self, least: int, model_id: str = ID) -> DownloadState:
        return self.until(lambda state: state.model_id == model_id and state.done_bytes >= least)

    def clear(self) -> None:
        with self._changed:
            self.states.clear()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "profile/downloads.json"


@pytest.fixture
def make(hub: HubServer, told: Told, record: Path) -> Iterator[Callable[[], Downloads]]:
    made: list[Downloads] = []

    def one() -> Downloads:
        made.append(Downloads(lambda: access_to(hub), told, record))
        return made[-1]

    yield one
    ended = [downloads.close() for downloads in made]
    assert all(ended)


@pytest.fixture
def downloads(make: Callable[[], Downloads]) -> Downloads:
    return make()


def slow(hub: HubServer) -> None:
    hub.fault("*.safetensors", Fault(bytes_per_s=200_000), times=math.inf, where="store")


def leftovers(tmp_path: Path) -> list[Path]:
    cache = tmp_path / "hub-cache"
    return [path for path in cache.rglob("*") if path.is_file() and ".locks" not in path.parts]


def test_a_model_is_downloaded_and_each_stage_told(hub: HubServer, downloads: Downloads, told: Told) -> None:
    commit = hub.add(ID, sharded_demo())
    hub.fault("*-00006-of-*", Fault(bytes_per_s=1_500_000), where="store")
    downloads.start(ID)
    end = told.until_stage("done")
    assert end == DownloadState(ID, "done", TOTAL, TOTAL, revision=commit)
    stages = list(dict.fromkeys(state.stage for state in told.states))
    assert stages == ["waiting", "checking", "downloading", "verifying", "done"]
    assert told.threads == {"downloads"}
    assert downloads.states() == (end,)
    assert find_checkpoint(ID).revision == commit


def test_one_at_a_time_in_the_order_they_were_asked_for(hub: HubServer, downloads: Downloads, told: Told) -> None:
    hub.add(ID, sharded_demo())
    hub.add(OTHER, sharded_demo())
    slow(hub)
    downloads.start(ID)
    downloads.start(OTHER)
    told.until_stage("waiting", OTHER)
    told.until_bytes(200_000)
    assert [state.stage for state in downloads.states()] == ["downloading", "waiting"]
    downloads.start(ID)
    downloads.pause(OTHER)
    told.until_stage("paused", OTHER)
    downloads.start(OTHER)
    hub.clear_faults()
    downloads.pause(ID)
    told.until_stage("paused")
    told.until_stage("done", OTHER)
    assert [state.stage for state in downloads.states()] == ["paused", "done"]


def test_a_paused_one_goes_on_where_it_was(hub: HubServer, downloads: Downloads, told: Told, record: Path) -> None:
    commit = hub.add(ID, sharded_demo())
    slow(hub)
    downloads.start(ID)
    told.until_bytes(500_000)
    downloads.pause(ID)
    paused = told.until_stage("paused")
    assert (paused.bytes_per_s, paused.left_s, paused.revision) == (0.0, None, commit)
    assert paused.done_bytes >= 500_000
    with pytest.raises(ModelError):
        find_checkpoint(ID)
    hub.add(ID, {**sharded_demo(), "config.json": b"{}"})  # the revision that was begun is the one that is finished
    hub.clear_faults()
    sent = hub.sent_bytes
    told.clear()
    downloads.start(ID)
    assert told.until_stage("done").revision == commit
    # Looking again reads what decides whether it can be used: a few small files.
    assert hub.sent_bytes - sent <= TOTAL - paused.done_bytes + 400_000
    assert find_checkpoint(ID).revision == commit
    assert not record.exists()


def test_a_cancelled_one_leaves_nothing(
    hub: HubServer, downloads: Downloads, told: Told, record: Path, tmp_path: Path
) -> None:
    hub.add(ID, sharded_demo())
    slow(hub)
    downloads.start(ID)
    told.until_bytes(500_000)
    downloads.cancel(ID)
    assert told.until_stage("cancelled").done_bytes == 0
    assert downloads.states() == ()
    assert leftovers(tmp_path) == []
    downloads.start(ID)
    told.clear()
    told.until_bytes(300_000)
    downloads.pause(ID)
    told.until_stage("paused")
    downloads.cancel(ID)
    told.until_stage("cancelled")
    assert leftovers(tmp_path) == []
    assert not record.exists()
    downloads.pause(ID)
    downloads.cancel(ID)


def test_a_failed_one_says_why_and_can_be_tried_again(hub: HubServer, downloads: Downloads, told: Told) -> None:
    hub.add(ID, sharded_demo())
    hub.fault(
        "*/resolve/*model-00003*",
        Fault(status=404, headers={"X-Error-Code": "EntryNotFound"}),
        where="hub",
        method="GET",
    )
    downloads.start(ID)
    failed = told.until_stage("failed")
    assert failed.error is not None
    assert failed.error.hint
    assert downloads.states() == (failed,)
    told.clear()
    downloads.start(ID)
    told.until_stage("done")
    assert all(state.error is None for state in told.states)


def test_what_cannot_be_had_fails_and_the_next_gets_its_turn(hub: HubServer, downloads: Downloads, told: Told) -> None:
    hub.add(ID, sharded_demo())
    downloads.start("house/nothing")
    downloads.start(ID)
    failed = told.until_stage("failed", "house/nothing")
    assert failed.error is not None
    assert "house/nothing" in failed.error.text
    told.until_stage("done")


def test_a_server_that_does_not_answer_holds_up_nobody(hub: HubServer, downloads: Downloads, told: Told) -> None:
    hub.add(ID, sharded_demo())
    hub.add(OTHER, sharded_demo())
    hub.fault(f"/api/models/{ID}*", Fault(wait_s=60), times=math.inf)
    downloads.start(ID)
    told.until_stage("checking")
    downloads.cancel(ID)
    told.until_stage("cancelled")
    downloads.start(OTHER)
    told.until_stage("done", OTHER)


def test_offline_is_said(hub: HubServer, told: Told, record: Path) -> None:
    downloads = Downloads(lambda: HubAccess(endpoint=hub.url, is_offline=True), told, record)
    downloads.start(ID)
    failed = told.until_stage("failed")
    assert failed.error is not None
    assert "offline" in failed.error.text
    assert downloads.close()
    assert hub.requests == []


def begun_two(hub: HubServer, make: Callable[[], Downloads]) -> tuple[str, Downloads]:
    """One that is downloaded slowly, whose commit is given, and one that waits behind it."""
    commit = hub.add(ID, sharded_demo())
    hub.add(OTHER, sharded_demo())
    slow(hub)
    downloads = make()
    downloads.start(ID)
    downloads.start(OTHER)
    return commit, downloads


def test_the_next_start_shows_what_was_not_finished_and_goes_on(
    hub: HubServer, make: Callable[[], Downloads], told: Told, record: Path
) -> None:
    commit, first = begun_two(hub, make)
    told.until_bytes(500_000)
    first.pause(OTHER)
    told.until_stage("paused", OTHER)
    assert first.close()
    told.clear()
    second = make()
    shown = second.states()
    assert [(state.model_id, state.stage) for state in shown] == [(ID, "paused"), (OTHER, "paused")]
    assert (shown[0].revision, shown[0].total_bytes) == (commit, TOTAL)
    assert 500_000 <= shown[0].done_bytes < TOTAL
    assert told.states == []
    hub.clear_faults()
    second.go_on()
    assert told.until_stage("done").revision == commit
    assert [(state.model_id, state.stage) for state in second.states()] == [(OTHER, "paused"), (ID, "done")]
    assert [kept.model_id for kept in read_downloads(record)] == [OTHER]
    assert remaining_bytes(repository_of(hub, ID)) == 0


def test_what_was_interrupted_for_a_while_goes_on_at_the_next_start(
    hub: HubServer, make: Callable[[], Downloads], told: Told
) -> None:
    commit, first = begun_two(hub, make)
    told.until_bytes(100_000)
    first.pause(OTHER)
    first.interrupt(OTHER)
    first.interrupt(ID)
    told.until_stage("paused")
    assert first.close()
    still_offline = make()
    still_offline.cancel(OTHER)
    told.until_stage("cancelled", OTHER)
    assert still_offline.close()
    told.clear()
    hub.clear_faults()
    second = make()
    second.go_on()
    assert told.until_stage("done").revision == commit


def test_a_cancelled_one_of_the_last_start_leaves_nothing(
    hub: HubServer, make: Callable[[], Downloads], told: Told, tmp_path: Path
) -> None:
    hub.add(ID, sharded_demo())
    slow(hub)
    first = make()
    first.start(ID)
    told.until_bytes(500_000)
    assert first.close()
    hub.stop()
    second = make()
    second.cancel(ID)
    told.until_stage("cancelled")
    assert leftovers(tmp_path) == []


def test_closing_in_the_middle_is_quick_and_nothing_is_told_afterwards(
    hub: HubServer, downloads: Downloads, told: Told, record: Path
) -> None:
    hub.add(ID, sharded_demo())
    slow(hub)
    downloads.start(ID)
    told.until_bytes(300_000)
    assert downloads.close(2.0)
    count = len(told.states)
    assert downloads.close(0.0)
    assert len(told.states) == count
    assert [(kept.model_id, kept.is_wanted) for kept in read_downloads(record)] == [(ID, True)]
    with pytest.raises(EngineError, match="closing"):
        downloads.start(OTHER)


def test_nothing_is_started_before_something_is_asked_for(hub: HubServer, told: Told, record: Path) -> None:
    before = threading.active_count()
    downloads = Downloads(lambda: access_to(hub), told, record)
    downloads.pause(ID)
    downloads.cancel(ID)
    downloads.go_on()
    assert threading.active_count() == before
    assert downloads.close()
    assert not record.parent.exists()


def test_another_revision_is_another_download(hub: HubServer, downloads: Downloads, told: Told) -> None:
    first = hub.add(ID, sharded_demo())
    hub.add(ID, {**sharded_demo(), "generation_config.json": b'{"do_sample": false}'})
    slow(hub)
    downloads.start(ID)
    told.until_bytes(300_000)
    with pytest.raises(EngineError, match="Another revision"):
        downloads.start(ID, first)
    downloads.pause(ID)
    told.until_stage("paused")
    hub.clear_faults()
    downloads.start(ID, first)
    assert told.until_stage("done").revision == first
    assert find_checkpoint(f"{ID}@{first}").revision == first


@pytest.mark.allows_log
def test_a_record_that_cannot_be_written_stops_no_download(hub: HubServer, told: Told, tmp_path: Path) -> None:
    hub.add(ID, sharded_demo())
    (tmp_path / "file").touch()
    downloads = Downloads(lambda: access_to(hub), told, tmp_path / "file/downloads.json")
    downloads.start(ID)
    told.until_stage("done")
    assert downloads.close()


def test_another_window_forgets_nothing_of_what_this_one_keeps(
    hub: HubServer, make: Callable[[], Downloads], told: Told, record: Path
) -> None:
    hub.add(ID, sharded_demo())
    hub.add(OTHER, sharded_demo())
    hub.fault("/house/demo/*.safetensors", Fault(bytes_per_s=200_000), times=math.inf, where="store")
    first, second = make(), make()
    first.start(ID)
    told.until_bytes(100_000)
    first.pause(ID)
    told.until_stage("paused")
    second.start(OTHER)
    told.until_stage("done", OTHER)
    assert first.close(_WAIT_S)
    assert second.close(_WAIT_S)
    assert [kept.model_id for kept in read_downloads(record)] == [ID]
    third = make()
    third.cancel(ID)
    told.until_stage("cancelled")
    assert third.close(_WAIT_S)
    assert read_downloads(record) == ()


def test_what_another_program_has_finished_meanwhile_is_no_longer_paused(
    hub: HubServer, make: Callable[[], Downloads], told: Told, record: Path
) -> None:
    commit = hub.add(ID, sharded_demo())
    write_downloads(record, [KeptDownload(ID, commit=commit, done_bytes=1_000, total_bytes=TOTAL)])
    assert [state.stage for state in make().states()] == ["paused"]
    for _ in fetch(repository_of(hub, ID), access_to(hub), lambda: False):
        pass
    after = make()
    assert after.states() == ()
    hub.add(OTHER, sharded_demo())
    after.start(OTHER)
    told.until_stage("done", OTHER)
    assert after.close(_WAIT_S)
    assert read_downloads(record) == ()


def test_one_under_way_ends_where_it_began_and_the_next_goes_to_the_new_place(
    hub: HubServer, downloads: Downloads, told: Told, tmp_path: Path
) -> None:
    hub.add(ID, sharded_demo())
    slow(hub)
    downloads.start(ID)
    told.until_bytes(500_000)
    disk = tmp_path / "disk"
    disk.mkdir()
    keep_models_in(disk)
    hub.clear_faults()
    told.until_stage("done")
    assert list(disk.iterdir()) == []
    with pytest.raises(ModelError):
        find_checkpoint(ID)
    told.clear()
    downloads.start(ID)
    told.until_stage("done")
    assert find_checkpoint(ID).folder.is_relative_to(disk)


def test_one_that_is_given_up_leaves_nothing_where_it_began(
    hub: HubServer, downloads: Downloads, told: Told, tmp_path: Path
) -> None:
    hub.add(ID, sharded_demo())
    slow(hub)
    downloads.start(ID)
    told.until_bytes(500_000)
    (tmp_path / "disk").mkdir()
    keep_models_in(tmp_path / "disk")
    downloads.cancel(ID)
    told.until_stage("cancelled")
    assert leftovers(tmp_path) == []
