"""What the two commands share: an environment in .venv with what this machine needs, made once, found again at once.

Standard library only. Decisions are plain functions; what they decide is carried out by ``prepare``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from platform import mac_ver, machine
from typing import TYPE_CHECKING, Any, NoReturn

import check_steps
import other_runtime
import real_display
import translations
from setup_commands import SetUpError, base_interpreter, clean_environment, is_root, pip_install, program_in, run, say
from setup_stamp import (
    BEGUN_NAME,
    Stamp,
    Unfinished,
    is_current,
    note_unfinished,
    read_stamp,
    read_unfinished,
    requirements_digest,
    write_stamp,
)
from side_by_side import SideBySide, end_as_if_interrupted
from system_libraries import FONTS, apt_packages, install_line, missing_libraries, window_obstacle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
PYPROJECT = ROOT / "pyproject.toml"
SAMPLE_PICTURE = ROOT / "resources" / "samples" / "shapes.png"
SAMPLE_QUESTION = "Describe this image."

_INTERRUPTED = 130
_PIP_TRIAL_S = 120
_WINDOW_TRIAL_S = 20
_OLDEST_MACOS = 14


def extras_for(system: str, processor: str, *, has_nvidia: bool) -> tuple[tuple[str, ...], str]:
    """The extras that bring this machine's model runtime, and a line to say about the choice, or "".

    An NVIDIA GPU's runtime comes alone: beside PyTorch, mlx-vlm takes three times as long to import.

    Raises:
        SetUpError: No runtime exists for this machine.
    """
    if system == "darwin":
        if processor != "arm64":
            raise SetUpError(
                f"On a Mac, Viewfinder needs Apple silicon and a Python made for it; this Python is for {processor}."
            )
        return ("mlx",), ""
    if system not in {"linux", "win32"}:
        raise SetUpError(f"Viewfinder does not run on {system}; it runs on macOS and Linux.")
    if has_nvidia:
        return ("cuda",), "An NVIDIA GPU is here: PyTorch is a download of some gigabytes."
    if system == "win32":
        return ("cpu",), "On Windows Viewfinder has never been tried."
    return ("mlx",), ""


def program_arguments(arguments: Sequence[str], *, is_display_there: bool) -> list[str]:
    """What the program is started with: what was given, else the sample picture and question for the demo model."""
    if arguments:
        return list(arguments)
    command = [] if is_display_there else ["ask"]
    return [*command, str(SAMPLE_PICTURE), "-p", SAMPLE_QUESTION, "--model", "demo"]


def must_be_rebuilt(environment: Path) -> bool:
    """Whether nothing can be installed into an environment: not there, half-made, or its Python or pip do not start."""
    unfinished = read_unfinished(environment)
    if unfinished is not None and unfinished.is_being_made:
        return True
    command = [str(program_in(environment, "python")), "-m", "pip", "--version"]
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": _PIP_TRIAL_S}
    try:
        return subprocess.run(command, env=clean_environment(), check=False, **options).returncode != 0
    except OSError:
        return True
    except subprocess.TimeoutExpired:
        return False  # a slow machine is no reason to throw an environment away


def _has_nvidia_gpu() -> bool:
    return bool(_this_machine().has_nvidia_gpu())


def _this_machine() -> ModuleType:
    """What the program itself knows of machines, which needs the standard library alone."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from app.core import machine as this_machine  # noqa: PLC0415 - found only on the path that was just added

    return this_machine


def run_program(arguments: Sequence[str]) -> int:
    """Prepares the environment and becomes the program; its exit code is the command's."""
    try:
        extras, note = extras_for(sys.platform, machine(), has_nvidia=_has_nvidia_gpu())
        missing = prepare(extras, note)
        translate()
    except SetUpError as error:
        return _say_failed(str(error))
    except KeyboardInterrupt:
        return _say_interrupted()
    obstacle = None if arguments else _window_obstacle(missing)
    if obstacle is not None:
        say(f"No window, because {obstacle}: asking about the sample picture on the command line.")
    words = program_arguments(arguments, is_display_there=obstacle is None)
    return _become(program_in(ENVIRONMENT, "viewfinder"), words)


def run_checks(arguments: Sequence[str]) -> int:
    """Prepares what is needed and runs every check; `arguments` go to pytest, which then has one environment alone."""
    try:
        if arguments:
            prepare_for_tests()
            return check_steps.check_choice(ENVIRONMENT, arguments)
        end_as_if_interrupted()
        with SideBySide(ROOT, check_steps.variables()) as work:
            second = None
            if other_runtime.is_tried_on(sys.platform):
                second = work.begin("second environment", [sys.executable, other_runtime.__file__])
            prepare_for_tests()
            return check_steps.check_everything(work, ENVIRONMENT, second, memory_bytes=_this_machine().memory_bytes())
    except SetUpError as error:
        return _say_failed(str(error))
    except KeyboardInterrupt:
        return _say_interrupted()


