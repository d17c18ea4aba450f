"""What this machine has, asked of the operating system alone: no library of a GPU is loaded."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from app.core.model_types import Runtime

_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_DRIVER_COMMAND = "nvidia-smi"
_COMMAND_S = 20
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_GPU_NAMES = ("GPU-", "MIG-")
_GROUP_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux says how much memory a container may take."""
_METAL_LARGE_BYTES = 36 * 2**30
_METAL_SHARES = (2 / 3, 3 / 4)
_RAM_SHARE = 0.8
_GPU_CONTEXT_BYTES = 512 * 2**20
"""What CUDA itself takes of each GPU."""


@dataclass(frozen=True, slots=True)
class MachineMemory:
    """What a machine can give to a model of one runtime.

    Attributes:
        kind: Metal's working set, the memory of NVIDIA GPUs, or the machine's own.
        usable_bytes: What a model may take, for weights and work together; 0 where nothing tells.
        total_bytes: What there is in all; 0 where nothing tells.
        name: What it belongs to, for people, such as “Apple M2” or “NVIDIA GeForce RTX 4090”; or empty.
        runtime: The backend that would use it.
        devices: How many GPUs share it.
    """

    kind: Literal["metal", "cuda", "ram"]
    usable_bytes: int
    total_bytes: int
    name: str = ""
    runtime: Runtime = "mlx"
    devices: int = 1


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


def runtime_of(backend: str) -> Runtime:
    """The runtime behind a backend's name; for others, such as ``auto``, the one that would be chosen here."""
    if backend in {"mlx", "transformers"}:
        return "mlx" if backend == "mlx" else "transformers"
    if has_nvidia_gpu() and not is_apple_silicon() and importlib.util.find_spec("torch") is not None:
        return "transformers"
    has_mlx = importlib.util.find_spec("mlx") is not None
    return "mlx" if has_mlx or importlib.util.find_spec("torch") is None else "transformers"


def machine_memory(runtime: Runtime) -> MachineMemory:
    """What a model of this runtime may take here; no library of a GPU is loaded.

    Thread: any but main; asking NVIDIA's driver may take a second the first time.
    """
    if runtime == "mlx" and is_apple_silicon():
        total = memory_bytes()
        usable = _told_by_metal.get("working_set") or metal_working_set_bytes(total)
        return MachineMemory("metal", usable, total, _chip_name(), runtime)
    gpus = nvidia_gpus() if runtime == "transformers" and has_nvidia_gpu() else ()
    if gpus:
        total = sum(gpu.total_bytes for gpu in gpus)
        usable = total - len(gpus) * _GPU_CONTEXT_BYTES
        name = gpus[0].name if len(gpus) == 1 else f"{len(gpus)} x {gpus[0].name}"
        return MachineMemory("cuda", max(0, usable), total, name, runtime, len(gpus))
    total = memory_bytes()
    return MachineMemory("ram", int(total * _RAM_SHARE), total, "", runtime)


_told_by_metal: dict[str, int] = {}


def note_metal_working_set(size_bytes: int) -> None:
    """Takes what Metal itself told a runtime, which from then on stands in place of the rule. Thread: any."""
    _told_by_metal["working_set"] = size_bytes


def metal_working_set_bytes(total_bytes: int) -> int:
    """How much of a Mac's memory Metal lets a program use, as it is set, else as macOS sets it.

    Source: ``iogpu.wired_limit_mb`` of sysctl where a person set it; otherwise ``recommendedMaxWorkingSetSize`` as
    Metal reports it: two thirds of the memory, three quarters from 36 GB on.
    """
    set_mb = _system_number(b"iogpu.wired_limit_mb")
    if set_mb:
        return min(set_mb * 2**20, total_bytes)
    small, large = _METAL_SHARES
    return int(total_bytes * (large if total_bytes >= _METAL_LARGE_BYTES else small))


def _system_number(name: bytes) -> int:
    """A number of macOS's sysctl; 0 where there is none."""
    if not is_apple_silicon():
        return 0
    import ctypes  # noqa: PLC0415 - only there

    value, size = ctypes.c_uint64(0), ctypes.c_size_t(8)
    call = ctypes.CDLL(None).sysctlbyname
    return int(value.value) if call(name, ctypes.byref(value), ctypes.byref(size), None, 0) == 0 else 0


def _chip_name() -> str:
    """Such as “Apple M2”; empty where macOS does not tell."""
    if not is_apple_silicon():
        return ""
    import ctypes  # noqa: PLC0415 - only there

    text, size = ctypes.create_string_buffer(128), ctypes.c_size_t(128)
    call = ctypes.CDLL(None).sysctlbyname
    is_told = call(b"machdep.cpu.brand_string", text, ctypes.byref(size), None, 0) == 0
    return text.value.decode("utf-8", "replace") if is_told else ""


@dataclass(frozen=True, slots=True)
class NvidiaGpu:
    """A GPU as NVIDIA's driver names it."""

    name: str
    total_bytes: int


@lru_cache(maxsize=1)
def nvidia_gpus() -> tuple[NvidiaGpu, ...]:
    """The GPUs that a program may use, as NVIDIA's own command tells; none where it does not."""
    answer = _asked_driver("--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits")
    found: list[NvidiaGpu] = []
    visible = os.environ.get(_VISIBLE)
    wanted = None if visible is None else [word.strip() for word in visible.split(",")]
    for line in answer.splitlines():
        try:
            index, uuid, name, total_mib = (word.strip() for word in line.split(","))
            gpu = NvidiaGpu(name, int(total_mib) * 2**20)
        except ValueError:  # a GPU whose memory is not told, or whose name has a comma
            continue
        if wanted is None or index in wanted or any(word and uuid.startswith(word) for word in wanted):
            found.append(gpu)
    return tuple(found)


def _asked_driver(*words: str) -> str:
    """What nvidia-smi says; nothing where there is none or it fails."""
    import shutil  # noqa: PLC0415 - slow to import, and the command line reads the table of backends
    import subprocess  # noqa: PLC0415

    command = shutil.which(_DRIVER_COMMAND)
    if command is None:
        return ""
    try:
        done = subprocess.run([command, *words], capture_output=True, timeout=_COMMAND_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def memory_bytes() -> int:
    """The memory that this program may use, of the machine or of the container it runs in; 0 where nothing tells."""
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):  # Windows has no sysconf
        there = _windows_memory_bytes() if sys.platform == "win32" else 0
    limits = [limit for limit in map(_group_limit, _GROUP_FILES) if limit]
    return min([there, *limits]) if there else 0


def _windows_memory_bytes() -> int:
    """Source: MEMORYSTATUSEX in Windows' sysinfoapi.h: two numbers of 32 bits, then seven of 64, all memory first."""
    import ctypes  # noqa: PLC0415 - only needed there

    numbers = (ctypes.c_uint64 * 8)()
    ctypes.cast(numbers, ctypes.POINTER(ctypes.c_uint32))[0] = ctypes.sizeof(numbers)
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
    return int(numbers[1]) if kernel.GlobalMemoryStatusEx(ctypes.byref(numbers)) else 0


def _group_limit(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such file, or “max”
        return 0


def free_memory_bytes() -> int:
    """What could be used now; 0 where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return 0
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else 0
