"""What a frozen program has in memory while a command answers: neither Qt nor a model runtime that nobody asked for."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.program import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells in /proc")
FOREIGN = re.compile(r"lib(Qt6|pyside6|shiboken6|mlx)|Qt\w+\.abi3|mlx/core")


def libraries(process: int) -> set[str]:
    """The names of the files that a process has in memory."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    return {"/".join(Path(line.split(maxsplit=5)[5]).parts[-2:]) for line in lines if "/" in line}


def test_a_command_loads_neither_qt_nor_a_runtime(program: Program, picture: Path) -> None:
    slow = program.scripted(answers=["word " * 1000], piece_bytes=5, piece_delay_s=0.05)
    with slow.start_asking(picture.name, "-p", "x") as process:
        assert process.stdout is not None
        assert process.stdout.read(5) == b"word "
        loaded = libraries(process.pid)
        process.kill()
        process.communicate()
    assert any("_internal/" in name or name.startswith("PIL/") for name in loaded), "its own libraries are seen"
    assert sorted(name for name in loaded if FOREIGN.search(name)) == []


def test_the_demo_model_is_asked_without_qt(program: Program) -> None:
    words = ("--profile", program.profile_dir, "ask", "--model", "demo", "-p", "-")
    with program.start(*words, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"Hello")
        process.stdin.close()
        loaded: set[str] = set()
        while process.poll() is None:
            try:
                loaded |= libraries(process.pid)
            except OSError:  # it has just ended
                break
            time.sleep(0.02)
        process.wait(60)
        assert process.returncode == 0
    assert any("libmlx" in name for name in loaded)
    assert sorted(name for name in loaded if re.search(r"lib(Qt6|pyside6|shiboken6)|Qt\w+\.abi3", name)) == []
