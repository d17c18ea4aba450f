from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from app.cli.recorded import recorded_conversation, recorded_sources
from app.core.errors import UserError
from app.core.pictures import PictureSource, open_picture
from app.core.results import MediaRecord, SegmentRecord
from app.core.vision import PixelLimits
from tests.example_results import clip_record, media_record, result_of, turn_record

LIMITS = PixelLimits(1_024, 1_048_576)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    Image.new("RGB", (640, 480), "red").save(path)
    return path


def test_each_earlier_picture_is_seen_at_the_budget_of_its_own_turn(file: Path) -> None:
    source = PictureSource(file.name, file)
    records = [MediaRecord.of(open_picture(source, LIMITS.capped(budget))) for budget in (None, 40)]
    assert records[0].tokens > records[1].tokens
    result = result_of(
        turn_record("One?", "Yes.", media=(records[0],), max_image_tokens=None),
        turn_record("Two?", "No.", media=(records[1],), max_image_tokens=40),
        turn_record("Three?", "Maybe.", max_image_tokens=7),
    )
    turns = recorded_conversation(result, LIMITS, LIMITS)
    assert [(turn.question, turn.answer) for turn in turns] == [("One?", "Yes."), ("Two?", "No.")]
    assert [turn.pictures[0].tokens for turn in turns] == [record.tokens for record in records]


def test_a_video_in_segments_is_told_and_not_opened_again() -> None:
    gone = replace(clip_record(), path=Path("/no/such/video.mp4"))
    parts = (
        SegmentRecord(0.0, 60.0, shown=gone, answer="A door opens.", outcome="done"),
        SegmentRecord(58.0, 120.0),
    )
    result = result_of(
        turn_record("One?", "It opens.", media=(gone,), segments=parts),
        turn_record("Two?", "", media=(gone,), segments=parts, outcome="cancelled"),
        turn_record("Three?", "Maybe."),
    )
    whole, stopped = recorded_conversation(result, LIMITS, LIMITS)
    assert (whole.media, whole.answer) == ((), "It opens.")
    assert stopped.media == ()
    assert "| 0:00 – 1:00 | A door opens. |" in stopped.answer


def test_a_turn_without_an_answer_is_not_told() -> None:
    result = result_of(turn_record("One?", ""), turn_record("Two?", "No."))
    assert recorded_conversation(result, LIMITS, LIMITS) == ()


def test_a_changed_missing_or_pasted_picture_is_refused(file: Path) -> None:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert recorded_sources([media_record(path=file, sha256=sha256)])[0].path == file
    file.write_bytes(b"other")
    with pytest.raises(UserError, match="has changed"):
        recorded_sources([media_record(path=file, sha256=sha256)])
    file.unlink()
    with pytest.raises(UserError, match="no longer there"):
        recorded_sources([media_record(path=file, sha256=sha256)])
    with pytest.raises(UserError, match="has no file"):
        recorded_sources([media_record(path=None)])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_what_is_no_file_is_refused_unopened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(UserError, match="is not a file any more"):
            recorded_sources([media_record(path=path)])


def test_what_is_too_large_for_a_picture_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    monkeypatch.setattr("app.core.picture_files.MAX_FILE_BYTES", file.stat().st_size - 1)
    with pytest.raises(UserError, match="has changed"):
        recorded_sources([media_record(path=file, sha256=sha256)])


@pytest.mark.parametrize("name", ["a\0b.png", "x" * 300])
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read") as caught:
        recorded_sources([media_record(path=tmp_path / name)])
    assert "\0" not in caught.value.said.text
