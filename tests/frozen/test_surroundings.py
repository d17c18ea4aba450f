"""The program wherever it stands and whoever starts it: read-only, moved, without environment, streams or home."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from app.core.paths import SAMPLE_PICTURE, SAMPLE_QUESTION, SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION, SCHEMAS_DIR
from tests.frozen.installed import NEEDS_ROOT, NOBODY, SOMEBODY, Installed, folder_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

PICTURE_WORDS = (SAMPLE_PICTURE, "-p", SAMPLE_QUESTION, "--temperature", "0")
PICTURE_ANSWER = "A yellow star at the top, a red circle on the left and a blue square on the right.\n"
VIDEO_WORDS = (SAMPLE_VIDEO, "-p", SAMPLE_VIDEO_QUESTION, "--temperature", "0")
VIDEO_ANSWER = "A blue circle moves to the right.\n"
CASES = pytest.mark.parametrize(
    ("words", "answer"),
    [(PICTURE_WORDS, PICTURE_ANSWER), (VIDEO_WORDS, VIDEO_ANSWER)],
    ids=["picture", "video"],
)


def assert_clean(done: subprocess.CompletedProcess[str], answer: str) -> None:
    assert (done.returncode, done.stdout) == (0, answer), done.stderr
    assert done.stderr.startswith("Demo model (")
    assert "Traceback" not in done.stderr
    assert "arning" not in done.stderr


@CASES
def test_it_answers_in_an_empty_environment(installed: Installed, words: tuple[str, ...], answer: str) -> None:
    assert_clean(installed.run("ask", *words, variables={}, cwd="/"), answer)


@NEEDS_ROOT
@CASES
def test_it_answers_somebody_without_a_home_folder(installed: Installed, words: tuple[str, ...], answer: str) -> None:
    assert_clean(installed.run("ask", *words, variables={}, user=NOBODY), answer)


@pytest.fixture
def somebodys() -> Iterator[Path]:
    with folder_of(SOMEBODY) as folder:
        yield folder


def test_both_exports_come_in_an_empty_environment(installed: Installed, somebodys: Path) -> None:
    for name in ("answer.json", "answer.md"):
        done = installed.run(
            "--profile", somebodys / "profile", "ask", *VIDEO_WORDS, "-o", somebodys / name, user=SOMEBODY, variables={}
        )
        assert_clean(done, VIDEO_ANSWER)
    result = json.loads((somebodys / "answer.json").read_text(encoding="utf-8"))
    schema = json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, schema, format_checker=jsonschema.FormatChecker())
    assert result["turns"][0]["answer"] == VIDEO_ANSWER.strip()
    assert result["backend"]["name"] == "mlx"
    markdown = (somebodys / "answer.md").read_text(encoding="utf-8")
    assert VIDEO_ANSWER.strip() in markdown
    assert SAMPLE_VIDEO_QUESTION in markdown
    assert (somebodys / "profile" / "logs" / "viewfinder.log").stat().st_uid == somebodys.stat().st_uid


def test_closed_streams_cost_no_answer(installed: Installed, somebodys: Path) -> None:
    def close_streams() -> None:
        for stream in range(3):
            os.close(stream)

    file = somebodys / "answer.txt"
    done = installed.run(
        "--profile",
        somebodys / "profile",
        "ask",
        *PICTURE_WORDS,
        "-o",
        file,
        user=SOMEBODY,
        preexec_fn=close_streams,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert file.read_text(encoding="utf-8") == PICTURE_ANSWER
    log = (somebodys / "profile" / "logs" / "viewfinder.log").read_text(encoding="utf-8")
    assert "CRITICAL" not in log
    assert "A yellow star" not in log, "a file opened in a stream's place gets what was meant for the stream"


@pytest.mark.parametrize("words", [("doctor", "--json"), ("models", "list", "--all", "--json")], ids=" ".join)
def test_what_is_here_is_told_in_an_empty_environment(installed: Installed, words: tuple[str, ...]) -> None:
    done = installed.run(*words, variables={})
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    if words[0] == "doctor":
        assert {one["name"]: one["is_found"] for one in told["backends"]}["mlx"]
    else:
        assert "demo" in {model["id"] for model in told["installed"]}
        assert "Qwen/Qwen3-VL-4B-Instruct" in {model["id"] for model in told["catalogue"]}


def test_it_starts_through_a_link_in_another_folder(installed: Installed, tmp_path: Path) -> None:
    link = tmp_path / "vf"
    link.symlink_to(installed.file)
    assert_clean(Installed(link, installed.folder).run("ask", *PICTURE_WORDS), PICTURE_ANSWER)


@pytest.mark.parametrize("way", ["folder", "link"])
def test_it_starts_from_the_path(installed: Installed, tmp_path: Path, way: str) -> None:
    folder = installed.file.parent
    if way == "link":
        folder = tmp_path
        (tmp_path / installed.file.name).symlink_to(installed.file)
    by_name = Installed(Path(installed.file.name), installed.folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder))  # where this process looks for it
        done = by_name.run("ask", *PICTURE_WORDS, variables={"PATH": str(folder)})
    assert_clean(done, PICTURE_ANSWER)


def test_it_does_not_read_what_lies_in_the_working_directory(installed: Installed, tmp_path: Path) -> None:
    for name in ("json.py", "app.py", "av.py", "mlx.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit(99)\n")
    variables = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "app.py")}
    assert_clean(installed.run("ask", *PICTURE_WORDS, cwd=tmp_path, variables=variables), PICTURE_ANSWER)


def test_its_state_is_in_the_home_folder_and_nowhere_else(installed: Installed, tmp_path: Path) -> None:
    home = tmp_path / "家 home"
    home.mkdir()
    variables = {"HOME": str(home), "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    assert_clean(installed.run("ask", *VIDEO_WORDS, variables=variables), VIDEO_ANSWER)
    assert (home / ".local" / "state" / "viewfinder" / "viewfinder.log").is_file()
    assert list((tmp_path / "temporary").iterdir()) == []
