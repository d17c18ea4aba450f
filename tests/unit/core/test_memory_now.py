from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.core.memory_now import (
    is_linux_short,
    is_mac_short,
    is_memory_short,
    linux_program_bytes,
    mac_program_bytes,
    program_bytes,
)

PRESSURE = """some avg10={some} avg60=0.00 avg300=0.00 total=8756938
full avg10=0.00 avg60=99.00 avg300=99.00 total=7728911
"""


class MacLibrary:
    """Answers as macOS's system library does."""

    def __init__(self, level: int = 1, code: int = 0) -> None:
        self.level, self.code = level, code
        self.asked: list[object] = []

    def sysctlbyname(self, name: bytes, level: Any, size: Any, _new: None, _new_size: object) -> int:
        assert (name, size._obj.value) == (b"kern.memorystatus_vm_pressure_level", ctypes.sizeof(level._obj))
        level._obj.value = self.level
        return self.code

    def proc_pid_rusage(self, process_id: int, flavour: int, usage: Any) -> int:
        self.asked.append((process_id, flavour, ctypes.sizeof(usage._obj)))
        usage._obj.numbers[:] = range(100, 110)
        return self.code


def test_what_is_held_is_seen_to_grow_and_to_shrink() -> None:
    before_bytes = program_bytes()
    assert before_bytes > 1_000_000
    held = np.ones(200_000_000, np.uint8)
    grown_bytes = program_bytes()
    assert grown_bytes - before_bytes > 150_000_000
    del held
    assert grown_bytes - program_bytes() > 150_000_000


def test_what_others_have_too_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "statm").write_text("9000 3000 1000 1 0 500 0\n")
    assert linux_program_bytes(tmp_path / "statm") == 2000 * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("text", ["", "9000", "x y z"])
def test_a_system_that_does_not_tell_holds_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "statm").write_text(text)
    assert linux_program_bytes(tmp_path / "statm") == linux_program_bytes(tmp_path / "none") == 0
    assert mac_program_bytes(MacLibrary(code=-1)) == mac_program_bytes(object()) == 0


def test_a_macs_physical_footprint_is_read() -> None:
    library = MacLibrary()
    assert mac_program_bytes(library) == 107
    assert library.asked == [(os.getpid(), 0, 16 + 10 * 8)]


@pytest.mark.parametrize(("some", "is_short"), [("0.00", False), ("9.99", False), ("10.00", True), ("83.10", True)])
def test_linux_is_short_when_work_waits_for_memory(tmp_path: Path, some: str, is_short: bool) -> None:
    file = tmp_path / "memory"
    file.write_text(PRESSURE.format(some=some))
    assert is_linux_short(file) is is_short


@pytest.mark.parametrize("text", ["", "some", "some avg10=much", "nothing here"])
def test_a_kernel_that_does_not_count_is_never_short(tmp_path: Path, text: str) -> None:
    (tmp_path / "memory").write_text(text)
    assert not is_linux_short(tmp_path / "memory")
    assert not is_linux_short(tmp_path / "none")


@pytest.mark.parametrize(("level", "is_short"), [(1, False), (2, True), (4, True)])
def test_a_mac_is_short_from_its_warning_on(level: int, is_short: bool) -> None:
    assert is_mac_short(MacLibrary(level)) is is_short
    assert not is_mac_short(MacLibrary(level, code=-1))
    assert not is_mac_short(object())


@pytest.mark.skipif(sys.platform != "darwin", reason="asks macOS itself")
def test_macos_tells_its_level() -> None:
    level, size = ctypes.c_uint32(0), ctypes.c_size_t(4)
    name = b"kern.memorystatus_vm_pressure_level"
    library = ctypes.CDLL(None)
    assert library.sysctlbyname(name, ctypes.byref(level), ctypes.byref(size), None, ctypes.c_size_t(0)) == 0
    assert level.value in {1, 2, 4}


def test_this_system_answers_at_once() -> None:
    assert is_memory_short() in {True, False}
