"""For which macOS a library of compiled Metal kernels was made.

Standard library only.
"""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TARGET = re.compile(rb"air64(?:_v\d+)?-apple-[a-z]+[\d.]*")


def air_targets(metallib: Path) -> tuple[str, ...]:
    """The targets that its kernels were compiled for, sorted, each once; as ``air64_v26-apple-macosx14.0.0``.

    Raises:
        OSError: It cannot be read.
        ValueError: It is empty.
    """
    with metallib.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return tuple(sorted({match[0].decode() for match in _TARGET.finditer(data)}))


def kernel_faults(metallib: Path, macos: str) -> list[str]:
    """What keeps its kernels from running on a macOS, in words.

    Args:
        metallib: The file.
        macos: The oldest macOS that must run them, with one number behind the point, as ``14.0``.
    """
    try:
        targets = air_targets(metallib)
    except (OSError, ValueError) as error:
        return [f"{metallib.name} cannot be read: {error}"]
    if not targets:
        return [f"{metallib.name} names no target of its kernels"]
    return [
        f"{metallib.name} holds kernels for {target}, which macOS {macos} cannot run"
        for target in targets
        if not target.endswith(f"-apple-macosx{macos}.0")
    ]
