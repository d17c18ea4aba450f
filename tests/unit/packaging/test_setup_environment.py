from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import setup_environment
from setup_environment import (
    SAMPLE_PICTURE,
    SetUpError,
    Stamp,
    extras_for,
    has_display,
    is_current,
    must_be_rebuilt,
    prepare,
    program_arguments,
    read_stamp,
    requirements_digest,
    write_stamp,
)

PACKAGING_DIR = Path(setup_environment.__file__).parent
PYPROJECT = '[project]\nname = "x"\ndependencies = ["numpy>=1"]\n[tool.ruff]\nline-length = 120\n'


@pytest.mark.parametrize(
    ("system", "processor", "has_nvidia", "extras"),
    [
        ("darwin", "arm64", False, ("mlx",)),
        ("linux", "x86_64", False, ("mlx",)),
        ("linux", "aarch64", False, ("mlx",)),
        ("linux", "x86_64", True, ("cuda", "mlx")),
    ],
)
def test_a_machine_gets_its_runtimes(system: str, processor: str, *, has_nvidia: bool, extras: tuple[str, ...]) -> None:
    assert extras_for(system, processor, has_nvidia=has_nvidia) == extras


@pytest.mark.parametrize(
    ("system", "processor", "words"), [("win32", "AMD64", "not run on win32"), ("darwin", "x86_64", "Apple silicon")]
)
def test_a_machine_without_a_runtime_is_told_so(system: str, processor: str, words: str) -> None:
    with pytest.raises(SetUpError, match=words):
        extras_for(system, processor, has_nvidia=False)


def test_only_what_is_installed_counts_in_the_digest() -> None:
    digest = requirements_digest(PYPROJECT)
    assert requirements_digest(PYPROJECT.replace("120", "100").replace("\n", "\r\n")) == digest
    assert requirements_digest(PYPROJECT + '[tool.setuptools]\npackages = ["y"]\n') != digest
    assert requirements_digest(PYPROJECT.replace("numpy>=1", "numpy>=2")) != digest


def test_a_set_up_is_found_again_unless_something_changed() -> None:
    done = Stamp("/checkout", "/usr/bin/python3.12", "digest", ("mlx", "test"))
    assert is_current(done, done)
    assert is_current(done, replace(done, extras=("mlx",)))
    assert not is_current(None, done)
    assert not is_current(done, replace(done, extras=("cuda", "mlx")))
    assert not is_current(done, replace(done, requirements="other"))
    assert not is_current(done, replace(done, python="/usr/bin/python3.13"))
    assert not is_current(done, replace(done, checkout="/elsewhere"))


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A folder that looks like a finished environment."""
    folder = tmp_path / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "bin" / "pip").touch()
    write_stamp(folder, Stamp(str(tmp_path), os.path.realpath(sys.executable), "digest", ("mlx",)))
    return folder


def test_a_finished_environment_is_kept(environment: Path, tmp_path: Path) -> None:
    assert not must_be_rebuilt(environment, tmp_path)
    assert read_stamp(environment) == Stamp(str(tmp_path), os.path.realpath(sys.executable), "digest", ("mlx",))


def test_somebody_elses_environment_is_kept(environment: Path, tmp_path: Path) -> None:
    (environment / "viewfinder-setup.json").unlink()
    assert not must_be_rebuilt(environment, tmp_path)


@pytest.mark.parametrize("damage", ["interrupted", "no pip", "no python", "moved", "other python", "nothing there"])
def test_a_half_made_environment_is_rebuilt(damage: str, environment: Path, tmp_path: Path) -> None:
    checkout = tmp_path
    if damage == "interrupted":
        (environment / "viewfinder-setup.begun").touch()
    elif damage == "no pip":
        (environment / "bin" / "pip").unlink()
    elif damage == "no python":
        (environment / "bin" / "python").unlink()
        (environment / "bin" / "python").symlink_to("/usr/bin/python-that-was-removed")
    elif damage == "moved":
        checkout = tmp_path / "elsewhere"
    elif damage == "other python":
        stamp = read_stamp(environment)
        assert stamp is not None
        write_stamp(environment, replace(stamp, python="/usr/bin/python3.9"))
    else:
        environment = tmp_path / "missing"
    assert must_be_rebuilt(environment, checkout)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({"python": "x"})])
def test_a_damaged_stamp_is_no_stamp(content: str, environment: Path) -> None:
    (environment / "viewfinder-setup.json").write_text(content)
    assert read_stamp(environment) is None


def test_with_everything_there_nothing_is_run(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(PYPROJECT)
    stamp = read_stamp(environment)
    assert stamp is not None
    write_stamp(environment, replace(stamp, requirements=requirements_digest(PYPROJECT)))
    monkeypatch.setattr(setup_environment, "ROOT", tmp_path)
    monkeypatch.setattr(setup_environment, "ENVIRONMENT", environment)
    monkeypatch.setattr(setup_environment, "PYPROJECT", pyproject)
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    prepare(["mlx"])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("system", "variables", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, False),
        ("linux", {"QT_QPA_PLATFORM": "minimal:x"}, False),
        ("linux", {"QT_QPA_PLATFORM": "vnc:size=800x600"}, True),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "10.0.0.1"}, False),
    ],
)
def test_a_display_is_there(system: str, variables: dict[str, str], *, expected: bool) -> None:
    assert has_display(system, variables) is expected


def test_without_arguments_the_sample_is_asked_about() -> None:
    sample = [str(SAMPLE_PICTURE), "-p", "Describe this image.", "--model", "demo"]
    assert program_arguments([], is_display_there=True) == sample
    assert program_arguments([], is_display_there=False) == ["ask", *sample]
    assert program_arguments(["doctor"], is_display_there=False) == ["doctor"]


def test_a_failed_command_shows_its_end_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code = "print('x' * 3); print('Temporary failure in name resolution'); raise SystemExit(1)"
    with pytest.raises(SetUpError, match=r"(?s)xxx.*name resolution.*no network"):
        setup_environment._run([sys.executable, "-c", code], dict(os.environ))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("is_root", [True, False])
def test_missing_system_libraries_are_installed_by_root_and_told_to_others(
    is_root: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(setup_environment, "missing_libraries", lambda: ("libEGL.so.1", "libxcb-cursor.so.0"))
    monkeypatch.setattr(setup_environment, "_run", lambda command, _: ran.append([Path(command[0]).name, *command[1:]]))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("os.geteuid", lambda: 0 if is_root else 1000)
    setup_environment._install_system_libraries()
    said = capsys.readouterr().err
    packages = ["libegl1", "libxcb-cursor0"]
    if is_root:
        assert ran == [
            ["apt-get", "update", "-q"],
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
        ]
    else:
        assert ran == []
        assert said.endswith(f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}\n")


@pytest.mark.parametrize("script", ["run.py", "test.py"])
def test_an_old_python_can_read_the_script_up_to_the_sentence(script: str) -> None:
    text = (PACKAGING_DIR / script).read_text()
    for word in ("annotations", "match ", ":=", 'f"', " -> "):
        assert word not in text
    assert text.index("version_info") < text.index("import setup_environment")
