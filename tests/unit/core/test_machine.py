from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
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


def test_a_system_that_tells_nothing_has_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.sysconf")
    assert machine.memory_bytes() == 0


def test_windows_tells_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(place: Any) -> int:
        words = ctypes.cast(place, ctypes.POINTER(ctypes.c_uint32))
        assert words[0] == 64, "Windows looks whether its length is right"
        ctypes.cast(place, ctypes.POINTER(ctypes.c_uint64))[1] = 16 * 2**30
        return 1

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.delattr("os.sysconf")
    monkeypatch.setattr(machine, "_GROUP_FILES", ())
    monkeypatch.setattr(ctypes, "WinDLL", lambda _: SimpleNamespace(GlobalMemoryStatusEx=tell), raising=False)
    assert machine.memory_bytes() == 16 * 2**30


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


@pytest.mark.parametrize(
    ("ram_gib", "usable_gib"), [(8, 5.33), (16, 10.67), (24, 16), (32, 21.33), (36, 27), (64, 48), (192, 144)]
)
def test_metal_gives_two_thirds_and_of_larger_machines_three_quarters(ram_gib: int, usable_gib: float) -> None:
    assert machine.metal_working_set_bytes(ram_gib * 2**30) / 2**30 == pytest.approx(usable_gib, abs=0.01)


def test_a_limit_that_a_person_set_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_system_number", lambda name: {b"iogpu.wired_limit_mb": 12_000}[name])
    assert machine.metal_working_set_bytes(16 * 2**30) == 12_000 * 2**20
    assert machine.metal_working_set_bytes(8 * 2**30) == 8 * 2**30


def test_a_mac_is_told_by_its_chip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "is_apple_silicon", lambda: True)
    monkeypatch.setattr(machine, "_system_number", lambda _: 0)
    monkeypatch.setattr(machine, "_chip_name", lambda: "Apple M2")
    monkeypatch.setattr(machine, "memory_bytes", lambda: 24 * 2**30)
    found = machine.machine_memory("mlx")
    assert found == machine.MachineMemory("metal", 16 * 2**30, 24 * 2**30, "Apple M2", "mlx")
    assert machine.machine_memory("transformers").kind == "ram"
    monkeypatch.setattr(machine, "_told_by_metal", {})
    machine.note_metal_working_set(17 * 10**9)
    assert machine.machine_memory("mlx").usable_bytes == 17 * 10**9, "what Metal itself told counts"


TWO_GPUS = b"0, GPU-aaaa, NVIDIA H100 80GB HBM3, 81559\n1, GPU-bbbb, NVIDIA H100 80GB HBM3, 81559\n2, GPU-c, X, [N/A]\n"


@pytest.mark.parametrize(
    ("visible", "count"),
    [(None, 2), ("0,1", 2), ("1", 1), ("GPU-bb", 1), ("", 0), ("-1", 0), ("7", 0)],
)
def test_gpus_are_those_that_the_driver_names_and_the_program_may_use(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, count: int
) -> None:
    machine.nvidia_gpus.cache_clear()
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setattr(machine, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr("shutil.which", lambda _: "nvidia-smi")

    def answer(words: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(words, 0, TWO_GPUS, b"")

    monkeypatch.setattr("subprocess.run", answer)
    try:
        found = machine.machine_memory("transformers")
    finally:
        machine.nvidia_gpus.cache_clear()
    assert found.kind == ("cuda" if count else "ram")
    if count:
        assert found.total_bytes == count * 81_559 * 2**20
        assert found.usable_bytes == found.total_bytes - count * 512 * 2**20
        assert found.name == ("2 x " if count > 1 else "") + "NVIDIA H100 80GB HBM3"
    assert machine.machine_memory("mlx").kind == "ram"


@pytest.mark.parametrize("code", [9, subprocess.TimeoutExpired("nvidia-smi", 20), OSError("no such thing")])
def test_a_driver_that_does_not_answer_leaves_the_machine_s_memory(
    monkeypatch: pytest.MonkeyPatch, code: int | Exception
) -> None:
    machine.nvidia_gpus.cache_clear()
    monkeypatch.setattr(machine, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr("shutil.which", lambda _: "nvidia-smi")
    monkeypatch.setattr("subprocess.run", command(code))
    found = machine.machine_memory("transformers")
    machine.nvidia_gpus.cache_clear()
    assert found == machine.MachineMemory(
        "ram", int(machine.memory_bytes() * 0.8), machine.memory_bytes(), "", "transformers"
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("1000000\n", 1_000_000), ("max\n", None), ("99999999999999999\n", None)]
)
def test_a_container_s_limit_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, expected: int | None
) -> None:
    file = tmp_path / "memory.max"
    monkeypatch.setattr(machine, "_GROUP_FILES", (tmp_path / "none",))
    whole = machine.memory_bytes()
    file.write_text(text)
    monkeypatch.setattr(machine, "_GROUP_FILES", (file, tmp_path / "none"))
    assert machine.memory_bytes() == (whole if expected is None else expected)


def test_the_runtime_is_the_backend_s_or_the_one_that_would_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (machine.runtime_of("mlx"), machine.runtime_of("transformers")) == ("mlx", "transformers")
    here = {"mlx", "torch"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name in here else None)
    monkeypatch.setattr(machine, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(machine, "is_apple_silicon", lambda: False)
    assert machine.runtime_of("auto") == "transformers"
    here.remove("torch")
    assert machine.runtime_of("auto") == "mlx"
    monkeypatch.setattr(machine, "has_nvidia_gpu", lambda: False)
    here.add("torch")
    assert machine.runtime_of("fake") == "mlx"
    here.remove("mlx")
    assert machine.runtime_of("auto") == "transformers"
