"""How much memory this program holds at this moment, and whether the system is short of it."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

_PAGES_FILE = Path("/proc/self/statm")
_PRESSURE_FILE = Path("/proc/pressure/memory")
_SHORT_FROM_PERCENT = 10.0
"""Of the last ten seconds in which some work waited for memory.

Source: low-memory-monitor 2.1, lmm.c: where it warns desktop programs a second time.
"""
_PRESSURE_LEVEL = b"kern.memorystatus_vm_pressure_level"
_WARNING_LEVEL = 2
"""Source: xnu, DISPATCH_MEMORYPRESSURE_WARN in bsd/kern/kern_memorystatus_notify.c: 1 normal, 2 warning, 4 critical."""
_USAGE_NUMBERS = 10
_FOOTPRINT_AT = 7


class _Usage(ctypes.Structure):
    """What macOS tells of a process.

    Source: xnu, rusage_info_v0 in bsd/sys/resource.h.
    """

    _fields_ = (("uuid", ctypes.c_uint8 * 16), ("numbers", ctypes.c_uint64 * _USAGE_NUMBERS))


def program_bytes() -> int:
    """What this process holds: not what it shares with others or could read again; 0 where the system does not tell.

    On a Mac it is what Activity Monitor shows, with all that is given to the GPU.
    """
    return mac_program_bytes(_system_library()) if sys.platform == "darwin" else linux_program_bytes(_PAGES_FILE)


def is_memory_short() -> bool:
    """Whether the system signals that memory is short; False where it does not tell."""
    return is_mac_short(_system_library()) if sys.platform == "darwin" else is_linux_short(_PRESSURE_FILE)


def give_freed_memory_back() -> None:
    """Has the C library give what was freed back to the system: glibc keeps it, gigabytes too, for itself otherwise."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            _system_library().malloc_trim(0)


def linux_program_bytes(pages_file: Path) -> int:
    """What a process holds for itself, from its ``statm``."""
    try:
        resident, shared = (int(word) for word in pages_file.read_text(encoding="ascii").split()[1:3])
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def is_linux_short(pressure_file: Path) -> bool:
    """Whether a kernel's pressure stall information says that work waits for memory."""
    try:
        words = pressure_file.read_text(encoding="ascii").split()
        return float(words[1].removeprefix("avg10=")) >= _SHORT_FROM_PERCENT
    except (OSError, ValueError, IndexError):  # an older kernel, or one that was told not to count
        return False


def mac_program_bytes(library: Any) -> int:
    """This process's physical footprint."""
    usage = _Usage()
    try:
        code = library.proc_pid_rusage(os.getpid(), 0, ctypes.byref(usage))
    except AttributeError:
        return 0
    return int(usage.numbers[_FOOTPRINT_AT]) if code == 0 else 0


def is_mac_short(library: Any) -> bool:
    """Whether macOS is at its level of warning or beyond.

    The level is asked for. A dispatch source would tell of it unasked, but on a thread of the system's own that runs
    Python even while the interpreter is taken down.
    """
    level, size = ctypes.c_uint32(0), ctypes.c_size_t(4)
    try:
        code = library.sysctlbyname(_PRESSURE_LEVEL, ctypes.byref(level), ctypes.byref(size), None, ctypes.c_size_t(0))
    except AttributeError:
        return False
    return code == 0 and level.value >= _WARNING_LEVEL


def _system_library() -> Any:
    return ctypes.CDLL(None)
