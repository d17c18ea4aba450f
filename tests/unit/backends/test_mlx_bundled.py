"""The bundled program on a processor needs no compiler, and loads no library that was made on the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mlx_vlm", reason="mlx-vlm has no wheel for this machine")

BUNDLED = "import sys; sys.frozen = True; from app.entry import main; sys.exit(main(sys.argv[1:]))"
WORDS = ("ask", "--backend", "mlx", "--model", "demo", "-p", "Hello", "--quiet")


@pytest.mark.skipif(sys.platform == "darwin", reason="on a Mac nothing runs on the processor")
def test_nothing_is_compiled_while_it_answers(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-c", BUNDLED, "--profile", str(tmp_path / "profile"), *WORDS]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert list(temporary.iterdir()) == []
