"""What a download writes into the cache: seen whole or not at all, shared with other programs, never in their way."""

from __future__ import annotations

import hashlib
import math
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.checkpoint import find_checkpoint
from app.core.errors import AppError, ModelError, UserError
from app.core.models.download_state import FetchProgress
from app.core.models.fetching import discard, fetch, remaining_bytes
from tests.fetching_driver import ID, OTHER, QUICK, SHARD, TINY, assert_whole, parts, run, snapshot
from tests.hub_server import Fault, HubServer
from tests.served_model import access_to, repository_of
from tests.sharded_demo import sharded_demo


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub-cache"


def test_the_library_itself_reads_and_keeps_what_came(hub: HubServer) -> None:
    from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download

    hub.add(ID, {**TINY, "nested/more.json": b"[]"})
    run(hub)
    sent = hub.sent_bytes
    assert Path(snapshot_download(ID)) == snapshot(hub)
    assert Path(hf_hub_download(ID, "nested/more.json")).read_bytes() == b"[]"
    assert hub.sent_bytes == sent
    found = scan_cache_dir(str(snapshot(hub).parents[2]))
    assert [(repo.repo_id, len(repo.revisions)) for repo in found.repos] == [(ID, 1)]
    assert found.warnings == []


def test_what_another_program_has_is_not_fetched_again(hub: HubServer) -> None:
    from huggingface_hub import hf_hub_download

    hub.add(ID, sharded_demo())
    for name in (SHARD, "tokenizer.json"):
        hf_hub_download(ID, name)
    seen = len(hub.requests)
    have = len(sharded_demo()[SHARD]) + len(sharded_demo()["tokenizer.json"])
    told = run(hub)
    assert told[0].done_bytes == have
    assert_whole(hub)
    asked = [one.path for one in hub.requests[seen:]]
    assert not any(SHARD in path or "tokenizer.json" in path for path in asked)


def test_a_file_that_did_not_change_is_shared_by_two_revisions(hub: HubServer) -> None:
    hub.add(ID, TINY)
    run(hub)
    hub.add(ID, {**TINY, "config.json": b"{}"})
    sent = hub.sent_bytes
    told = run(hub)
    assert told[0].done_bytes == len(TINY["model.safetensors"])
    assert hub.sent_bytes - sent == 2
    assert_whole(hub)


def test_one_content_under_two_names_is_fetched_once(hub: HubServer) -> None:
    content = TINY["model.safetensors"]
    hub.add(ID, {"config.json": b"{}", "a.safetensors": content, "b.safetensors": content, "empty.json": b""})
    told = run(hub)
    assert told[-1].total_bytes == 2 + 2 * len(content)
    assert hub.sent_bytes == 2 + len(content)
    assert_whole(hub)


def test_a_stray_end_of_another_length_or_content_is_found_out(hub: HubServer, cache: Path) -> None:
    hub.add(ID, TINY)
    blobs = cache / "models--house--demo/blobs"
    blobs.mkdir(parents=True)
    name = hashlib.sha256(TINY["model.safetensors"]).hexdigest()
    for stray in (b"x" * 5000, TINY["model.safetensors"] + b"more", b""):
        (blobs / f"{name}.viewfinder-part").write_bytes(stray)
        run(hub)
        assert_whole(hub)
        shutil.rmtree(cache / "models--house--demo/snapshots")
        (blobs / name).unlink()


def test_a_blob_of_the_wrong_size_is_replaced(hub: HubServer) -> None:
    hub.add(ID, TINY)
    run(hub)
    blob = (snapshot(hub) / "model.safetensors").resolve()
    blob.write_bytes(b"cut short")
    run(hub)
    assert_whole(hub)


