from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from PIL import Image

from app.core.paths import SCHEMAS_DIR

if TYPE_CHECKING:
    from tests.e2e.program import Program

SCHEMA = json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8"))


def valid(text: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(text)
    jsonschema.validate(result, SCHEMA, format_checker=jsonschema.FormatChecker())
    return result


def test_json_goes_to_stdout_whole_and_valid(program: Program, picture: Path) -> None:
    done = program.ask(picture.name, "-p", "这是什么?", "--format", "json", "--seed", "5", "--system", "Be brief.")
    assert done.returncode == 0
    result = valid(done.stdout)
    turn = result["turns"][0]
    assert turn["question"] == "这是什么?"
    assert turn["answer"].startswith("You asked “这是什么?”")
    assert turn["sampling"]["seed"] == 5
    assert turn["media"][0]["path"] == str(picture)
    assert turn["media"][0]["tokens"] == 300
    assert result["system"] == "Be brief."
    assert result["turns"][-1]["max_image_tokens"] == 1280
    assert result["backend"] == {"name": "fake", "version": "fake 1"}


def test_a_file_gets_the_form_of_its_suffix_and_stdout_the_answer(program: Program, picture: Path) -> None:
    for name in ("a.json", "a.md", "a.txt"):
        done = program.ask(picture.name, "-p", "What?", "-o", name)
        assert done.returncode == 0
        assert done.stdout.startswith("You asked “What?”")
        assert f"Wrote {name}" in done.stderr
    valid((program.folder / "a.json").read_text(encoding="utf-8"))
    assert (program.folder / "a.txt").read_text(encoding="utf-8").startswith("You asked")
    markdown = (program.folder / "a.md").read_text(encoding="utf-8")
    assert "What?" in markdown
    assert "](" in markdown, "the picture is linked"
    assert str(program.folder) not in markdown, "with a relative link"


def test_markdown_on_stdout_is_the_whole_document(program: Program) -> None:
    done = program.ask("-p", "What?", "--format", "markdown")
    assert done.returncode == 0
    assert "What?" in done.stdout
    assert "You asked “What?”" in done.stdout


def test_a_folder_that_cannot_be_written_does_not_cost_the_answer(program: Program) -> None:
    folder = program.folder / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    # root may write anywhere but into the kernel's own folders
    file = folder / "answer.md" if os.geteuid() != 0 else Path("/proc/answer.md")
    if sys.platform != "linux" and os.geteuid() == 0:
        pytest.skip("nothing is locked for root here")
    done = program.ask("-p", "What?", "-o", file)
    assert done.returncode == 1
    assert done.stdout == "You asked “What?” and showed nothing.\n"
    assert "viewfinder: “answer.md”" in done.stderr
    assert "The answer stands on standard output." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def recorded(program: Program, picture: Path) -> Path:
    done = program.ask(picture.name, "-p", "What is this?", "-o", "first.json", "--seed", "5", "--top-k", "3")
    assert done.returncode == 0
    return program.folder / "first.json"


def test_a_result_is_asked_again_as_it_was(program: Program, recorded: Path) -> None:
    first = valid(recorded.read_text(encoding="utf-8"))
    done = program.run("--profile", program.profile_dir, "ask", "--from", recorded, "--format", "json")
    assert done.returncode == 0, done.stderr
    again = valid(done.stdout)
    for name in ("question", "answer", "media", "sampling"):
        assert again["turns"][0][name] == first["turns"][0][name]
    assert again["model"] == first["model"]
    assert again["backend"] == first["backend"]


def test_what_is_given_goes_before_what_is_recorded(program: Program, recorded: Path) -> None:
    other = program.folder / "other.png"
    Image.new("RGB", (64, 64)).save(other)
    options = ["-p", "And this?", "--seed", "6", "--max-image-tokens", "50", "--format", "json"]
    done = program.run("--profile", program.profile_dir, "ask", other, "--from", recorded, *options)
    assert done.returncode == 0, done.stderr
    result = valid(done.stdout)
    turn = result["turns"][0]
    assert turn["question"] == "And this?"
    assert turn["media"][0]["name"] == "other.png"
    assert (turn["sampling"]["seed"], turn["sampling"]["top_k"]) == (6, 3)
    assert result["turns"][-1]["max_image_tokens"] == 50


def test_a_picture_that_changed_or_went_is_refused(program: Program, recorded: Path, picture: Path) -> None:
    Image.new("RGB", (640, 480), "blue").save(picture)
    done = program.run("ask", "--profile", program.profile_dir, "--from", recorded)
    assert (done.returncode, done.stdout) == (3, "")
    assert "has changed since it was asked about." in done.stderr
    picture.unlink()
    done = program.run("ask", "--profile", program.profile_dir, "--from", recorded)
    assert (done.returncode, done.stdout) == (3, "")
    assert "is no longer there." in done.stderr


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "viewfinder.result/9"}', "\x00"])
def test_a_file_that_is_no_result_is_refused(content: str, program: Program) -> None:
    (program.folder / "bad.json").write_text(content)
    done = program.run("ask", "--profile", program.profile_dir, "--from", "bad.json")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("viewfinder: This ")
    assert len(done.stderr.splitlines()) == 1


def test_a_conversation_is_taken_up_where_it_was(program: Program, recorded: Path) -> None:
    value = json.loads(recorded.read_text(encoding="utf-8"))
    follow_up = {**value["turns"][0], "question": "And its colour?", "media": [], "answer": "Red."}
    recorded.write_text(json.dumps({**value, "turns": [*value["turns"], follow_up]}))
    done = program.run("ask", "--profile", program.profile_dir, "--from", recorded, "--format", "json")
    assert done.returncode == 0, done.stderr
    result = valid(done.stdout)
    assert [turn["question"] for turn in result["turns"]] == ["What is this?", "And its colour?"]
    assert "You asked “And its colour?” and showed 红色 [1]" in result["turns"][1]["answer"]
    assert "(300 for pictures)" in done.stderr


def test_half_a_character_in_a_result_is_no_obstacle(program: Program, recorded: Path) -> None:
    value = json.loads(recorded.read_text(encoding="utf-8"))
    first = {**value["turns"][0], "answer": "Red \ud800."}
    last = {**first, "question": "And \udcff its colour?", "media": []}
    recorded.write_text(json.dumps({**value, "system": "\ud800", "turns": [first, last]}))
    done = program.run("ask", "--profile", program.profile_dir, "--from", recorded)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("You asked “And ? its colour?”")


def test_a_recorded_question_without_words_is_refused(program: Program, recorded: Path) -> None:
    value = json.loads(recorded.read_text(encoding="utf-8"))
    recorded.write_text(json.dumps({**value, "turns": [{**value["turns"][0], "question": " "}]}))
    done = program.run("ask", "--profile", program.profile_dir, "--from", recorded)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("viewfinder: The question is empty.")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_recorded_picture_that_is_a_pipe_now_does_not_keep_anyone_waiting(
    program: Program, recorded: Path, picture: Path
) -> None:
    picture.unlink()
    os.mkfifo(picture)
    done = program.run("ask", "--profile", program.profile_dir, "--from", recorded)
    assert (done.returncode, done.stdout) == (3, "")
    assert "is not a file any more." in done.stderr
