"""Programs that no network is left to, and what each of them tried all the same."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e import chosen_program
from tests.e2e.program import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NO_NETWORK = Path(__file__).with_name("no_network")


@dataclass(frozen=True)
class CutOff:
    """A program that cannot reach anything.

    Attributes:
        program: Starts it.
        tries: Says what it tried; empty when nothing was.
    """

    program: Program
    tries: Callable[[], str]


@contextmanager
def cut_off(program: Program) -> Iterator[CutOff]:
    """The same program where each try to reach the network is noted and refused.

    The source has it done by an audit hook in its own interpreter. A frozen program reads no module of the tests: it
    runs where the kernel has no network interface that is up, not even loopback, and the kernel counts what it refuses,
    whichever library asks.
    """
    if chosen_program.frozen_program() is None:
        log = program.folder / "network.log"
        path = f"{_NO_NETWORK}{os.pathsep}{ROOT}"
        watched = program.with_variables(PYTHONPATH=path, VIEWFINDER_TEST_NETWORK_LOG=str(log))
        yield CutOff(watched, lambda: log.read_text(encoding="utf-8"))  # it is there once the refusal was in force
        return
    is_root = os.geteuid() == 0
    making = ["unshare", "--net", *([] if is_root else ["--user", "--map-current-user"])]
    keep = [*making, "sh", "-c", "echo ready; exec cat"]
    pipe = subprocess.PIPE
    try:
        keeper = subprocess.Popen(keep, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        pytest.skip("no “unshare” here to take the network away with")
    with keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        if keeper.stdout.readline() != b"ready\n":
            pytest.skip("this system lets nobody take the network away from a process")
        entering = ["nsenter", "--target", str(keeper.pid), "--net"]
        entering += [] if is_root else ["--user", "--preserve-credentials"]
        before = _unrouted(keeper.pid)
        yield CutOff(replace(program, before=(*entering, "--")), lambda: _more(before, _unrouted(keeper.pid)))
        keeper.stdin.close()


def _unrouted(process: int) -> dict[str, int]:
    """How many times something was to be sent that no interface could send, in the network a process has."""
    folder = Path(f"/proc/{process}/net")
    lines = (folder / "snmp").read_text().splitlines()
    names, values = (line.split() for line in lines if line.startswith("Ip:"))
    counts = {"IPv4": int(values[names.index("OutNoRoutes")])}
    if (folder / "snmp6").exists():
        pairs = (line.split() for line in (folder / "snmp6").read_text().splitlines())
        counts["IPv6"] = next(int(value) for name, value in pairs if name == "Ip6OutNoRoutes")
    return counts


def _more(before: dict[str, int], after: dict[str, int]) -> str:
    return ", ".join(f"{after[kind] - count} over {kind}" for kind, count in before.items() if after[kind] != count)
