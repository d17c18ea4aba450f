"""A download brings a whole repository into the cache, or says why not; what came is kept and goes on."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from app.core.checkpoint import find_checkpoint
from app.core.errors import AppError, ModelError
from app.core.models.download_state import FetchProgress
from app.core.models.fetching import branch_of, fetch, remaining_bytes
from app.core.models.hub_cache import unfinished_downloads
from app.core.models.patience import Patience
from tests.fetching_driver import ID, QUICK, SHARD, TINY, assert_whole, parts, run
from tests.hub_server import GOOD_TOKEN, Fault, HubServer
from tests.served_model import access_to, repository_of
from tests.sharded_demo import sharded_demo

AT_ONCE_S = 10.0
"""Far less than the server stays silent; on an idle machine it is below one second."""


def assert_all_ended() -> None:
    """Whoever waited for bytes was woken: no thread of a download is left."""
    for thread in threading.enumerate():
        if thread.name.startswith("download-"):
            thread.join(AT_ONCE_S)
            assert not thread.is_alive()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub-cache"


def test_a_repository_comes_whole_and_is_a_model(hub: HubServer, cache: Path) -> None:
    hub.add(ID, sharded_demo())
    total = sum(map(len, sharded_demo().values()))
    told = run(hub)
    assert_whole(hub)
    assert (told[0].stage, told[0].done_bytes, told[0].total_bytes) == ("checking", 0, total)
    assert told[-1] == FetchProgress("done", total, total)
    assert [one.done_bytes for one in told] == sorted(one.done_bytes for one in told)
    assert [one.stage for one in told].count("checking") == 1
    checkpoint = find_checkpoint(ID)
    assert checkpoint.revision == hub.repositories[ID].head
    assert remaining_bytes(repository_of(hub, ID)) == 0
    link = cache / "models--house--demo/snapshots" / checkpoint.revision / SHARD
    assert link.readlink().as_posix() == f"../../blobs/{hashlib.sha256(sharded_demo()[SHARD]).hexdigest()}"
    seen = len(hub.requests)
    assert [one.stage for one in run(hub)] == ["checking", "done"]
    assert len(hub.requests) == seen


def test_a_certain_commit_leaves_the_branch_alone(hub: HubServer, cache: Path) -> None:
    first = hub.add(ID, TINY)
    hub.add(ID, {**TINY, "config.json": b"{}"})
    list(fetch(repository_of(hub, ID, first), access_to(hub), lambda: False, branch=None, patience=QUICK))
    assert [path.name for path in (cache / "models--house--demo/snapshots").iterdir()] == [first]
    assert not (cache / "models--house--demo/refs/main").exists()


@pytest.mark.parametrize(
    ("asked", "branch"),
    [(None, "main"), ("", "main"), ("dev", "dev"), ("refs/pr/1", "refs/pr/1"), ("a1b2c3d", None), ("a" * 40, None)],
)
def test_only_what_is_no_commit_becomes_a_name_for_it(asked: str | None, branch: str | None) -> None:
    assert branch_of(asked) == branch


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut_after=300_000),
        Fault(cut_after=0),
        Fault(hangs_up=True),
        Fault(status=500),
        Fault(status=503, headers={"Retry-After": "0"}),
        Fault(status=429, headers={"Retry-After": "0"}),
        Fault(status=403),
        Fault(spoil_at=1000),
        Fault(missing_bytes=10),
        Fault(missing_bytes=-10),
        Fault(wait_s=30, stall_after=200_000),
        Fault(ignores_range=True, cut_after=300_000),
    ],
    ids=str,
)
def test_a_fault_of_the_moment_is_got_over(hub: HubServer, fault: Fault) -> None:
    hub.add(ID, sharded_demo())
    hub.fault(f"*{SHARD}", fault, where="store")
    run(hub)
    assert_whole(hub)


def test_a_cut_costs_only_what_was_not_sent(hub: HubServer) -> None:
    hub.add(ID, TINY)
    size = len(TINY["model.safetensors"])
    for _ in range(3):
        hub.fault("*model.safetensors", Fault(cut_after=300_000), where="store")
    run(hub)
    assert_whole(hub)
    assert hub.sent_bytes == size + len(TINY["config.json"])
    ranges = [one.range for one in hub.seen("*model.safetensors", where="store")]
    assert ranges == ["", "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_server_without_parts_sends_all_again(hub: HubServer) -> None:
    hub.add(ID, TINY)
    hub.fault("*model.safetensors", Fault(cut_after=300_000), where="store")
    hub.fault("*model.safetensors", Fault(ignores_range=True), where="store")
    run(hub)
    assert_whole(hub)


def test_what_changed_between_two_tries_is_fetched_from_its_beginning(hub: HubServer) -> None:
    hub.tells_hashes = False
    hub.add(ID, TINY)
    hub.fault("*model.safetensors", Fault(cut_after=300_000, etag="before"), where="store")
    run(hub)
    assert_whole(hub)
    ranges = [one.range for one in hub.seen("*model.safetensors", where="store")]
    assert ranges == ["", "bytes=300000-", ""]


def test_stores_may_name_a_content_as_they_like_where_the_hub_told_it(hub: HubServer) -> None:
    hub.add(ID, TINY)
    hub.fault("*model.safetensors", Fault(cut_after=300_000, etag="one of many stores"), where="store")
    run(hub)
    assert_whole(hub)
    assert hub.sent_bytes == sum(map(len, TINY.values()))


def test_a_hub_that_tells_of_another_content_is_not_followed(hub: HubServer, cache: Path) -> None:
    hub.add(ID, TINY)
    hub.fault("*/resolve/*model.safetensors", Fault(etag="0" * 64), where="hub", times=math.inf)
    with pytest.raises(ModelError, match="something else was sent"):
        run(hub)
    weights = hashlib.sha256(TINY["model.safetensors"]).hexdigest()
    assert parts(cache).get(weights, 0) == 0, "of the other file, which came at the same time, there may be some"


def test_a_server_that_answers_parts_wrongly_is_asked_for_the_whole(hub: HubServer) -> None:
    hub.add(ID, TINY)
    hub.fault("*model.safetensors", Fault(cut_after=300_000), where="store")
    hub.fault("*model.safetensors", Fault(status=416), where="store")
    run(hub)
    assert_whole(hub)
    ranges = [one.range for one in hub.seen("*model.safetensors", where="store")]
    assert ranges == ["", "bytes=300000-", ""]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(spoil_at=1000), "came damaged twice"),
        (Fault(missing_bytes=10), "something else was sent"),
        (Fault(missing_bytes=-10), "something else was sent"),
        (Fault(status=200, body=b"<html>Sign in!</html>"), "something else was sent"),
        (Fault(status=500), "has a fault of its own"),
        (Fault(status=429), "was asked too often"),
        (Fault(status=429, headers={"Retry-After": "3600"}), "was asked too often"),
        (Fault(hangs_up=True), "connection"),
        (Fault(wait_s=60), "does not answer"),
        (Fault(cut_after=0), "connection"),
        (Fault(ignores_range=True, cut_after=300_000), "connection"),
    ],
    ids=str,
)
def test_a_fault_that_stays_is_said_and_the_rest_is_kept(hub: HubServer, cache: Path, fault: Fault, said: str) -> None:
    hub.add(ID, sharded_demo())
    hub.fault(f"*{SHARD}", fault, times=math.inf, where="store")
    began = time.monotonic()
    with pytest.raises(AppError, match=said) as raised:
        run(hub)
    assert raised.value.said.hint
    assert time.monotonic() - began < 30
    assert not (cache / "models--house--demo/snapshots").exists()
    with pytest.raises(ModelError):
        find_checkpoint(ID)
    hub.clear_faults()
    run(hub)
    assert_whole(hub)


def test_what_came_is_kept_when_a_page_to_sign_in_comes_instead(hub: HubServer, cache: Path) -> None:
    hub.add(ID, TINY)
    hub.fault("*model.safetensors", Fault(cut_after=300_000), where="store")
    hub.fault("*model.safetensors", Fault(status=200, body=b"<html>"), where="store", times=math.inf)
    with pytest.raises(ModelError, match="something else"):
        run(hub)
    assert list(parts(cache).values()) == [300_000]
    hub.clear_faults()
    run(hub)
    assert_whole(hub)
    assert hub.sent_bytes == sum(map(len, TINY.values()))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(status=401), "no public repository"),
        (Fault(status=404, headers={"X-Error-Code": "EntryNotFound"}), "is missing"),
        (Fault(status=403, headers={"X-Error-Code": "GatedRepo"}), "want to be asked"),
        (Fault(loops=True), "does not answer as the Hub does"),
    ],
    ids=str,
)
def test_a_refusal_is_said_at_once(hub: HubServer, fault: Fault, said: str) -> None:
    hub.add(ID, TINY)
    hub.fault("*model.safetensors", fault, times=math.inf, where="hub")
    with pytest.raises(AppError, match=said):
        run(hub, patience=Patience())
    assert len(hub.seen("*resolve*model.safetensors")) <= 11


def test_a_gated_repository_needs_the_token_which_stays_with_the_hub(hub: HubServer) -> None:
    hub.add(ID, TINY, is_gated=True)
    with pytest.raises(ModelError, match="want to be asked"):
        run(hub)
    list(fetch(repository_of(hub, ID), access_to(hub, GOOD_TOKEN), lambda: False, patience=QUICK))
    assert_whole(hub)
    assert all("authorization" not in one.headers for one in hub.seen(where="store"))


def test_the_server_may_be_gone_for_a_while(hub: HubServer) -> None:
    hub.add(ID, sharded_demo())
    hub.fault(f"*{SHARD}", Fault(bytes_per_s=100_000), where="store")
    waits: list[float] = []
    gone = False
    patient = Patience(first_wait_s=0.05, longest_wait_s=0.1, gives_up_after_s=20, silence_s=2, connect_s=2)
    for told in fetch(repository_of(hub, ID), access_to(hub), lambda: False, patience=patient):
        if told.stage == "downloading" and not gone:
            hub.stop()
            gone = True
        if gone and told.waits_s is not None and not waits:
            waits.append(told.waits_s)
            assert told.left_s is None
            hub.start()
    assert waits
    assert_whole(hub)


def test_a_silent_one_is_stopped_without_waiting_for_it_and_goes_on_where_it_was(hub: HubServer, cache: Path) -> None:
    hub.add(ID, TINY)
    hub.fault("*model.safetensors", Fault(bytes_per_s=200_000, wait_s=60, stall_after=100_000), where="store")
    stop = threading.Event()
    stopped_s = 0.0
    for told in fetch(repository_of(hub, ID), access_to(hub), stop.is_set):
        if told.stage == "downloading" and told.done_bytes >= 100_000 and not stop.is_set():
            stop.set()
            stopped_s = time.monotonic()
    assert stopped_s
    assert time.monotonic() - stopped_s < AT_ONCE_S
    assert_all_ended()
    assert list(parts(cache).values()) == [100_000]
    assert not (cache / "models--house--demo/snapshots").exists()
    run(hub)
    assert_whole(hub)
    assert hub.seen("*model.safetensors", where="store")[-1].range == "bytes=100000-"


def test_what_came_of_an_older_commit_goes_once_the_newer_is_whole(hub: HubServer, cache: Path) -> None:
    hub.add(ID, TINY)
    hub.fault("*model.safetensors", Fault(wait_s=60, stall_after=100_000), where="store")
    run(hub, stop=lambda: sum(parts(cache).values()) >= 100_000)
    assert parts(cache)
    hub.add(ID, {**TINY, "model.safetensors": bytes(500_000)})
    run(hub)
    assert_whole(hub)
    assert parts(cache) == {}
    assert [one.model_id for one in unfinished_downloads(cache)] == []


def test_one_that_does_not_answer_at_all_is_stopped_without_waiting_for_it(hub: HubServer) -> None:
    hub.add(ID, TINY)
    asked = threading.Event()
    hub.fault("*", Fault(wait_s=60, then=asked.set), times=math.inf, where="hub")
    stopped_s = 0.0

    def stop() -> bool:
        nonlocal stopped_s
        if asked.is_set():
            stopped_s = stopped_s or time.monotonic()
        return asked.is_set()

    told = run(hub, stop=stop, patience=Patience())
    assert time.monotonic() - stopped_s < AT_ONCE_S
    assert_all_ended()
    assert told[-1].stage == "checking"


def test_one_that_hangs_while_it_connects_is_left_behind_and_writes_nothing_later(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    hub.add(ID, TINY)
    hangs, let_go = threading.Event(), threading.Event()
    really_look_up = socket.getaddrinfo

    def look_up(*asked: Any, **how: Any) -> Any:
        hangs.set()
        let_go.wait(60)
        return really_look_up(*asked, **how)

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        stopped_s = 0.0

        def stop() -> bool:
            nonlocal stopped_s
            if hangs.is_set():
                stopped_s = stopped_s or time.monotonic()
            return hangs.is_set()

        run(hub, stop=stop, patience=Patience())
        assert time.monotonic() - stopped_s < AT_ONCE_S
    left_behind = [thread for thread in threading.enumerate() if thread.name.startswith("download-")]
    assert left_behind
    run(hub)
    let_go.set()
    for thread in left_behind:
        thread.join(10)
    assert_whole(hub)
    assert hub.sent_bytes == sum(map(len, TINY.values()))


def test_progress_is_of_the_whole_and_its_time_is_honest(hub: HubServer) -> None:
    hub.add(ID, sharded_demo())
    hub.fault("*.safetensors", Fault(bytes_per_s=700_000), times=math.inf, where="store")
    began = time.monotonic()
    guesses: list[tuple[float, float]] = []
    for told in fetch(repository_of(hub, ID), access_to(hub), lambda: False):
        if told.left_s is not None:
            guesses.append((time.monotonic() - began, told.left_s))
            assert 0.7e6 < told.bytes_per_s < 4e6
    took = time.monotonic() - began
    assert guesses
    for at, left in guesses:
        assert abs(at + left - took) < 0.5 * took + 1


def test_names_that_lead_elsewhere_are_refused(hub: HubServer) -> None:
    from dataclasses import replace

    hub.add(ID, TINY)
    good = repository_of(hub, ID)
    for file in (
        replace(good.files[0], path="../../evil.json"),
        replace(good.files[0], path="/evil.json"),
        replace(good.files[0], blob_id="../evil", sha256=""),
    ):
        with pytest.raises(ModelError, match="names that cannot be used"):
            list(fetch(replace(good, files=(file,)), access_to(hub), lambda: False))
    with pytest.raises(ModelError, match="names that cannot be used"):
        list(fetch(replace(good, revision="main"), access_to(hub), lambda: False))
    with pytest.raises(ModelError, match="names that cannot be used"):
        list(fetch(good, access_to(hub), lambda: False, branch="../x"))
    assert hub.requests == []
