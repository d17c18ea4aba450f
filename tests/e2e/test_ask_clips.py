"""``viewfinder ask`` about videos, as a person starts it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from app.core.paths import SCHEMAS_DIR
from tests.clips_made import numbered, write_animation, write_video

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.program import Program


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    file = tmp_path / "视频 #1.mp4"
    write_video(file, numbered(100), rate=10)
    return file


def test_a_clip_is_told_with_its_frames_and_cost(program: Program, clip: Path) -> None:
    done = program.ask(clip, "-p", "What happens?", "--frames", "8")
    assert done.returncode == 0, done.stderr
    assert "视频 #1.mp4" in done.stdout
    assert (
        "Video 1: 视频 #1.mp4, 160 x 96, 10.0 s; 8 frames from 0.0 s to 9.9 s, 1.41 s apart, "
        "seen at 160 x 96, 60 tokens"
    ) in done.stderr
    assert "(60 for videos)" in done.stderr


def test_a_dry_run_asks_nothing_and_tells_the_cost(program: Program, clip: Path, picture: Path) -> None:
    done = program.ask(clip, picture, "--dry-run", "--fps", "1", "--start", "0:02", "--end", "8.5")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Video 1: 视频 #1.mp4, 160 x 96, 10.0 s; 6 frames from 2.0 s to 8.5 s, 1.30 s apart")
    assert lines[1].startswith("Image 1: 红色")
    assert lines[2].startswith("Together ")
    assert len(lines) == 3


def test_small_text_is_warned_of(program: Program, tmp_path: Path) -> None:
    write_video(tmp_path / "big.mp4", numbered(60, 1280, 720), rate=2)
    done = program.ask(tmp_path / "big.mp4", "--dry-run", "--max-video-tokens", "600")
    assert "too small to read" in done.stdout
    assert " 600 tokens" in done.stdout or int(done.stdout.rsplit("seen at", 1)[1].split(",")[1].split()[0]) <= 600


def test_a_result_with_a_clip_is_valid_and_can_be_asked_again(program: Program, clip: Path) -> None:
    words = ("-p", "What happens?", "--start", "1", "--end", "5", "--max-video-tokens", "50")
    first = program.ask(clip, *words, "-o", "first.json")
    assert first.returncode == 0, first.stderr
    again = program.ask("--from", "first.json", "--format", "json")
    assert again.returncode == 0, again.stderr
    results = [json.loads((program.folder / "first.json").read_text(encoding="utf-8")), json.loads(again.stdout)]
    schema = json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8"))
    for result in results:
        jsonschema.validate(result, schema)
    (record,) = results[0]["turns"][0]["media"]
    assert results[1]["turns"][0]["media"] == [record]
    assert record["kind"] == "video"
    assert record["frame_times_s"][0] == 1.0
    assert record["frame_times_s"][-1] == 5.0
    assert len(record["frame_times_s"]) % 2 == 0
    assert record["wanted"] == {
        "frames_per_s": None,
        "frame_count": None,
        "start_s": 1.0,
        "end_s": 5.0,
        "max_tokens": 50,
    }
    clip.write_bytes(clip.read_bytes()[:-1] + b"x")
    changed = program.ask("--from", "first.json")
    assert changed.returncode == 3
    assert "has changed" in changed.stderr


def test_a_frame_alone_is_the_same_when_it_is_asked_about_again(program: Program, clip: Path) -> None:
    first = program.ask(clip, "-p", "What?", "--start", "9.88", "-o", "first.json")
    assert first.returncode == 0, first.stderr
    line = "Image 1: 视频 #1.mp4, 160 x 96, the frame at 9.90 s, seen at "
    assert line in first.stderr
    assert line in program.ask("--from", "first.json", "--dry-run").stdout
    again = program.ask("--from", "first.json", "--format", "json")
    assert again.returncode == 0, again.stderr
    results = [json.loads((program.folder / "first.json").read_text(encoding="utf-8")), json.loads(again.stdout)]
    jsonschema.validate(results[0], json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8")))
    (record,) = results[0]["turns"][0]["media"]
    assert (record["kind"], record["frame_time_s"]) == ("image", 9.9)
    assert results[1]["turns"][0]["media"] == [record]
    told = program.ask("--from", "first.json", "--format", "markdown")
    assert "the frame at 9.9 s" in told.stdout


def test_what_is_given_beside_a_recorded_result_stands_in_place_of_it(program: Program, clip: Path) -> None:
    first = program.ask(clip, "-p", "What?", "--start", "1", "--end", "5", "--fps", "1", "-o", "first.json")
    assert first.returncode == 0, first.stderr
    again = program.ask("--from", "first.json", "--dry-run", "--frames", "8", "--start", "2")
    assert "8 frames from 2.0 s to 5.0 s" in again.stdout


def test_an_animation_and_a_single_frame(program: Program, tmp_path: Path) -> None:
    write_animation(tmp_path / "a.gif", numbered(10), [100] * 10)
    write_video(tmp_path / "one.mp4", numbered(1))
    done = program.ask(tmp_path / "a.gif", tmp_path / "one.mp4", "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Video 1: a.gif, 160 x 96, 1.0 s; 4 frames")
    assert lines[1].startswith("Image 1: one.mp4, 160 x 96")
    assert lines[2] == "  The video has a single frame: it is asked about as a picture."


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--frames", "3"), 2, "4 to 768"),
        (("--fps", "2", "--frames", "8"), 2, "not allowed with"),
        (("--start", "abc"), 2, "is not a time"),
        (("--start", "5", "--end", "2"), 2, "after its start"),
        (("--start", "99"), 3, "the video ends at 10.0 s"),
    ],
)
def test_wishes_that_cannot_be_met(program: Program, clip: Path, words: tuple[str, ...], code: int, told: str) -> None:
    done = program.ask(clip, "-p", "What?", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


def test_a_broken_video_is_an_input_that_cannot_be_read(program: Program, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    done = program.ask(tmp_path / "bad.mp4", "-p", "What?")
    assert done.returncode == 3
    assert done.stderr.startswith("viewfinder: “bad.mp4” is damaged")
