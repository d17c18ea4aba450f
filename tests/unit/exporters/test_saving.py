"""Saving writes the file and its pictures, or changes nothing and says why."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt

from app.core.errors import UserError
from app.core.footage import FrameWish
from app.core.results import ClipRecord, MediaRecord, Result
from app.exporters.json_export import read_result_file
from app.exporters.saving import save
from tests.example_results import media_record, result_of, turn_record

PNG = b"\x89PNG\r\n\x1a\n one"
OTHER_PNG = b"\x89PNG\r\n\x1a\n two"
CLIP = ClipRecord("", None, "ef" * 32, "01" * 32, 64, 48, 64, 32, 4, 2.0, 2.0, (0.0, 0.5, 1.0, 1.5), FrameWish())


def record_of(content: bytes, name: str, path: Path | None = None) -> MediaRecord:
    return media_record(name, path, hashlib.sha256(content).hexdigest())


def saved_record(path: Path, content: bytes = PNG) -> MediaRecord:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return record_of(content, path.name, path)


def result_with(*records: MediaRecord | ClipRecord) -> Result:
    return result_of(turn_record(media=records))


def linked(document: Path) -> list[Path]:
    """The files that the document's pictures and videos lead to, as a reader would find them."""
    tokens = MarkdownIt("commonmark").parse(document.read_text(encoding="utf-8"))
    children = [child for token in tokens for child in token.children or []]
    found = (child.attrs.get("src") or child.attrs.get("href") for child in children)
    sources = [source for source in found if source]
    return [
        Path(os.path.normpath(document.parent / unquote(str(source), errors="surrogateescape"))) for source in sources
    ]


def test_the_ending_or_the_name_decides_the_format(tmp_path: Path) -> None:
    save(result_of(), tmp_path / "a.MD")
    save(result_of(), tmp_path / "a.json")
    save(result_of(), tmp_path / "b.txt", "json")
    assert (tmp_path / "a.MD").read_text().startswith("# ")
    assert read_result_file(tmp_path / "a.json") == read_result_file(tmp_path / "b.txt") == result_of()
    with pytest.raises(UserError, match=r"“c\.docx” names no format. Use .md for markdown, .json for json"):
        save(result_of(), tmp_path / "c.docx")
    with pytest.raises(UserError, match="no format “docx”"):
        save(result_of(), tmp_path / "c.docx", "docx")
    assert not (tmp_path / "c.docx").exists()


@pytest.mark.parametrize(
    "name", ["a b.png", "[x](y) 'z' \"q\".png", "照片 🖼.png", "100%25 #1?.png", "a&b;c.png", "dot. .png", "a:b.png"]
)
def test_links_lead_to_the_pictures_from_any_folder(tmp_path: Path, name: str) -> None:
    record = saved_record(tmp_path / "in [1]" / name)
    for folder in (tmp_path, tmp_path / "in [1]", tmp_path / "out (2)" / "deep"):
        folder.mkdir(parents=True, exist_ok=True)
        save(result_with(record), folder / "answer.md")
        assert linked(folder / "answer.md") == [record.path]
    assert "(" + "../" * 2 in (tmp_path / "out (2)" / "deep" / "answer.md").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_not_utf8_is_linked(tmp_path: Path) -> None:
    record = saved_record(tmp_path / os.fsdecode(b"caf\xe9.png"))
    save(result_with(record), tmp_path / "a.md")
    assert linked(tmp_path / "a.md") == [record.path]
    assert "caf%E9.png" in (tmp_path / "a.md").read_text(encoding="utf-8")


def test_a_recorded_path_that_cannot_be_is_linked_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    save(result_of(turn_record(media=(media_record(path=Path("/a\0b/c.png")),))), file)
    assert "/a%00b/c.png" in file.read_text(encoding="utf-8")


def test_links_are_right_behind_a_linked_folder(tmp_path: Path) -> None:
    record = saved_record(tmp_path / "pictures" / "a.png")
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "deep")
    save(result_with(record), tmp_path / "link" / "a.md")
    assert linked(tmp_path / "real" / "deep" / "a.md") == [record.path]


def test_pictures_are_copied_beside_the_document(tmp_path: Path) -> None:
    record = saved_record(tmp_path / "far" / "照片 [1].png")
    document = tmp_path / "my answer.md"
    save(result_with(record), document, copy_pictures=True)
    assert linked(document) == [tmp_path / "my answer-files" / "照片 [1].png"]
    assert linked(document)[0].read_bytes() == PNG
    before = sorted(tmp_path.rglob("*"))
    save(result_with(record), document, copy_pictures=True)
    assert sorted(tmp_path.rglob("*")) == before, "saving again makes no second copy"


