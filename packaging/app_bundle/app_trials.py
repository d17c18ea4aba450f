"""What packaging/test_app.py does: the frozen program is built and tried, one trial after the other, each timed.

Standard library only; the tests themselves run in the environment that packaging/test.py uses.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import freezing
import setup_environment
from bundle_identity import NAME, ROOT, executable_name
from check_steps import processes
from setup_commands import SetUpError, clean_environment, say
from side_by_side import SideBySide, end_as_if_interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILD = ROOT / "packaging" / "build_app.py"
PROOF = ROOT / "packaging" / "mac_proof" / "prove_mac.py"

_INTERRUPTED = 130


@dataclass(frozen=True)
class Trial:
    """One command that must succeed.

    Attributes:
        name: As the summary names it.
        command: The program and its arguments.
        needs_program: Whether there is nothing to try without the frozen program.
    """

    name: str
    command: tuple[str, ...]
    needs_program: bool = True


def main(arguments: Sequence[str]) -> int:
    """The command: 0 where everything was tried and is well, 1 where not, 130 after Ctrl-C."""
    given = parse(arguments)
    end_as_if_interrupted()
    work = SideBySide(ROOT, clean_environment())
    try:
        with tempfile.TemporaryDirectory() as home, work:
            python = setup_environment.prepare_for_tests()
            is_program_there = given.program is not None or work.run("build", [sys.executable, str(BUILD)]) == 0
            take(work, trials(given, python, home), is_program_there=is_program_there)
    except SetUpError as error:
        say(f"The set-up could not be finished. {error}")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. What was done so far:")
        work.say_outcomes()
        return _INTERRUPTED
    work.say_outcomes()
    return 1 if work.failed() else 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The words of the command line."""
    parser = argparse.ArgumentParser(
        prog="test_app.py",
        description=f"Builds the {NAME} that needs no Python and tries it: its own self-test, the end-to-end tests of "
        "the source, what only the frozen program promises, and what Linux can prove of the Mac's program.",
    )
    parser.add_argument("--program", type=Path, metavar="PATH", help="try this one, and build none")
    parser.add_argument("--skip-mac", action="store_true", help="prove nothing about the Mac's program")
    given = parser.parse_args(arguments)
    if given.program is not None:
        given.program = given.program.absolute()
        if not given.program.exists():
            parser.error(f"there is no {given.program}")
    return given


def executable_in(program: Path, system: str) -> Path:
    """The file that is started, of a program that is named by its folder, its bundle or that file."""
    places = (program / "Contents" / "MacOS" / executable_name(system), program / executable_name(system))
    return next((place for place in places if place.is_file()), program)


def trials(given: argparse.Namespace, python: Path, home: str) -> list[Trial]:
    """What is tried, once there is a program.

    Args:
        given: See `parse`.
        python: The interpreter of the tests' environment.
        home: A folder that is thrown away; the self-test has nothing else of this process's environment.
    """
    program = given.program or freezing.frozen_place(ROOT / "dist", sys.platform)
    tests = (str(python), "-m", "pytest", "-q", "--program", str(program))
    shared = ("-n", str(processes(os.cpu_count() or 1, 0)), "--dist", "loadfile")
    bare = ("/usr/bin/env", "-i", f"HOME={home}")
    wanted = [
        Trial("self-test", (*bare, str(executable_in(program, sys.platform)), "--selftest")),
        Trial("end to end", (*tests, *shared, "tests/e2e")),
        Trial("frozen", (*tests, "tests/frozen")),  # not shared: it measures how soon the window is there
    ]
    if not given.skip_mac:
        wanted.append(Trial("proofs for the Mac", (sys.executable, str(PROOF)), needs_program=False))
    return wanted


def take(work: SideBySide, wanted: Sequence[Trial], *, is_program_there: bool) -> None:
    """Takes each trial in turn, though one fails; without a program, because it could not be built, none of it."""
    for trial in wanted:
        if trial.needs_program and not is_program_there:
            say(f"== {trial.name}: not tried, there is no program")
            continue
        say(f"== {trial.name}")
        work.run(trial.name, trial.command)
