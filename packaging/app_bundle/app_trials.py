"""What packaging/test_app.py does, one step after the other, each timed.

Standard library only; the tests themselves run in the environment that packaging/test.py uses.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn, TypeAlias

import freezing
import setup_environment
from bundle_identity import NAME, ROOT, executable_name
from check_steps import processes
from setup_commands import SetUpError, clean_environment, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Call: TypeAlias = Callable[[Sequence[str], Mapping[str, str], Path], int]

State: TypeAlias = Literal["ok", "failed", "not run"]

PROOF = ROOT / "packaging" / "mac_proof" / "prove_mac.py"

_INTERRUPTED = 130
_END_S = 20


@dataclass(frozen=True)
class Step:
    """One thing to try.

    Attributes:
        name: As the summary names it.
        run: Does it; gives an exit code.
        needs_program: Whether there is nothing to try without the frozen program.
    """

    name: str
    run: Callable[[], int]
    needs_program: bool = True


@dataclass(frozen=True)
class Outcome:
    """What came of a step.

    Attributes:
        name: The step's.
        state: How it ended.
        took_s: How long it ran.
    """

    name: str
    state: State
    took_s: float = 0.0


def main(arguments: Sequence[str]) -> int:
    """The command: 0 where everything was tried and is well, 1 where not, 130 after Ctrl-C."""
    given = parse(arguments)
    outcomes: list[Outcome] = []
    try:
        with _ended_by_term():
            python = setup_environment.prepare_for_tests()
            for outcome in outcomes_of(steps_of(given, python)):
                outcomes.append(outcome)
                if outcome.state != "not run":
                    say(f"== {outcome.name}: {outcome.state}, {outcome.took_s:.0f} s")
    except SetUpError as error:
        say(f"The set-up could not be finished. {error}")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. What was done so far:")
        print(summary(outcomes))
        return _INTERRUPTED
    print(summary(outcomes))
    return int(any(outcome.state != "ok" for outcome in outcomes))


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


def steps_of(given: argparse.Namespace, python: Path) -> list[Step]:
    """What is to be done.

    Args:
        given: See `parse`.
        python: The interpreter of the tests' environment.
    """
    program = given.program or freezing.frozen_place(ROOT / "dist", sys.platform)
    file = executable_in(program, sys.platform)
    tests = [str(python), "-m", "pytest", "-q"]
    shared = ["-n", str(processes(os.cpu_count() or 1, 0)), "--dist", "loadfile"]
    steps = (
        [] if given.program else [Step("build", lambda: call([sys.executable, str(ROOT / "packaging/build_app.py")]))]
    )
    steps += [
        Step("self-test", lambda: _self_test(file)),
        Step("end to end", lambda: call([*tests, "tests/e2e", *shared, "--program", str(program)])),
        # Not shared: it measures how soon the window is there.
        Step("frozen", lambda: call([*tests, "tests/frozen", "--program", str(program)])),
    ]
    if not given.skip_mac:
        prove = [sys.executable, str(PROOF)]
        steps.append(Step("proofs for the Mac", lambda: call(prove), needs_program=False))
    return steps


def outcomes_of(steps: Sequence[Step], clock: Callable[[], float] = time.monotonic) -> Iterator[Outcome]:
    """Takes each step in turn; without a program, because it could not be built, nothing is tried of it."""
    is_there = True
    for step in steps:
        if step.needs_program and not is_there:
            yield Outcome(step.name, "not run")
            continue
        began = clock()
        code = step.run()
        yield Outcome(step.name, "failed" if code else "ok", clock() - began)
        is_there = is_there and not (code and step.name == "build")


def summary(outcomes: Sequence[Outcome]) -> str:
    """A table of what was tried, how it ended and how long it took."""
    width = max((len(outcome.name) for outcome in outcomes), default=0)
    lines = [f"  {outcome.name:{width}}  {outcome.state:7}  {outcome.took_s:6.0f} s" for outcome in outcomes]
    return "\n".join([*lines, f"  together {sum(outcome.took_s for outcome in outcomes):.0f} s"])


def call(command: Sequence[str], variables: Mapping[str, str] | None = None, folder: Path = ROOT) -> int:
    """Runs a command whose words go where this one's go; gives its exit code.

    Ctrl-C in a terminal reaches the command too, which is waited for a while; of SIGTERM it is told.
    """
    environment = clean_environment() if variables is None else variables
    with subprocess.Popen(command, cwd=folder, env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt as interrupt:
            if isinstance(interrupt, _Terminated):
                process.send_signal(signal.SIGINT)
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


def _self_test(file: Path) -> int:
    """The program's own, with nothing of this process's environment but a home folder that is thrown away."""
    with tempfile.TemporaryDirectory() as home:
        return call([str(file), "--selftest"], {"HOME": home}, Path(home))


class _Terminated(KeyboardInterrupt):
    """SIGTERM came, which the commands that run have not heard of."""


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """Makes SIGTERM end this as Ctrl-C does."""

    def end(_number: int, _frame: object) -> NoReturn:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
