"""From what was dropped or chosen to pictures and videos."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from app.core import gathering
from app.core.clips import ClipSource
from app.core.gathering import gather
from app.core.pictures import PictureSource
from tests.clips_made import numbered, write_animation, write_video

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_gives_its_pictures_in_natural_order(tmp_path: Path) -> None:
    for name in ("10.png", "2.JPG", "notes.txt", ".hidden.png", "图.webp"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "inner.png").mkdir()
    gathered = gather([tmp_path])
    assert [source.name for source in gathered.sources] == ["2.JPG", "10.png", "图.webp"]
    assert gathered.refusals == ()


def test_a_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    (source,) = gather([tmp_path / "no such file.txt"]).sources
    assert source == PictureSource("no such file.txt", tmp_path / "no such file.txt")


def test_an_empty_folder_is_refused_and_the_rest_kept(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    gathered = gather([tmp_path / "empty", tmp_path / "a.png"])
    assert [source.name for source in gathered.sources] == ["a.png"]
    assert "no pictures or videos in the folder “empty”" in gathered.refusals[0].text


def test_a_crowded_folder_gives_its_first_pictures_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_FOLDER_FILES", 2)
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"x")
    gathered = gather([tmp_path])
    assert [source.name for source in gathered.sources] == ["0.png", "1.png"]
    assert "has 3 pictures and videos; the first 2" in gathered.refusals[0].text


def test_a_file_that_was_edited_is_another_picture(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"one")
    os.utime(file, ns=(1, 1_000_000_000))
    (before,) = gather([file]).sources
    assert gather([file]).sources == (before,)
    os.utime(file, ns=(1, 2_000_000_000))
    (touched,) = gather([file]).sources
    file.write_bytes(b"three")
    os.utime(file, ns=(1, 2_000_000_000))
    (grown,) = gather([tmp_path]).sources
    assert len({before, touched, grown}) == 3


def test_links_in_a_loop_and_links_to_nothing_are_left_to_the_opening(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "inner").symlink_to(tmp_path)
    assert gather([tmp_path]).sources == ()
    named = gather([tmp_path / "a.png", tmp_path / "loop"])
    assert [source.name for source in named.sources] == ["a.png", "loop"]
    assert all(source.stamp is None for source in named.sources)


def test_a_folder_through_a_link_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.png").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (source,) = gather([tmp_path / "link"]).sources
    assert source.path == tmp_path / "link" / "a.png"


def test_what_may_not_be_looked_at_is_left_to_the_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(type(tmp_path), "stat", refuse)
    (source,) = gather([tmp_path / "secret.png"]).sources
    assert (source.name, source.stamp) == ("secret.png", None)


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    (refusal,) = gather([tmp_path]).refusals
    assert f"“{tmp_path.name}” cannot be read" in refusal.text


@pytest.mark.parametrize("name", ["two  spaces.png", "new\nline.png", "图片 ünï.png", "-rf.png", "%41.png", "a#b?.png"])
def test_strange_names_are_names(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert [source.name for source in gather([tmp_path]).sources] == [name]
    assert [source.path for source in gather([tmp_path / name]).sources] == [tmp_path / name]


def test_a_file_and_its_folder_give_it_once(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    assert len(gather([tmp_path / "a.png", tmp_path, tmp_path / "a.png"]).sources) == 1


def test_a_name_with_a_nul_in_it_is_only_a_name(tmp_path: Path) -> None:
    (source,) = gather([tmp_path / "a\0.png"]).sources
    assert source.stamp is None


def test_videos_and_animations_are_told_by_their_content(tmp_path: Path) -> None:
    write_video(tmp_path / "1.mp4", numbered(4))
    (tmp_path / "1.mp4").rename(tmp_path / "1.png")
    write_animation(tmp_path / "2.gif", numbered(4), [100] * 4)
    numbered_still = numbered(1)
    write_animation(tmp_path / "3.gif", numbered_still, [100])
    (tmp_path / "4.MOV").write_bytes(b"only words")
    write_video(tmp_path / "5.mkv", numbered(4))
    found = gather([tmp_path]).sources
    assert [(source.name, type(source)) for source in found] == [
        ("1.png", ClipSource),
        ("2.gif", ClipSource),
        ("3.gif", PictureSource),
        ("4.MOV", PictureSource),
        ("5.mkv", ClipSource),
    ]
    assert gather([tmp_path / "5.mkv"]).sources == found[-1:]
    stamp = (tmp_path / "5.mkv").stat()
    assert found[-1].stamp == (stamp.st_size, stamp.st_mtime_ns)


def test_sources_of_programs_in_a_folder_are_no_videos(tmp_path: Path) -> None:
    (tmp_path / "index.ts").write_text("export const x = 1;")
    write_video(tmp_path / "tv.ts", numbered(4))
    (tmp_path / "broken.mp4").write_bytes(b"words")
    assert [source.name for source in gather([tmp_path]).sources] == ["broken.mp4", "tv.ts"]
    assert [source.name for source in gather([tmp_path / "index.ts"]).sources] == ["index.ts"]
