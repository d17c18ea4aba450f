"""The self-test as a person starts it: on a program that is whole, and on ones in which something is broken."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from app.cli.trial_process import Trials
from app.cli.trials import PARTS, Places
from app.core.paths import RESOURCES_DIR, SCHEMAS_DIR
from tests.e2e.chosen_program import frozen_program
from tests.e2e.cut_off import cut_off
from tests.e2e.program import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = json.loads((SCHEMAS_DIR / "selftest-1.schema.json").read_text(encoding="utf-8"))
LIMIT_S = 300
"""One self-test takes seconds; a machine that runs several tests at once takes its time."""


def checked(text: str) -> dict[str, Any]:
    """The document that was printed, which follows its schema."""
    document = json.loads(text)
    Draft202012Validator(SCHEMA).validate(document)
    assert [part["name"] for part in document["parts"]] == [part.name for part in PARTS]
    found: dict[str, Any] = document
    return found


def failed(document: dict[str, Any]) -> dict[str, str]:
    """Why each part failed that did."""
    return {part["name"]: part["detail"] for part in document["parts"] if part["outcome"] == "failed"}


def run(broken: BrokenProgram, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The self-test of a copy that is broken, with a home and a temporary folder of its own."""
    return ended([sys.executable, "-m", "app", "--selftest", *words], broken.root, environment(folder), code=1)


def run_whole(program: Program, *words: str) -> subprocess.CompletedProcess[str]:
    """The self-test of the program that the tests are about."""
    own = program.with_variables(**environment(program.folder))
    return ended(own.command("--selftest", *words), own.folder, own.environment(), code=0)


def ended(
    command: list[str], folder: Path, variables: dict[str, str], *, code: int
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done


def environment(folder: Path) -> dict[str, str]:
    """A home of its own; the temporary folder stays, in which MLX keeps the kernels that it compiled."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PYTHON_KEYRING_BACKEND", "OMP_NUM_THREADS", "PATH")}
    xdg = {name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    return {**kept, **xdg, "HF_HOME": str(home / "hf"), "HOME": str(home), "LANG": "C.UTF-8"}


def test_the_schema_is_one_and_names_every_part() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["part"]["properties"]["name"]["enum"] == [part.name for part in PARTS]


def test_a_whole_program_passes_and_leaves_nothing_behind(program: Program) -> None:
    temporary = program.folder / "temporary"
    temporary.mkdir()
    with cut_off(program.with_variables(TMPDIR=str(temporary))) as alone:
        done = run_whole(alone.program, "--json")
        assert alone.tries() == ""
    document = checked(done.stdout)
    assert document["is_passed"]
    assert failed(document) == {}
    assert done.stderr == ""
    assert {"mlx", "mlx-vlm", "PySide6", "Qt", "av", "FFmpeg", "Pillow", "numpy"} <= set(document["versions"])
    frozen = frozen_program()
    assert document["program"] == str(ROOT if frozen is None else frozen.parent)
    assert document["is_bundled"] == (frozen is not None)
    assert document["device"]
    left = [path for path in temporary.iterdir() if not path.name.startswith("mlx")]
    assert left == [], "MLX keeps its compiled kernels; nothing else stays"
    assert [path for path in (program.folder / "home").rglob("*") if path.is_file()] == []


class BrokenProgram:
    """A copy of the program in which things can be broken."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "app", root / "app", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(RESOURCES_DIR, root / "resources", ignore=shutil.ignore_patterns("readme", "licences"))

    def resource(self, name: str) -> Path:
        return self.root / "resources" / name


@pytest.fixture
def broken() -> Iterator[BrokenProgram]:
    with tempfile.TemporaryDirectory() as folder:
        yield BrokenProgram(Path(folder))


@pytest.mark.source_only("breaks a copy of the source; tests/frozen breaks the frozen program")
def test_what_is_broken_is_named_and_the_rest_is_tried(broken: BrokenProgram, tmp_path: Path) -> None:
    shutil.copy(RESOURCES_DIR / "samples" / "shapes.png", broken.resource("samples/number.png"))
    broken.resource("samples/moving-circle.mp4").unlink()
    broken.resource("translations/viewfinder_zh_CN.qm").unlink()
    environment(tmp_path)
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
        (tmp_path / "home" / name).write_text("a file where a folder should be")
    done = run(broken, tmp_path, "--json")
    reasons = failed(checked(done.stdout))
    assert set(reasons) == {
        "resources", "number", "video", "frames", "data_folder", "log_folder", "languages"
    }  # fmt: skip
    assert "moving-circle.mp4" in reasons["resources"]
    assert "viewfinder_zh_CN.qm" in reasons["resources"]
    assert reasons["number"].startswith("The answer is wrong: “A yellow star")
    assert "moving-circle.mp4" in reasons["video"]
    assert "moving-circle.mp4" in reasons["frames"]
    for name in ("data_folder", "log_folder"):
        assert str(tmp_path / "home" / "XDG_") in reasons[name]
    assert "stays English" in reasons["languages"]


@pytest.mark.source_only("breaks a copy of the source; tests/frozen breaks the frozen program")
def test_a_demo_model_that_is_cut_off_fails_every_question(broken: BrokenProgram, tmp_path: Path) -> None:
    weights = broken.resource("demo_model/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1000])
    done = run(broken, tmp_path)
    lines = done.stdout.splitlines()
    assert {line.split()[1].rstrip(",") for line in lines if line.startswith("FAILED")} == {"Program's", "Question"}
    assert lines[-3].startswith("4 of 18 parts have failed (")
    assert lines[-3].endswith(": Program's files, Question, picture, Question, number, Question, video.")
    assert "report it" in lines[-1] or "report it" in lines[-2]


@pytest.mark.source_only("puts an MLX of its own in the way")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("raise RuntimeError('Failed to load the default metallib')", "Failed to load the default metallib"),
        ("import os, sys; sys.stderr.write('libc++abi: terminating\\n'); sys.stderr.flush(); os.abort()", "SIGABRT"),
    ],
)
def test_an_mlx_that_fails_or_crashes_costs_only_what_needs_it(fault: str, words: str, tmp_path: Path) -> None:
    folder = tmp_path / "shadow" / "mlx"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "core.py").write_text(fault)
    variables = {**environment(tmp_path), "PYTHONPATH": str(folder.parent)}
    names = ("device", "product", "kernels", "picture", "number", "frames")
    trials = Trials(Places(tmp_path, None), variables=variables)
    ended = {part.name: part for part in trials.run([part for part in PARTS if part.name in names])}
    outcomes = {name: part.outcome for name, part in ended.items()}
    needing = dict.fromkeys(("device", "product", "picture", "number"), "failed")
    assert outcomes == {**needing, "kernels": "not_applicable", "frames": "ok"}
    for name in needing:
        assert words in ended[name].detail
        assert "SIGABRT" not in words or "libc++abi: terminating" in ended[name].detail


def test_ctrl_c_ends_it_at_once_with_what_it_had_started(program: Program) -> None:
    process = program.start("--selftest")
    assert process.stdout is not None
    line = b""
    while not line.startswith(b"ok"):
        line = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"parts" not in said
    assert errors == b""


def test_it_needs_no_open_stream(program: Program) -> None:
    own = program.with_variables(**environment(program.folder))
    line = f"{shlex.join(own.command('--selftest'))} >&- 2>&- <&-"
    done = ended(["/bin/bash", "-c", line], own.folder, own.environment(), code=0)
    assert (done.stdout, done.stderr) == ("", "")
