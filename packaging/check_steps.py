"""The checks that packaging/test.py runs: of the source, the tests, and those of the second runtime.

Standard library only. A choice of tests runs simply, one check after the other and all tests in one process. Without
one, all of them run beside one another as far as the machine allows.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import other_runtime
from setup_commands import clean_environment, program_in, say
from side_by_side import SideBySide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from side_by_side import Begun

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"
_PROCESS_BYTES = 3_000_000_000
"""What one process of tests is given; and the most that one was seen to take."""
_MOST_PROCESSES = 4
_SECOND = "transformers"
_ALONE = "alone"
"""The marker of tests that run with nothing beside them, in a process that has done nothing else."""


def variables() -> dict[str, str]:
    """Of the checks' environment."""
    return {**clean_environment(), "QT_QPA_PLATFORM": "offscreen"}


def quick_steps(environment: Path) -> tuple[tuple[str, list[str]], ...]:
    """The checks of the source that take a second or two: what they are called, and their commands."""
    ruff, lint_imports = (str(program_in(environment, name)) for name in ("ruff", "lint-imports"))
    return (
        ("format", [ruff, "format", "--check", "--quiet", "."]),
        ("lint", [ruff, "check", "--quiet", "."]),
        ("imports", [lint_imports]),
        *_workflow_step(environment),
    )


def _workflow_step(environment: Path) -> tuple[tuple[str, list[str]], ...]:
    """The check of the workflows for hosted builds, where a wheel with its tool is made for this machine."""
    actionlint, shellcheck = (program_in(environment, name) for name in ("actionlint", "shellcheck"))
    if not actionlint.exists():
        return ()
    files = sorted(map(str, WORKFLOWS.glob("*.yml")))
    scripts_by = str(shellcheck) if shellcheck.exists() else ""
    return (("workflows", [str(actionlint), "-shellcheck", scripts_by, *files]),)


def type_step(environment: Path) -> tuple[str, list[str]]:
    """The check of types, which takes longer."""
    return "types", [str(program_in(environment, "python")), "-m", "mypy"]


def processes(cores: int, memory_bytes: int) -> int:
    """How many processes share the tests on a machine.

    Args:
        cores: How many there are.
        memory_bytes: What the machine has; 0 where nothing tells.
    """
    return max(1, min(cores, _MOST_PROCESSES, memory_bytes // _PROCESS_BYTES if memory_bytes else 2))


def check_choice(environment: Path, arguments: Sequence[str]) -> int:
    """Runs the checks of the source and the tests that pytest's arguments choose; gives an exit code."""
    failed: list[str] = []
    tests = ("tests", [str(program_in(environment, "python")), "-m", "pytest", *arguments])
    for name, command in (*quick_steps(environment), type_step(environment), tests):
        if name == "tests" and failed:
            say(f"failed so far: {', '.join(failed)}")
        began = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, env=variables(), check=False).returncode
        sys.stdout.flush()
        if code:
            failed.append(name)
        if name != "tests" or code:
            say(f"{name}: {'failed' if code else 'ok'}, {time.monotonic() - began:.1f} s")
    return 1 if failed else 0


def check_everything(work: SideBySide, environment: Path, second: Begun | None, *, memory_bytes: int) -> int:
    """Runs every check, as many beside one another as the machine allows; gives an exit code.

    The tests of the second runtime come last, because they compare with what the first made of the same questions; of
    each runtime's tests, those that are marked so run after the others, with nothing beside them.

    Args:
        work: What runs them.
        environment: The first runtime's, finished.
        second: Whatever prepares that of the second runtime; None where there is no second one.
        memory_bytes: What the machine has.
    """
    for name, command in quick_steps(environment):
        work.run(name, command)
    types = work.begin(*type_step(environment))
    if work.failed():
        say(f"failed so far: {', '.join(work.failed())}")
    shared = ["-n", str(processes(_cores(), memory_bytes)), "--dist", "loadfile", "-m", f"not {_ALONE}"]
    tests = [str(program_in(environment, "python")), "-m", "pytest"]
    work.run("tests", [*tests, *shared])
    work.finish(types)
    is_second_there = second is not None and work.finish(second) == 0
    work.run("tests alone", [*tests, "-m", _ALONE])
    if is_second_there:
        work.run(_SECOND, [*other_runtime.tests_command(), *shared])
        work.run(f"{_SECOND} alone", [*other_runtime.tests_command(), "-m", _ALONE])
    work.say_outcomes()
    return 1 if work.failed() else 0


def _cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux tells
        return os.cpu_count() or 1