def prepare_for_tests() -> Path:
    """Prepares the environment with all that tests need; gives its interpreter.

    Raises:
        SetUpError: See `prepare`.
    """
    extras, _ = extras_for(sys.platform, machine(), has_nvidia=False)
    prepare((*extras, "test"))
    _install_display_programs()
    translate()
    return program_in(ENVIRONMENT, "python")


def prepare(extras: Sequence[str], note: str = "") -> tuple[str, ...]:
    """Makes the environment hold the program and these extras; with nothing to do it costs a few milliseconds.

    The note, if any, is said when something is installed. System libraries that were missing are looked for again, and
    installed or told of again, until they are there.

    Returns:
        The system libraries that the window still lacks.

    Raises:
        SetUpError: It cannot be made; nothing that was there is lost, and the next call goes on.
    """
    if sys.platform == "darwin" and int(mac_ver()[0].split(".")[0] or _OLDEST_MACOS) < _OLDEST_MACOS:
        raise SetUpError(f"Viewfinder needs macOS {_OLDEST_MACOS} or newer; this is macOS {mac_ver()[0]}.")
    python = program_in(ENVIRONMENT, "python")
    stamp, unfinished = read_stamp(ENVIRONMENT), read_unfinished(ENVIRONMENT)
    digest = requirements_digest(PYPROJECT.read_text(encoding="utf-8"))
    wanted = Stamp(str(ROOT), os.path.realpath(python), digest, tuple(sorted(extras)))
    if stamp is not None and unfinished is None and python.exists() and is_current(stamp, wanted):
        return _look_again_for_libraries(stamp)
    began = time.monotonic()
    say(f"[1/4] Python {sys.version.split()[0]} on {sys.platform} {machine()}: extras {', '.join(wanted.extras)}")
    if note:
        say(f"      {note}")
    must_be_made = must_be_rebuilt(ENVIRONMENT)
    missing = _install_system_libraries(needs_venv=must_be_made)
    all_extras = tuple(sorted({*extras, *(stamp.extras if stamp else ()), *(unfinished.extras if unfinished else ())}))
    if must_be_made:
        say(f"[3/4] Making the environment {ENVIRONMENT}")
        _make_environment(all_extras)
        stamp = None  # what it spoke of is gone
    else:
        say(f"[3/4] Keeping the environment {ENVIRONMENT}")
    say("[4/4] Installing packages (a few minutes the first time)")
    _install_in_place(python, all_extras, stamp, digest)
    write_stamp(ENVIRONMENT, Stamp(str(ROOT), os.path.realpath(python), digest, all_extras, missing))
    say(f"Ready after {time.monotonic() - began:.0f} s.")
    return missing


def translate() -> None:
    """Makes the window's translations where they are missing or old; without them it speaks English."""
    stale = translations.stale_files()
    if not stale:
        return
    try:
        translations.release(stale, program_in(ENVIRONMENT, "python").parent)
    except translations.TranslationError as error:
        say(f"The window can speak English only. {error}")


def _become(program: Path, words: Sequence[str]) -> NoReturn:
    command = [str(program), *words]
    if sys.platform == "win32":  # there execv ends this process at once, and the shell does not wait for the new one
        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(program, command)  # noqa: S606 - no shell is meant


def _window_obstacle(missing: Sequence[str]) -> str | None:
    """Why no window can open; a display that answers may still turn away root, or whoever has no key to it."""
    key = os.environ.get("XAUTHORITY") or Path("~/.Xauthority").expanduser()
    has_key = "WAYLAND_DISPLAY" in os.environ or os.access(key, os.R_OK)
    must_try = is_root() or not has_key or any(library != FONTS for library in missing)
    try:
        return window_obstacle(sys.platform, os.environ, _opens_window, must_try=must_try)
    except KeyboardInterrupt:
        sys.exit(_say_interrupted())


def _opens_window() -> bool:
    command = [str(program_in(ENVIRONMENT, "python")), "-c", "from PySide6.QtGui import QGuiApplication as A; A([])"]
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "timeout": _WINDOW_TRIAL_S}
    try:
        return subprocess.run(command, check=False, **options).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _look_again_for_libraries(stamp: Stamp) -> tuple[str, ...]:
    """Nothing while all were there at the last look; else what is missing now, installed or told of once more."""
    if not stamp.missing_libraries:
        return ()
    missing = _install_system_libraries(needs_venv=False)
    if missing != stamp.missing_libraries:
        write_stamp(ENVIRONMENT, replace(stamp, missing_libraries=missing))
    return missing