def test_a_disk_without_room_is_said_before_anything_is_asked(
    hub: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(ID, TINY)
    usage = shutil.disk_usage(cache.parent)
    monkeypatch.setattr("app.core.models.disk_room.shutil.disk_usage", lambda _: usage._replace(free=200 << 20))
    with pytest.raises(UserError) as raised:
        run(hub)
    assert str(raised.value.said.text) == "house/demo needs 0.3 GB of room on the disk; 0.2 GB are free."
    assert str(cache) in raised.value.said.hint
    assert hub.requests == []
    monkeypatch.setattr(
        "app.core.models.disk_room.shutil.disk_usage", lambda _: usage._replace(free=(256 << 20) + (1 << 20))
    )
    run(hub)
    assert_whole(hub)


def test_a_disk_that_becomes_full_keeps_what_came(hub: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    hub.add(ID, TINY)
    room = [500_000]
    really_write = os.write

    def write(descriptor: int, data: memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = really_write(descriptor, data[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr("app.core.models.part_file.os.write", write)
    with pytest.raises(UserError, match="became full") as raised:
        run(hub)
    assert "kept" in raised.value.said.hint
    kept = max(parts(cache).values())
    assert kept > 400_000
    room[0] = 1 << 30
    run(hub)
    assert_whole(hub)
    assert hub.seen("*model.safetensors", where="store")[-1].range == f"bytes={kept}-"


def test_a_cache_that_may_not_be_written_is_said(hub: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    hub.add(ID, TINY)
    really_open = os.open

    def refuse(path: Path, flags: int, *rest: int) -> int:
        if "viewfinder-part" in str(path):
            raise OSError(errno.EROFS, "Read-only file system")
        return really_open(path, flags, *rest)

    monkeypatch.setattr("app.core.models.part_file.os.open", refuse)
    with pytest.raises(UserError, match="may not be written") as raised:
        run(hub)
    assert "Where models are kept" in raised.value.said.hint
    assert str(cache) in str(raised.value.said.text)


def test_a_cache_that_is_whole_needs_no_writing(hub: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    first = hub.add(ID, TINY)
    hub.add(ID, {**TINY, "config.json": b"{}"})
    run(hub)
    list(fetch(repository_of(hub, ID, first), access_to(hub), lambda: False, branch=None, patience=QUICK))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    really_open = os.open
    monkeypatch.setattr(
        os, "open", lambda path, flags, *rest: (refuse if flags & os.O_CREAT else really_open)(path, flags, *rest)
    )
    monkeypatch.setattr(Path, "mkdir", refuse)
    told = list(fetch(repository_of(hub, ID, first), access_to(hub), lambda: False, patience=QUICK))
    assert told[-1].stage == "done"
    assert (cache / "models--house--demo/refs/main").read_text() == hub.repositories[ID].head


def test_one_that_is_given_up_takes_nothing_from_another_that_goes_on(hub: HubServer) -> None:
    hub.add(ID, sharded_demo())
    hub.fault(f"*{SHARD}", Fault(bytes_per_s=600_000), where="store")
    tried = False
    for told in fetch(repository_of(hub, ID), access_to(hub), lambda: False, patience=QUICK):
        if told.stage == "downloading" and told.done_bytes > sum(map(len, sharded_demo().values())) - 1_000_000:
            assert discard(ID) == 0
            tried = True
    assert tried
    assert_whole(hub)
    assert hub.sent_bytes == sum(map(len, sharded_demo().values()))


def test_what_goes_missing_before_the_end_is_fetched_again(hub: HubServer, cache: Path) -> None:
    hub.add(ID, TINY)
    for told in fetch(repository_of(hub, ID), access_to(hub), lambda: False, patience=QUICK):
        if told.stage == "verifying" and len(hub.seen("*model.safetensors", where="store")) == 1:
            next(path for path in (cache / "models--house--demo/blobs").iterdir() if len(path.name) == 64).unlink()
    assert_whole(hub)
    assert len(hub.seen("*model.safetensors", where="store")) == 2


def test_two_at_once_fetch_each_file_once_and_both_end(hub: HubServer) -> None:
    hub.add(ID, sharded_demo())
    hub.fault("*.safetensors", Fault(bytes_per_s=3_000_000), times=math.inf, where="store")
    ends: list[FetchProgress] = []

    def one() -> None:
        ends.append(run(hub)[-1])

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [end.stage for end in ends] == ["done", "done"]
    assert hub.sent_bytes == sum(map(len, sharded_demo().values()))
    assert_whole(hub)


def test_beside_the_library_itself_nothing_is_damaged(hub: HubServer) -> None:
    from huggingface_hub import snapshot_download

    hub.add(ID, sharded_demo())
    hub.fault("*.safetensors", Fault(bytes_per_s=4_000_000), times=math.inf, where="store")
    other = threading.Thread(target=snapshot_download, args=(ID,))
    other.start()
    run(hub)
    other.join()
    assert_whole(hub)


def test_no_links_on_the_disk_are_no_hindrance(hub: HubServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", True)
    hub.add(ID, sharded_demo())
    run(hub)
    assert_whole(hub)
    assert not any(path.is_symlink() for path in cache.rglob("*"))
    hub.add(OTHER, {"config.json": b"{}", "a.safetensors": b"abc", "b.safetensors": b"abc"})
    run(hub, OTHER)
    assert_whole(hub, OTHER)
    seen = len(hub.requests)
    assert run(hub)[-1].stage == "done"
    assert len(hub.requests) == seen


@pytest.mark.parametrize("there", ["a.safetensors", "b.safetensors"])
def test_without_links_a_content_that_is_there_under_one_name_serves_for_another(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    from huggingface_hub import constants, hf_hub_download

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", True)
    hub.add(ID, {"config.json": b"{}", "a.safetensors": b"abc", "b.safetensors": b"abc"})
    hf_hub_download(ID, there)
    run(hub)
    assert_whole(hub)


class PowerCutError(BaseException):
    """All ends here; not an Exception, so that nothing is tidied up because of it."""


@pytest.mark.parametrize("has_links", [True, False])
def test_an_end_at_any_step_of_making_it_visible_shows_nothing_that_is_not_whole(
    hub: HubServer, cache: Path, has_links: bool
) -> None:
    import os

    from huggingface_hub import constants

    hub.add(ID, sharded_demo())
    steps = left = 0

    def ending(really: Callable[..., object]) -> Callable[..., object]:
        def step(*values: object, **named: object) -> object:
            nonlocal left
            if threading.current_thread() is threading.main_thread():
                if not left:
                    raise PowerCutError
                left -= 1
            return really(*values, **named)

        return step

    while True:
        left = steps
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", not has_links)
            for name in ("replace", "rename", "symlink_to", "mkdir"):
                patch.setattr(Path, name, ending(getattr(Path, name)))
            patch.setattr("app.core.files.os.fsync", ending(os.fsync))
            try:
                run(hub)
                break
            except PowerCutError:
                steps += 1
        snapshots = list((cache / "models--house--demo/snapshots").glob("*"))
        assert len(snapshots) < 2
        for folder in snapshots:
            assert {path.name: path.read_bytes() for path in folder.iterdir()} == sharded_demo()
        if not snapshots:
            with pytest.raises(ModelError):
                find_checkpoint(ID)
    assert steps > len(sharded_demo())
    assert_whole(hub)


def test_a_folder_that_another_program_began_becomes_a_model_with_its_last_file(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import hf_hub_download

    hub.add(ID, sharded_demo())
    hf_hub_download(ID, "tokenizer.json")
    seen: list[str] = []
    really_replace = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if "snapshots" in Path(target).parts:
            with pytest.raises(ModelError):
                find_checkpoint(ID)
            seen.append(Path(target).name)
        return really_replace(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    run(hub)
    assert (len(seen), seen[-1]) == (len(sharded_demo()) - 1, "config.json")
    assert_whole(hub)


def test_what_was_not_finished_is_discarded_and_nothing_else(hub: HubServer, cache: Path) -> None:
    hub.add(ID, TINY)
    run(hub)
    kept = sorted(cache.rglob("*"))
    hub.add(ID, {**TINY, "model.safetensors": TINY["model.safetensors"][::-1], "other.json": b"{}"})
    hub.fault("*model.safetensors", Fault(cut_after=300_000), where="store")
    hub.fault("*model.safetensors", Fault(status=404), where="store", times=math.inf)
    with pytest.raises(AppError):
        run(hub)
    assert remaining_bytes(repository_of(hub, ID)) < sum(map(len, TINY.values()))
    assert discard(ID) >= 300_000
    assert [path for path in sorted(cache.rglob("*")) if path.suffix != ".lock"] == [
        path for path in kept if path.suffix != ".lock"
    ]
    assert discard("house/never") == 0
    assert not (cache / "models--house--never").exists()
