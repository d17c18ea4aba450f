"""``viewfinder ask`` about videos that are looked at in parts, as a person starts it."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Any

import av
import jsonschema
import pytest

from app.core.paths import SCHEMAS_DIR
from tests.clips_made import numbered, write_video
from tests.e2e.program import NEEDS_SIGNALS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.program import Program

WORDS = ("-p", "What happens?", "--segments", "4")
WAIT_S = 60


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twelve seconds: three parts of four."""
    file = tmp_path / "long.mp4"
    write_video(file, numbered(120), rate=10)
    return file


def parts_of(file: Path) -> list[dict[str, Any]]:
    """The parts of a result, held to the schema."""
    result = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(result, json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8")))
    parts: list[dict[str, Any]] = result["turns"][-1]["segments"]["parts"]
    return parts


def test_a_dry_run_tells_the_parts(program: Program, clip: Path, picture: Path) -> None:
    done = program.ask(picture, clip, "--dry-run", *WORDS)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[1] == (
        "Video 1: long.mp4, 160 x 96, 12.0 s; 24 frames from 0.0 s to 11.9 s, 0.52 s apart, "
        "seen at 160 x 96, 180 tokens"
    )
    assert lines[2:6] == [
        "  Part 1 of 3, 0:00 – 0:04: 8 frames from 0.0 s to 4.0 s, 0.57 s apart, seen at 160 x 96, 60 tokens",
        "  Part 2 of 3, 0:03.5 – 0:08.0: 8 frames from 3.5 s to 8.0 s, 0.64 s apart, seen at 160 x 96, 60 tokens",
        "  Part 3 of 3, 0:07.5 – 0:12.0: 8 frames from 7.5 s to 11.9 s, 0.63 s apart, seen at 160 x 96, 60 tokens",
        "  It is looked at in 3 parts, one after another.",
    ]
    assert lines[6].startswith("Together ")
    assert " at most " in lines[6]


def test_the_answer_of_all_parts_goes_to_standard_output_alone(program: Program, clip: Path) -> None:
    program = program.scripted(answers=["one", "two", "three", "All in all."])
    done = program.ask(clip, *WORDS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("All in all.\n\n### Timeline\n")
    assert done.stdout.endswith("| 0:07.5 – 0:12.0 | three |\n")
    for line in ("Part 1 of 3, 0:00 – 0:04:\n  one", "Part 3 of 3, 0:07.5 – 0:12.0:\n  three", "done · 3 of 3 parts"):
        assert line in done.stderr
    quiet = program.ask(clip, *WORDS, "--quiet")
    assert (quiet.stdout, quiet.stderr) == (done.stdout, "")


def test_a_result_carries_ranges_times_and_the_timeline(program: Program, clip: Path) -> None:
    program = program.scripted(answers=["one", "0:05: a step", "three", "All in all."])
    done = program.ask(clip, *WORDS, "-o", "out.json")
    assert done.returncode == 0, done.stderr
    parts = parts_of(program.folder / "out.json")
    assert [(part["start_s"], part["end_s"], part["answer"]) for part in parts] == [
        (0.0, 4.0, "one"),
        (3.5, 8.0, "0:05: a step"),
        (7.5, 12.0, "three"),
    ]
    for part in parts:
        times_s = part["media"]["frame_times_s"]
        assert part["start_s"] <= times_s[0] < times_s[-1] <= part["end_s"]
    (turn,) = json.loads((program.folder / "out.json").read_text(encoding="utf-8"))["turns"]
    assert turn["segments"]["wanted_s"] == 4.0
    assert turn["segments"]["timeline"] == [
        {"start_s": 0.0, "end_s": 4.0, "text": "one"},
        {"start_s": 5.0, "end_s": None, "text": "a step"},
        {"start_s": 7.5, "end_s": 12.0, "text": "three"},
    ]
    (whole,) = turn["media"]
    assert whole["frame_times_s"] == [time_s for part in parts for time_s in part["media"]["frame_times_s"]]
    assert whole["tokens"] == sum(part["media"]["tokens"] for part in parts)
    # A whole result asks everything anew.
    again = program.ask("--from", "out.json", "-o", "again.json")
    assert again.returncode == 0, again.stderr
    assert "answered already" not in again.stderr
    assert [part["media"] for part in parts_of(program.folder / "again.json")] == [part["media"] for part in parts]


def wait_for(file: Path, answered: int) -> None:
    """Until so many parts stand in the file as answered."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if file.exists() and sum(part["finish_reason"] == "done" for part in parts_of(file)) >= answered:
            return
        time.sleep(0.02)
    pytest.fail(f"{file} never held {answered} answered parts")


@NEEDS_SIGNALS
@pytest.mark.parametrize("way", [signal.SIGINT, getattr(signal, "SIGKILL", signal.SIGTERM)])
def test_a_run_that_was_ended_goes_on_where_it_was(program: Program, clip: Path, way: signal.Signals) -> None:
    out = program.folder / "out.json"
    slow = program.scripted(answers=["one", "word " * 2000], piece_delay_s=0.02)
    process = slow.start_asking(clip, *WORDS, "-o", "out.json")
    try:
        wait_for(out, 1)
        process.send_signal(way)
        process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    assert process.returncode == (130 if way is signal.SIGINT else -9)
    parts = parts_of(out)
    assert [part["finish_reason"] for part in parts].count("done") == 1
    assert json.loads(out.read_text(encoding="utf-8"))["turns"][0]["finish_reason"] == "cancelled"
    before = parts[0]
    rest = program.scripted(answers=["later", "later", "later", "All."])
    done = rest.ask("--from", "out.json", "-o", "out.json")
    assert done.returncode == 0, done.stderr
    assert "Parts that are answered already: 1 of 3." in done.stderr
    after = parts_of(out)
    assert after[0] == before
    assert [part["answer"] for part in after[1:]] == ["later", "later"]
    assert "| later |" in done.stdout


@NEEDS_SIGNALS
def test_other_settings_ask_all_parts_anew(program: Program, clip: Path) -> None:
    slow = program.scripted(answers=["one", "word " * 2000], piece_delay_s=0.02)
    process = slow.start_asking(clip, *WORDS, "-o", "out.json")
    try:
        wait_for(program.folder / "out.json", 1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=WAIT_S)
    finally:
        process.kill()
    quick = program.scripted(answers=["x"])
    for words in (("-p", "Why?"), ("--temperature", "0.9"), ("--system", "Short."), ("--segments", "6")):
        done = quick.ask("--from", "out.json", *words)
        assert done.returncode == 0, done.stderr
        assert "answered already" not in done.stderr


def test_a_damaged_stretch_is_told_and_the_rest_is_answered(program: Program, tmp_path: Path) -> None:
    clip = tmp_path / "long.mkv"
    write_video(clip, numbered(120), rate=10, options={"g": "1"})
    data = clip.read_bytes()
    with av.open(str(clip)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    for packet in packets[50:70]:
        data = data.replace(packet, bytes(len(packet)), 1)
    clip.write_bytes(data)
    done = program.ask(clip, *WORDS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("| 0:0") == 3
    assert "Part 2 of 3, 0:03.5 – 0:08.0: Damaged frames:" in done.stderr
    assert "Part 1 of 3, 0:00 – 0:04: Damaged" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--segments", "soon"), 2, "neither auto nor a length"),
        (("--segments", "0.2"), 2, "1 seconds or longer"),
        (("--segments", "auto", "--dry-run"), 0, "Video 1"),
    ],
)
def test_lengths_are_checked(program: Program, clip: Path, words: tuple[str, ...], code: int, told: str) -> None:
    done = program.ask(clip, "-p", "What?", *words)
    assert done.returncode == code
    assert told in done.stdout + done.stderr


def test_two_videos_are_not_split_together(program: Program, clip: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "other.mp4", numbered(20), rate=10)
    done = program.ask(clip, tmp_path / "other.mp4", *WORDS)
    assert (done.returncode, done.stdout) == (3, "")
    assert "Only one video at a time" in done.stderr
