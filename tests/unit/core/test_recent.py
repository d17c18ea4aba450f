"""What was used last is kept in order, bounded, and never worth a complaint."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from app.core.recent import MOST_COMMANDS, MOST_PATHS, Recent, read_recent, write_recent


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "recent.json"
    recent = Recent((Path("/a/图片 one.png"), Path("/not utf-8 \udcff")), ("askAction", "openAction"))
    write_recent(file, recent)
    assert read_recent(file) == recent
    write_recent(file, recent.without_paths())
    assert read_recent(file) == Recent((), recent.commands)


def test_the_newest_stands_first_and_once() -> None:
    recent = Recent().with_paths([Path("/a"), Path("/b")]).with_paths([Path("/b"), Path("/c")])
    assert recent.paths == (Path("/b"), Path("/c"), Path("/a"))
    recent = recent.with_command("x").with_command("y").with_command("x")
    assert recent.commands == ("x", "y")


def test_no_more_is_kept_than_fits() -> None:
    recent = Recent()
    for number in range(50):
        recent = recent.with_paths([Path(f"/{number}")]).with_command(str(number))
    assert recent.paths == tuple(Path(f"/{number}") for number in range(49, 49 - MOST_PATHS, -1))
    assert len(recent.commands) == MOST_COMMANDS
    assert recent.commands[0] == "49"


def test_of_many_files_their_folders_are_kept() -> None:
    many = [Path(f"/holiday/{number}.jpg") for number in range(300)]
    assert Recent((Path("/a"),)).with_paths(many).paths == (Path("/holiday"), Path("/a"))
    assert Recent().with_paths(many[:MOST_PATHS]).paths == tuple(many[:MOST_PATHS])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '{"paths": []}',
        '{"paths": 3, "commands": []}',
        '{"paths": {"/a": 1}, "commands": []}',
        '{"paths": "ab", "commands": []}',
        '{"paths": [1], "commands": []}',
        '{"paths": ["a\\u0000b"], "commands": []}',
        '{"paths": [], "commands": [null]}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_begins_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "recent.json"
    file.write_text(text, encoding="utf-8")
    assert read_recent(file) == Recent()
    file.write_bytes(b"\xff\xfe\x00")
    assert read_recent(file) == Recent()


def test_a_longer_file_of_another_version_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "recent.json"
    values = {"paths": [f"/{number}" for number in range(99)], "commands": ["x"] * 99, "more": 1}
    file.write_text(json.dumps(values), encoding="utf-8")
    assert len(read_recent(file).paths) == MOST_PATHS
    assert len(read_recent(file).commands) == MOST_COMMANDS


def test_a_place_that_cannot_be_written_loses_only_the_list(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    write_recent(blocked / "recent.json", Recent((Path("/a"),)))
    assert blocked.read_bytes() == b""
    assert os.listdir(tmp_path) == ["a file"]  # noqa: PTH208 - names only
