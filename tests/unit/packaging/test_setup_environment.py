from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import check_steps
import other_runtime
import pytest
import setup_commands
import setup_environment
from setup_commands import SetUpError
from setup_environment import SAMPLE_PICTURE, extras_for, must_be_rebuilt, prepare, program_arguments
from setup_stamp import (
    Stamp,
    Unfinished,
    is_current,
    note_unfinished,
    read_stamp,
    read_unfinished,
    requirements_digest,
    write_stamp,
)
from side_by_side import SideBySide

from app.backends.table import BACKENDS
from app.core.machine import has_nvidia_gpu
from tests.unit.packaging.finished_environment import PYPROJECT, change_requirements, finished

PACKAGING_DIR = Path(setup_environment.__file__).parent


@pytest.mark.parametrize(
    ("system", "processor", "has_nvidia", "extras", "words"),
    [
        ("darwin", "arm64", False, ("mlx",), ""),
        ("linux", "x86_64", False, ("mlx",), ""),
        ("linux", "aarch64", False, ("mlx",), ""),
        ("linux", "x86_64", True, ("cuda",), "gigabytes"),
        ("win32", "AMD64", True, ("cuda",), "gigabytes"),
        ("win32", "AMD64", False, ("cpu",), "never been tried"),
    ],
)
def test_a_machine_gets_its_runtime(
    system: str, processor: str, *, has_nvidia: bool, extras: tuple[str, ...], words: str
) -> None:
    chosen, note = extras_for(system, processor, has_nvidia=has_nvidia)
    assert (chosen, bool(note)) == (extras, bool(words))
    assert words in note


