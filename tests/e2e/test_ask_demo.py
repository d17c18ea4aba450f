"""The real program, the real runtime and the demo model."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from PIL import Image, ImageDraw

from app.core.paths import DEMO_MODEL_DIR, SAMPLE_PICTURE, SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION, SCHEMAS_DIR
from tests.e2e.chosen_program import installed_runtimes
from tests.e2e.program import NEEDS_SIGNALS, Program

INSTALLED = installed_runtimes()
pytestmark = [pytest.mark.skipif(not INSTALLED, reason="no runtime is installed")]


@pytest.fixture
def demo(tmp_path: Path) -> Program:
    return Program(tmp_path, DEMO_MODEL_DIR)


def drawn(file: Path, shape: str, colour: str) -> Path:
    """Two pictures of one size have the very same prompt tokens: only the pixels tell them apart."""
    picture = Image.new("RGB", (320, 256), "#f4f1e8")
    draw = ImageDraw.Draw(picture)
    (draw.ellipse if shape == "circle" else draw.rectangle)((100, 70, 220, 190), fill=colour)
    picture.save(file)
    return file


def ask(demo: Program, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return demo.run("--profile", demo.profile_dir, "ask", "--model", "demo", "--backend", INSTALLED[0], *words)


def test_the_sample_picture_is_described(demo: Program) -> None:
    done = ask(demo, SAMPLE_PICTURE, "-p", "Describe this image.", "--temperature", "0")
    assert done.returncode == 0, done.stderr
    assert re.search(r"circle|square|triangle|star", done.stdout)
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Demo model (")
    assert "a toy" in lines[0]
    assert lines[1].startswith("Image 1: shapes.png, ")
    assert lines[2].startswith("done · ")
    assert "peak memory" in lines[2]
    assert len(lines) == 3, "standard error is clean"


def test_what_happens_in_the_sample_video_is_told(demo: Program) -> None:
    done = ask(demo, SAMPLE_VIDEO, "-p", SAMPLE_VIDEO_QUESTION, "--temperature", "0")
    assert (done.returncode, done.stdout) == (0, "A blue circle moves to the right.\n"), done.stderr
    assert "10 frames from 0.0 s to 5.0 s" in done.stderr


@pytest.mark.parametrize(("shape", "colour"), [("circle", "red"), ("square", "blue")])
def test_each_picture_gets_its_own_answer(shape: str, colour: str, demo: Program) -> None:
    file = drawn(demo.folder / "two words.png", shape, colour)
    done = ask(demo, file, "-p", "Describe this image.", "--temperature", "0", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert shape in done.stdout
    assert colour in done.stdout


def test_an_exported_result_is_asked_again_with_the_same_answer(demo: Program) -> None:
    file = drawn(demo.folder / "圆.png", "circle", "green")
    sampling = ["--temperature", "1.5", "--top-p", "1", "--top-k", "0"]
    first = ask(demo, file, "-p", "Describe this image.", "-o", "first.json", *sampling)
    assert first.returncode == 0, first.stderr
    again = ask(demo, "--from", "first.json", "--format", "json")
    assert again.returncode == 0, again.stderr
    results = [json.loads((demo.folder / "first.json").read_text(encoding="utf-8")), json.loads(again.stdout)]
    schema = json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8"))
    for result in results:
        jsonschema.validate(result, schema)
    assert results[0]["turns"][0]["answer"] == results[1]["turns"][0]["answer"]
    assert results[0]["turns"][0]["sampling"] == results[1]["turns"][0]["sampling"]
    assert results[0]["model"] == results[1]["model"]


@NEEDS_SIGNALS
def test_a_truncated_answer_and_an_interrupt_end_cleanly(demo: Program) -> None:
    file = drawn(demo.folder / "a.png", "circle", "red")
    done = ask(demo, file, "-p", "Describe this image.", "--max-tokens", "2")
    assert done.returncode == 0
    assert "stopped at the token limit · " in done.stderr
    assert "2 answer tokens" in done.stderr
    words: list[str | Path] = [
        "--profile",
        demo.profile_dir,
        "ask",
        "--model",
        "demo",
        file,
        "-p",
        "Describe this image.",
    ]
    with demo.start(*words) as process:
        assert process.stderr is not None
        os.read(process.stderr.fileno(), 1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode in {0, 130}, "the answer may have been faster than the signal"
    assert b"Traceback" not in errors


def test_the_startup_trace_has_the_runtime_and_the_model(demo: Program) -> None:
    done = ask(demo, "-p", "Hello", "--startup-trace", demo.folder / "trace.json")
    assert done.returncode == 0, done.stderr
    milestones = json.loads((demo.folder / "trace.json").read_text())["milestones_ms"]
    assert milestones["imports_done"] < milestones["runtime_imported"] < milestones["model_ready"]


@pytest.mark.source_only("asks Python what it imported; tests/frozen looks at what is in the process's memory")
def test_the_runtime_that_is_not_asked_for_is_not_imported(demo: Program) -> None:
    code = (
        "import sys; from app.entry import main; code = main(sys.argv[1:]); "
        "print(sorted({'torch', 'PySide6', 'mlx'} & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    module = "mlx" if INSTALLED[0] == "mlx" else "torch"
    words = ["--profile", demo.profile_dir, "ask", "--model", "demo", "-p", "Hello", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=demo.folder,
        env=demo.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, f"['{module}']\n")


def test_a_folder_that_is_gone_may_be_the_current_one(demo: Program, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    lost = replace(demo, before=("sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', str(gone)))
    done = ask(lost, SAMPLE_PICTURE, "-p", "Describe this image.", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert "red circle" in done.stdout
