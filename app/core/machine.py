"""What this machine has, asked of the operating system alone: no library of a GPU is loaded."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_DRIVER_COMMAND = "nvidia-smi"
_COMMAND_S = 20
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_GPU_NAMES = ("GPU-", "MIG-")


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """What a machine can give to a model.

    Attributes:
        kind: Metal's working set, the memory of NVIDIA GPUs, or the machine's own.
        usable_bytes: What a model may take, for weights and work together; 0 where nothing tells.
        total_bytes: What there is in all; 0 where nothing tells.
        name: What it belongs to, for people, such as “Apple M2” or “NVIDIA GeForce RTX 4090”; or empty.
    """

    kind: Literal["metal", "cuda", "ram"]
    usable_bytes: int
    total_bytes: int
    name: str = ""


def is_apple_silicon() -> bool:
    """Whether this is a Mac with Apple's own chip."""
    return sys.platform == "darwin" and os.uname().machine == "arm64"


def is_gpu_hidden() -> bool:
    """Whether whoever started the program lets no NVIDIA GPU be seen: the list of them begins with none.

    Source: CUDA C++ Programming Guide, section "CUDA Environment Variables".
    """
    listed = os.environ.get(_VISIBLE)
    first = None if listed is None else listed.split(",")[0].strip()
    return first is not None and not first.isdecimal() and not first.startswith(_GPU_NAMES)


def has_nvidia_gpu() -> bool:
    """Whether there is an NVIDIA GPU that may be used."""
    return not is_gpu_hidden() and _has_nvidia_driver()


@lru_cache(maxsize=1)
def _has_nvidia_driver() -> bool:
    """Whether NVIDIA's driver is loaded, or its own command lists a GPU."""
    if sys.platform == "darwin":
        return False
    if _DRIVER_FILE.exists():
        return True
    import shutil  # noqa: PLC0415 - slow to import, and the command line reads the table of backends
    import subprocess  # noqa: PLC0415

    command = shutil.which(_DRIVER_COMMAND)
    if command is None:
        return False
    try:
        done = subprocess.run([command, "-L"], capture_output=True, timeout=_COMMAND_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def memory_bytes() -> int:
    """The machine's memory; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0


def free_memory_bytes() -> int:
    """What could be used now; 0 where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return 0
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else 0