def _install_system_libraries(*, needs_venv: bool) -> tuple[str, ...]:
    """Installs what is missing when root, else says what to type; gives the libraries that are missing afterwards."""
    if sys.platform != "linux":
        return ()
    missing = missing_libraries()
    packages = list(apt_packages(missing))
    if needs_venv and find_spec("ensurepip") is None:
        packages.append(f"python3.{sys.version_info[1]}-venv")
    if not packages:
        say("[2/4] System libraries: all there")
        return ()
    line = install_line(packages)
    apt = shutil.which("apt-get")
    if apt is None:
        say(f"[2/4] These system libraries are missing; install the packages that hold them: {', '.join(missing)}")
        return missing
    if not is_root():
        say(f"[2/4] System libraries are missing. Install them with this line, then start again:\n      {line}")
        return missing
    say(f"[2/4] Installing system libraries: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run([apt, "update", "-q"], environment)
        run([apt, "install", "-y", "-q", "--no-install-recommends", *packages], environment)
    except SetUpError as error:
        say(f"{error}\n      Going on without them; the window needs them: {line}")
    return missing_libraries()


def _install_display_programs() -> None:
    try:
        installed = real_display.install_missing(run)
    except SetUpError as error:
        say(f"{error}\n      Going on without them; the tests on a real X server are skipped.")
    else:
        if installed:
            say(f"      For the tests on a real X server: installed {' '.join(installed)}")


def _make_environment(extras: tuple[str, ...]) -> None:
    """Clears what stands in the environment's place and makes a new one, noting until its end that it is half-made."""
    invalidate_caches()
    if find_spec("ensurepip") is None:
        package = f"python3.{sys.version_info[1]}-venv"
        raise SetUpError(f"This Python cannot make environments. Install {package}: sudo apt-get install -y {package}")
    try:
        ENVIRONMENT.mkdir(parents=True, exist_ok=True)
        note_unfinished(ENVIRONMENT, Unfinished(is_being_made=True, extras=extras))
        for path in ENVIRONMENT.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != BEGUN_NAME:
                path.unlink()
    except OSError as error:
        raise SetUpError(f"{ENVIRONMENT} cannot be made: {error}.") from error
    run([base_interpreter(), "-m", "venv", str(ENVIRONMENT)], clean_environment())


def _install_in_place(python: Path, extras: tuple[str, ...], stamp: Stamp | None, digest: str) -> None:
    """Runs pip in an environment that is kept whatever comes of it.

    Raises:
        SetUpError: pip failed; the text says what the environment holds now.
    """
    was_whole = stamp is not None and read_unfinished(ENVIRONMENT) is None
    before = _installed_names()
    note_unfinished(ENVIRONMENT, Unfinished(is_being_made=False, extras=extras))
    is_moved = stamp is not None and stamp.checkout != str(ROOT)
    try:
        _install_packages(python, extras, is_moved=is_moved)
    except SetUpError as error:
        if stamp is None or not was_whole or _installed_names() != before:
            raise SetUpError(f"{error}\n      Start it again to go on.") from error
        (ENVIRONMENT / BEGUN_NAME).unlink(missing_ok=True)
        held = f"with the extras {', '.join(stamp.extras)}"
        if stamp.requirements != digest:
            held = "for an earlier state of this checkout"
        start = "" if is_moved else f"; the program starts with it: {ENVIRONMENT / 'bin' / 'viewfinder'}"
        raise SetUpError(
            f"{error}\n      Nothing was changed: {ENVIRONMENT} holds what was installed before, {held}{start}"
        ) from error


def _installed_names() -> frozenset[str]:
    """What stands in the environment's package folder but pip itself; pip puts back what was there when it fails."""
    pattern = "Lib/site-packages/*" if sys.platform == "win32" else "lib/python*/site-packages/*"
    names = (path.name for path in ENVIRONMENT.glob(pattern))
    return frozenset(name for name in names if name != "pip" and not name.startswith("pip-"))


def _install_packages(python: Path, extras: Sequence[str], *, is_moved: bool) -> None:
    pip = pip_install(python)
    environment = clean_environment()
    if is_moved:  # every command in bin/ names the folder where the environment stood before
        pip.append("--force-reinstall")
        run([str(python), "-m", "venv", "--without-pip", str(ENVIRONMENT)], environment)
    run([*pip, "--upgrade", "pip>=24"], environment)
    run([*pip, "--editable", f"{ROOT}[{','.join(extras)}]"], environment)


def _say_failed(text: str) -> int:
    say(f"The set-up could not be finished. {text}")
    return 1


def _say_interrupted() -> int:
    say("\nInterrupted. Start it again to go on.")
    return _INTERRUPTED