def test_names_that_meet_are_told_apart_and_one_picture_is_copied_once(tmp_path: Path) -> None:
    records = (
        saved_record(tmp_path / "1" / "a.png"),
        saved_record(tmp_path / "2" / "a.png", OTHER_PNG),
        saved_record(tmp_path / "3" / "A.PNG", b"\x89PNG third"),
        saved_record(tmp_path / "4" / "again.png"),
    )
    document = tmp_path / "x.md"
    save(result_with(*records), document, copy_pictures=True)
    files = linked(document)
    assert [file.name for file in files] == ["a.png", "a-2.png", "A-3.PNG", "a.png"]
    assert [file.read_bytes() for file in files[:3]] == [PNG, OTHER_PNG, b"\x89PNG third"]
    assert len(list((tmp_path / "x-files").iterdir())) == 3


def test_a_pasted_picture_is_copied_from_its_bytes(tmp_path: Path) -> None:
    pasted, unknown = record_of(PNG, "Pasted picture"), record_of(OTHER_PNG, "Lost")
    document = tmp_path / "x.md"
    save(result_with(pasted, unknown), document, copy_pictures=True, pasted={pasted.sha256: PNG})
    assert linked(document) == [tmp_path / "x-files" / "Pasted picture.png"]
    assert "*Image 2: Lost (not in a file)*" in document.read_text()


def test_a_video_stays_linked_and_a_pasted_animation_is_copied(tmp_path: Path) -> None:
    (tmp_path / "roll.mp4").write_bytes(b"video")
    film = replace(CLIP, name="roll.mp4", path=tmp_path / "roll.mp4")
    pasted = replace(CLIP, name="Pasted picture", path=None, fingerprint="cd" * 32)
    picture = saved_record(tmp_path / "far" / "a.png")
    document = tmp_path / "x.md"
    result = result_with(film, pasted, picture)
    save(result, document, copy_pictures=True, pasted={pasted.fingerprint: b"GIF89a animated"})
    assert linked(document) == [
        tmp_path / "roll.mp4",
        tmp_path / "x-files" / "Pasted picture.gif",
        tmp_path / "x-files" / "a.png",
    ]
    assert (tmp_path / "x-files" / "Pasted picture.gif").read_bytes() == b"GIF89a animated"
    assert len(list((tmp_path / "x-files").iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("../../escape.png", "_.._escape.png"),
        ("/etc/passwd", "_etc_passwd.png"),
        ("a\\b:c*?.png", "a_b_c__.png"),
        ("..", "picture.png"),
        ("", "picture.png"),
        (".png", "png.png"),
        ("nul.png", "_nul.png"),
        ("line\nbreak\udcff.png", "line_break_.png"),
        ("x" * 400 + ".jpeg", "x" * 120 + ".jpeg"),
        ("图" * 200 + ".png", "图" * 40 + ".png"),
    ],
)
def test_a_copys_name_is_possible_everywhere_and_stays_in_the_folder(tmp_path: Path, name: str, wanted: str) -> None:
    record = record_of(PNG, name)
    save(result_with(record), tmp_path / "x.md", copy_pictures=True, pasted={record.sha256: PNG})
    assert [file.name for file in (tmp_path / "x-files").iterdir()] == [wanted]
    assert linked(tmp_path / "x.md") == [tmp_path / "x-files" / wanted]


def test_json_copies_nothing(tmp_path: Path) -> None:
    save(result_with(saved_record(tmp_path / "a.png")), tmp_path / "x.json", copy_pictures=True)
    assert {file.name for file in tmp_path.iterdir()} == {"a.png", "x.json"}


def refused(result: Result, document: Path) -> str:
    with pytest.raises(UserError) as caught:
        save(result, document, copy_pictures=True)
    assert caught.value.said.hint
    return caught.value.said.text


def test_a_picture_that_is_gone_or_changed_stops_the_copy_and_leaves_nothing(tmp_path: Path) -> None:
    kept, changed = saved_record(tmp_path / "kept.png"), saved_record(tmp_path / "changed.png", OTHER_PNG)
    changed_path = tmp_path / "changed.png"
    changed_path.write_bytes(b"something else")
    assert "“changed.png” has changed" in refused(result_with(kept, changed), tmp_path / "x.md")
    changed_path.unlink()
    assert "“changed.png” is no longer there" in refused(result_with(kept, changed), tmp_path / "x.md")
    assert [file.name for file in tmp_path.iterdir()] == ["kept.png"]


def test_a_document_that_cannot_be_written_takes_its_copies_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = saved_record(tmp_path / "in" / "a.png")
    (tmp_path / "x.md").mkdir()
    assert "is a folder" in refused(result_with(record), tmp_path / "x.md")
    assert not (tmp_path / "x-files").exists()
    (tmp_path / "y-files").write_text("a file in the way")
    assert "“y-files” for the pictures cannot be used" in refused(result_with(record), tmp_path / "y.md")
    assert "cannot be used" in refused(result_with(record), tmp_path / "none" / "z.md")

    def fail(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        assert "The disk is full: “a.png” was not saved." in refused(result_with(record), tmp_path / "z.md")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "x.md", "y-files"]
