"""A file is written whole or not at all, and whoever asked reads why not."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from app.core.errors import UserError
from app.core.files import name_for_file, shown_name, write_atomically

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """As a user to whom permissions apply, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    parents = [parent for parent in (folder, *folder.parents) if parent.stat().st_uid == 0 and parent != Path("/")]
    modes = {parent: stat.S_IMODE(parent.stat().st_mode) for parent in parents[1:]}
    for parent, mode in modes.items():
        parent.chmod(mode | 0o711)
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)
        for parent, mode in modes.items():
            parent.chmod(mode)


def refusal(path: Path, content: str | bytes = "new") -> str:
    with pytest.raises(UserError) as caught:
        write_atomically(path, content)
    assert caught.value.said.hint.endswith(".")
    return caught.value.said.text


def test_it_writes_and_replaces_text_bytes_and_chunks(tmp_path: Path) -> None:
    path = tmp_path / "答え [1].md"
    write_atomically(path, "one\r\ntwo\n照片")
    assert path.read_bytes() == "one\r\ntwo\n照片".encode()
    write_atomically(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    write_atomically(path, (bytes([n]) * 3 for n in range(3)))
    assert path.read_bytes() == b"\0\0\0\1\1\1\2\2\2"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_permissions_of_a_replaced_file_stay_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    old, new, plain = tmp_path / "old", tmp_path / "new", tmp_path / "plain"
    old.write_text("x")
    old.chmod(0o640)
    write_atomically(old, "y")
    write_atomically(new, "y")
    plain.write_text("y")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert new.stat().st_mode == plain.stat().st_mode


@posix
def test_a_link_keeps_pointing_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    write_atomically(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "no" / "a.md")
    (tmp_path / "file").write_text("x")
    assert "“a.md” was not saved" in refusal(tmp_path / "file" / "a.md")


def test_a_folder_of_that_name_and_impossible_names(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)
    assert "too long" in refusal(tmp_path / ("x" * 300))
    refusal(tmp_path / "nul\0.md")
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_read_only_folder_and_a_read_only_file(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    kept = folder / "kept.md"
    kept.write_text("old")
    folder.chmod(0o555)
    with unprivileged(folder):
        assert "“new.md” may not be written" in refusal(folder / "new.md")
        assert "may not be written" in refusal(kept)
    folder.chmod(0o777)
    kept.chmod(0o444)
    with unprivileged(folder):
        assert "may not be written" in refusal(kept)
    assert kept.read_text() == "old"
    assert list(folder.iterdir()) == [kept]


@posix
def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "device or a pipe" in refusal(tmp_path / "pipe")


@pytest.mark.parametrize("function", ["fsync", "open"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, number: int
) -> None:
    path = tmp_path / "kept.json"
    path.write_text("old")

    def fail(*_: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, function, fail)
        assert refusal(path) == "The disk is full: “kept.json” was not saved."
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's always-full device")
def test_a_device_that_is_always_full_is_refused_before_it_is_written() -> None:
    assert "device" in refusal(Path("/dev/full"))


def test_a_broken_off_source_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("old")

    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, chunks())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb\x1b[31m\x85.png", "a\ufffdb\ufffd[31m\ufffd.png"),
        ("gnp.\u202eexe", "gnp.\ufffdexe"),
        ("a\udcff.png", "a\ufffd.png"),
        ("Screenshot at 3.45\u202fPM.png", "Screenshot at 3.45\u202fPM.png"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467 \u56fe\u3000\u7247.png",) * 2,
    ],
)
def test_a_name_is_shown_in_one_line_and_as_it_is(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_words_become_a_name_that_every_system_allows() -> None:
    assert name_for_file('1/2:\x00 "what?" \n. ') == "1 2 what"
    assert name_for_file("电影 1") == "电影 1"
    assert name_for_file("...") == ""
    assert len(name_for_file("🎬" * 300).encode()) <= 240
