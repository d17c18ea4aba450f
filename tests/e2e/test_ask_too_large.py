"""A model that needs more memory than there is: refused before a byte of it is read."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from app.core.machine import memory_bytes
from tests.e2e.chosen_program import installed_runtimes
from tests.e2e.program import Program
from tests.random_checkpoint import Widths, _shapes, write_configuration

if TYPE_CHECKING:
    from pathlib import Path

RUNTIME = next(iter(installed_runtimes()), "")
HUGE = Widths(text_width=16_384, text_layers=200, heads=64, head_dim=128, mlp_width=131_072)


def write_huge_model(folder: Path) -> Path:
    """A model of terabytes whose weights are a hole in a file."""
    config = write_configuration(folder, HUGE)
    header, end = {}, 0
    for name, shape in _shapes(config):
        start, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [start, end]}
    head = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        file.truncate(8 + len(head) + end)
    return folder


@pytest.mark.skipif(not RUNTIME, reason="no runtime is installed")
@pytest.mark.skipif(not memory_bytes(), reason="the system does not tell how much memory there is")
def test_it_is_refused_with_what_it_needs_and_how_to_load_it_all_the_same(tmp_path: Path) -> None:
    folder = write_huge_model(tmp_path / "Huge")
    assert (folder / "model.safetensors").stat().st_size > 2 * memory_bytes()
    assert (folder / "model.safetensors").stat().st_blocks * 512 < 10_000_000
    program = Program(tmp_path, folder)
    done = program.run("--profile", program.profile_dir, "ask", "--model", folder, "--backend", RUNTIME, "-p", "Hi")
    assert done.returncode == 4
    assert done.stdout == ""
    assert "The model Huge needs about " in done.stderr
    assert "add --load-anyway: the machine may become very slow" in done.stderr
    assert "Reading the weights" not in done.stderr
