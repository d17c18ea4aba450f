"""Whether this machine has an NVIDIA GPU, asked without any of its libraries."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def has_gpu() -> bool:
    """Whether the driver is loaded, or its own command lists a GPU."""
    if sys.platform != "linux":
        return False
    if Path("/proc/driver/nvidia/version").exists():
        return True
    command = shutil.which("nvidia-smi")
    if command is None:
        return False
    try:
        return subprocess.run([command, "-L"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