@pytest.mark.parametrize(("extra", "backend"), [("mlx", "mlx"), ("cuda", "transformers"), ("cpu", "transformers")])
def test_an_extra_brings_what_its_backend_needs(extra: str, backend: str) -> None:
    text = (PACKAGING_DIR.parent / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition(f"\n{extra} = [")[2].partition("\n]")[0].replace("-", "_")
    for package in BACKENDS[backend].needs:
        assert f'"{package}' in listed
    assert "torchvision" not in text.partition("[tool.")[0]


def test_on_an_nvidia_machine_the_choice_is_said_once(
    environment: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change_requirements(environment)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(setup_environment, "machine", lambda: "x86_64")
    monkeypatch.setattr(setup_environment, "_has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(setup_environment, "_become", lambda *_: 0)
    setup_environment.run_program(["doctor"])
    assert capsys.readouterr().err.count("An NVIDIA GPU is here") == 1
    setup_environment.run_program(["doctor"])
    assert capsys.readouterr().err == ""


def test_a_gpu_is_looked_for_by_a_python_that_has_nothing_installed() -> None:
    code = f"import sys; sys.path.insert(0, {str(PACKAGING_DIR)!r}); import setup_environment as s; "
    code += "print(s._has_nvidia_gpu())"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (str(has_nvidia_gpu()), "")


@pytest.mark.parametrize(
    ("system", "processor", "words"),
    [("freebsd14", "amd64", "not run on"), ("darwin", "x86_64", "Apple silicon")],
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


def pip_log(environment: Path) -> str:
    return (environment / "pip.log").read_text()


def test_a_finished_environment_is_kept(environment: Path) -> None:
    assert not must_be_rebuilt(environment)
    assert read_stamp(environment) == finished(environment)


def test_somebody_elses_environment_is_kept(environment: Path) -> None:
    (environment / "viewfinder-setup.json").unlink()
    prepare(["mlx"])
    assert f"{environment.parent}[mlx]" in pip_log(environment)
    assert (environment / "lib" / "python3.12" / "site-packages" / "numpy").exists()


@pytest.mark.parametrize("damage", ["half-made", "no pip", "no python", "nothing there"])
def test_an_environment_that_pip_cannot_work_in_is_rebuilt(damage: str, environment: Path) -> None:
    if damage == "half-made":
        note_unfinished(environment, Unfinished(is_being_made=True, extras=("mlx",)))
    elif damage == "no pip":
        (environment / "pip-is-broken").touch()
    elif damage == "no python":
        (environment / "bin" / "python").unlink()
        (environment / "bin" / "python").symlink_to("/usr/bin/python-that-was-removed")
    else:
        environment = environment / "missing"
    assert must_be_rebuilt(environment)


def test_a_set_up_that_pip_did_not_finish_goes_on_in_place(environment: Path) -> None:
    (environment / "viewfinder-setup.begun").touch()  # as earlier versions of this file left it
    assert not must_be_rebuilt(environment)
    prepare(["mlx"])
    assert f"{environment.parent}[mlx,test]" in pip_log(environment)
    assert (environment / "lib" / "python3.12" / "site-packages" / "numpy").exists()
    assert read_stamp(environment) == finished(environment)
    assert read_unfinished(environment) is None


def test_when_pip_fails_the_environment_and_its_extras_are_kept(environment: Path) -> None:
    change_requirements(environment)
    (environment / "offline").touch()
    for _ in range(2):
        with pytest.raises(SetUpError, match=r"(?s)no network.*holds what was installed before, for an earlier state"):
            prepare(["mlx"])
        assert (environment / "lib" / "python3.12" / "site-packages" / "numpy").exists()
        assert read_stamp(environment) == finished(environment)
    (environment / "offline").unlink()
    prepare(["mlx"])
    stamp = read_stamp(environment)
    assert stamp is not None
    assert stamp.extras == ("mlx", "test")
    assert stamp.requirements != finished(environment).requirements


def test_when_pip_fails_the_earlier_state_still_starts(environment: Path) -> None:
    change_requirements(environment)
    (environment / "offline").touch()
    (environment / "upgrades-pip").touch()
    with pytest.raises(SetUpError):
        prepare(["mlx"])
    (environment.parent / "pyproject.toml").write_text(PYPROJECT)
    prepare(["mlx"])


def test_when_an_extra_cannot_be_had_the_others_are_named(environment: Path) -> None:
    (environment / "offline").touch()
    with pytest.raises(
        SetUpError, match="holds what was installed before, with the extras mlx, test; the program starts with it"
    ):
        prepare(["cuda", "mlx"])


def test_when_pip_leaves_something_half_done_the_next_call_installs_again(environment: Path) -> None:
    (environment / "offline").touch()
    (environment / "replaces-numpy").touch()
    with pytest.raises(SetUpError, match="Start it again to go on"):
        prepare(["cuda"])
    (environment / "replaces-numpy").unlink()
    with pytest.raises(SetUpError, match="Start it again to go on"):
        prepare(["mlx"])
    (environment / "offline").unlink()
    prepare(["mlx"])
    assert f"{environment.parent}[cuda,mlx,test]" in pip_log(environment)


def test_after_an_interruption_the_next_call_installs_again(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change_requirements(environment)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(setup_environment, "run", interrupt)
        with pytest.raises(KeyboardInterrupt):
            prepare(["cuda"])
    (environment.parent / "pyproject.toml").write_text(PYPROJECT)
    prepare(["mlx"])
    assert f"{environment.parent}[cuda,mlx,test]" in pip_log(environment)


def test_a_failed_set_up_has_an_exit_code(
    environment: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change_requirements(environment)
    (environment / "offline").touch()
    monkeypatch.setattr(setup_environment, "_become", pytest.fail)
    assert setup_environment.run_program([]) == 1
    assert f"the program starts with it: {environment}/bin/viewfinder\n" in capsys.readouterr().err


def test_in_a_moved_checkout_every_command_is_written_again(environment: Path) -> None:
    write_stamp(environment, replace(finished(environment), checkout="/elsewhere"))
    (environment / "offline").touch()
    with pytest.raises(SetUpError) as caught:
        prepare(["mlx"])
    assert "program starts" not in str(caught.value)
    (environment / "offline").unlink()
    prepare(["mlx"])
    assert all("--force-reinstall" in line for line in pip_log(environment).splitlines())
    assert (environment / "other.log").read_text().endswith(f"-m venv --without-pip {environment}\n")
    assert read_stamp(environment) == finished(environment)


def test_a_python_behind_the_environment_that_changed_is_no_reason_to_throw_it_away(environment: Path) -> None:
    write_stamp(environment, replace(finished(environment), python="/usr/bin/python3.12"))
    prepare(["mlx"])
    assert "--force-reinstall" not in pip_log(environment)
    assert read_stamp(environment) == finished(environment)


def test_an_environment_is_half_made_until_it_is_made(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (environment / "pip-is-broken").touch()
    change_requirements(environment)
    seen: list[Unfinished | None] = []

    def run(command: list[str], _: object) -> None:
        seen.append(read_unfinished(environment))
        if command[1:3] == ["-m", "venv"]:
            assert [path.name for path in environment.iterdir()] == ["viewfinder-setup.begun"]

    monkeypatch.setattr(setup_environment, "run", run)
    prepare(["mlx"])
    making, installing = (Unfinished(is_being_made=is_made, extras=("mlx", "test")) for is_made in (True, False))
    assert seen == [making, installing, installing]


def test_an_environment_whose_making_failed_is_made_again(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (environment / "pip-is-broken").touch()
    change_requirements(environment)
    monkeypatch.setattr(sys, "_base_executable", "/usr/bin/false")
    with pytest.raises(SetUpError, match="false failed"):
        prepare(["mlx"])
    assert read_unfinished(environment) == Unfinished(is_being_made=True, extras=("mlx", "test"))
    assert must_be_rebuilt(environment)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({"python": "x"})])
def test_a_damaged_stamp_is_no_stamp(content: str, environment: Path) -> None:
    (environment / "viewfinder-setup.json").write_text(content)
    assert read_stamp(environment) is None


@pytest.mark.usefixtures("environment")
def test_with_everything_there_nothing_is_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "Popen", pytest.fail)
    prepare(["mlx"])
    assert capsys.readouterr() == ("", "")


def test_an_interrupted_command_may_put_back_what_it_replaced(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, time\n"
        "time.sleep(0.5)\n"
        "try:\n"
        "    os.kill(os.getppid(), signal.SIGINT)\n"
        "    time.sleep(1)\n"
        "finally:\n"
        f"    pathlib.Path({str(tmp_path / 'put back')!r}).touch()\n"
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            setup_commands.run([sys.executable, "-c", code], dict(os.environ))
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / "put back").exists()


def test_on_windows_the_shell_waits_for_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr("os.execv", pytest.fail)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 7))
    with pytest.raises(SystemExit) as ended:
        setup_environment._become(Path("viewfinder"), ["doctor"])
    assert ended.value.code == 7


def test_programs_of_an_environment_are_where_the_system_puts_them() -> None:
    assert setup_commands.program_in(Path("e"), "ruff", "win32") == Path("e/Scripts/ruff.exe")
    assert setup_commands.program_in(Path("e"), "ruff", "linux") == Path("e/bin/ruff")
    assert setup_commands.program_in(Path("e"), "ruff", "darwin") == Path("e/bin/ruff")


def test_nobody_is_root_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.delattr("os.geteuid")
    assert not setup_commands.is_root()


def test_without_arguments_the_sample_is_asked_about() -> None:
    sample = [str(SAMPLE_PICTURE), "-p", "Describe this image.", "--model", "demo"]
    assert program_arguments([], is_display_there=True) == sample
    assert program_arguments([], is_display_there=False) == ["ask", *sample]
    assert program_arguments(["doctor"], is_display_there=False) == ["doctor"]


def test_a_failed_command_shows_its_end_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    code = "print('x' * 3); print('Temporary failure in name resolution'); raise SystemExit(1)"
    with pytest.raises(SetUpError, match=r"(?s)xxx.*name resolution.*no network"):
        setup_commands.run([sys.executable, "-c", code], dict(os.environ))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("is_online", [True, False])
def test_checks_run_with_and_without_the_programs_for_a_real_display(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_online: bool
) -> None:
    done: list[str] = []

    def install(_run: object) -> tuple[str, ...]:
        if not is_online:
            raise SetUpError("apt-get failed")
        return ("xvfb", "xdotool")

    def note(module: object, name: str, code: int = 0) -> None:
        def call(*_: object, **__: object) -> int:
            done.append(name)
            return code

        monkeypatch.setattr(module, name, call)

    for name in ("prepare", "translate", "end_as_if_interrupted"):
        note(setup_environment, name)
    note(check_steps, "check_everything", 3)
    note(check_steps, "check_choice", 4)
    begun: list[Sequence[str]] = []
    monkeypatch.setattr(SideBySide, "begin", lambda _, __, command: begun.append(command))
    monkeypatch.setattr("real_display.install_missing", install)
    assert setup_environment.run_checks([]) == 3
    assert done == ["end_as_if_interrupted", "prepare", "translate", "check_everything"]
    assert begun == [[sys.executable, other_runtime.__file__]], "the second environment is made meanwhile"
    assert setup_environment.run_checks(["tests/unit"]) == 4
    assert done[4:] == ["prepare", "translate", "check_choice"], "a choice of tests is for the first environment"
    assert len(begun) == 1
    said = capsys.readouterr().err
    assert ("installed xvfb xdotool" in said) == is_online
    assert ("are skipped" in said) != is_online


@pytest.mark.parametrize("script", ["run.py", "test.py"])
def test_an_old_python_can_read_the_script_up_to_the_sentence(script: str) -> None:
    text = (PACKAGING_DIR / script).read_text()
    for word in ("annotations", "match ", ":=", 'f"', " -> "):
        assert word not in text
    assert text.index("version_info") < text.index("import setup_environment")
