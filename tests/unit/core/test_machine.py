from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli import doctor
from app.core import machine


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    machine._has_nvidia_driver.cache_clear()
    yield
    machine._has_nvidia_driver.cache_clear()


def command(code: int | Exception) -> Any:
    def run(words: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        if isinstance(code, Exception):
            raise code
        return subprocess.CompletedProcess(words, code)

    return run


@pytest.mark.parametrize(
    ("system", "has_driver", "answer", "expected"),
    [
        ("linux", True, 9, True),
        ("linux", False, 0, True),
        ("linux", False, 9, False),
        ("linux", False, None, False),
        ("linux", False, subprocess.TimeoutExpired("nvidia-smi", 20), False),
        ("linux", False, OSError("no such thing"), False),
        ("darwin", True, 0, False),
    ],
)
def test_an_nvidia_gpu_is_known_by_its_driver_or_its_command(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    system: str,
    has_driver: bool,
    answer: int | Exception | None,
    expected: bool,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr(machine, "_DRIVER_FILE", tmp_path if has_driver else tmp_path / "none")
    monkeypatch.setattr("shutil.which", lambda _: None if answer is None else "nvidia-smi")
    monkeypatch.setattr("subprocess.run", command(answer if answer is not None else 0))
    assert machine.has_nvidia_gpu() is expected


@pytest.mark.parametrize(
    ("listed", "is_hidden"),
    [
        (None, False),
        ("0", False),
        ("1, 0", False),
        ("0,-1", False),
        ("GPU-8932f937", False),
        ("MIG-GPU-1/0/0", False),
        ("", True),
        ("-1", True),
        ("-1,0", True),
        ("NoDevFiles", True),
    ],
)
def test_gpus_that_are_hidden_are_not_counted_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listed: str | None, is_hidden: bool
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(machine, "_DRIVER_FILE", tmp_path)
    if listed is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", listed)
    assert machine.is_gpu_hidden() is is_hidden
    assert machine.has_nvidia_gpu() is not is_hidden
    assert doctor._gpu() == ("hidden by CUDA_VISIBLE_DEVICES" if is_hidden else "NVIDIA (CUDA)")


def test_memory_is_told_where_the_system_tells_it() -> None:
    assert machine.memory_bytes() > 1_000_000
    assert 0 <= machine.free_memory_bytes() <= machine.memory_bytes()


@pytest.mark.parametrize(
    ("has_gpu", "version", "note"),
    [
        (False, "2.13.0+cpu", "on the processor"),
        (True, "2.13.0+cpu", "this PyTorch is built without CUDA, so the NVIDIA GPU cannot be used: pip install"),
        (True, "2.13.0+cu130", ""),
    ],
)
def test_the_doctor_says_what_pytorchs_version_means_for_the_gpu(
    monkeypatch: pytest.MonkeyPatch, has_gpu: bool, version: str, note: str
) -> None:
    monkeypatch.setattr(doctor, "has_nvidia_gpu", lambda: has_gpu)
    monkeypatch.setattr(doctor, "_version", lambda _: version)
    assert doctor._note("mlx") == ""
    assert doctor._note("transformers").startswith(note)
    assert bool(doctor._note("transformers")) == bool(note)
