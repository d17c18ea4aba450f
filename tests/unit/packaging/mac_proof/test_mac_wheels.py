import importlib
import re
import sys
from pathlib import Path
from typing import Any

import mac_wheels
import proof_tools
import pytest
from bundle_identity import ROOT
from mac_constraints import CONSTRAINTS, EXTRAS, read_constraints, write_constraints
from mac_wheels import PINS, normalised, wheel_fits, wheel_name
from packaging.requirements import Requirement
from setup_commands import SetUpError

tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

MAC = {
    "sys_platform": "darwin",
    "platform_system": "Darwin",
    "platform_machine": "arm64",
    "os_name": "posix",
    "python_version": "3.12",
    "python_full_version": "3.12.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "extra": "",
}


def asked_for() -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]
    wanted = [Requirement(line) for line in lines]
    return [one for one in wanted if one.marker is None or one.marker.evaluate(MAC)]


def committed() -> dict[str, str]:
    return read_constraints(CONSTRAINTS.read_text(encoding="utf-8"))


def test_every_direct_dependency_of_a_mac_has_a_version_that_fits() -> None:
    versions = committed()
    wanted = asked_for()
    assert {"mlx", "pyside6-essentials", "appnope", "pyinstaller"} <= {normalised(one.name) for one in wanted}
    for one in wanted:
        assert one.specifier.contains(versions[normalised(one.name)]), str(one)


def test_what_was_looked_into_is_pinned() -> None:
    assert {name: committed()[name] for name in PINS} == PINS


def test_constraints_are_sorted_and_name_no_place() -> None:
    text = CONSTRAINTS.read_text(encoding="utf-8")
    assert list(committed()) == sorted(committed())
    assert not re.search(r"://|@ |--", text)


def test_constraints_are_written_as_they_are_read() -> None:
    assert write_constraints(committed()) == CONSTRAINTS.read_text(encoding="utf-8")


@pytest.mark.parametrize("line", ["mlx>=0.32", "mlx @ https://example.org/mlx.whl", "--index-url x", "Mlx==1"])
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(SetUpError, match="not a line"):
        read_constraints(f"# a note\n{line}\n")


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(SetUpError, match="twice"):
        read_constraints("mlx==1\nmlx==2\n")


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("mlx_metal-0.32.4-py3-none-macosx_14_0_arm64.whl", True),
        ("mlx_metal-0.32.4-py3-none-macosx_26_0_arm64.whl", False),
        ("mlx_metal-0.32.4-py3-none-macosx_15_0_arm64.whl", False),
        ("x-1-py3-none-macosx_14_4_arm64.whl", False),
        ("pyside6_essentials-6.11.3-cp310-abi3-macosx_13_0_universal2.whl", True),
        ("sounddevice-0.5.6-py3-none-macosx_10_6_x86_64.macosx_10_6_universal2.whl", True),
        ("numpy-2.5.5-cp312-cp312-macosx_14_0_x86_64.whl", False),
        ("numpy-2.5.5-cp312-cp312-manylinux_2_28_aarch64.whl", False),
        ("jinja2-3.1.6-py3-none-any.whl", True),
    ],
)
def test_only_wheels_for_the_oldest_mac_fit(name: str, fits: bool) -> None:
    assert wheel_fits(name) is fits


def test_a_wheel_is_known_by_the_normalised_name() -> None:
    assert wheel_name("PySide6_Essentials-6.11.3-cp310-abi3-macosx_13_0_universal2.whl") == (
        "pyside6-essentials",
        "6.11.3",
    )


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels to download from, by a Python that copies what it is asked for."""
    folder = tmp_path / "index"
    folder.mkdir()
    script = tmp_path / "copies.py"
    script.write_text(
        f"""
import pathlib, shutil, sys
target = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
target.mkdir()
(target.parents[1] / "asked.txt").write_text(" ".join(word for word in sys.argv if "==" in word))
for word in sys.argv:
    if "==" in word:
        found = list(pathlib.Path({str(folder)!r}).glob(word.replace("==", "-").replace("-", "?") + "-*.whl"))
        if not found:
            sys.exit(f"ERROR: No matching distribution found for {{word}}")
        shutil.copy(found[0], target)
""",
        encoding="utf-8",
    )
    python = tmp_path / "python"  # no line that begins with #! may name a place with a space
    python.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{script}' \"$@\"\n", encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setattr(proof_tools, "tools_python", lambda: python)
    monkeypatch.setattr(mac_wheels, "WHEELS", tmp_path / "wheels")
    return folder


def test_wheels_are_downloaded_once(index: Path) -> None:
    (index / "numpy-2.5.5-cp312-cp312-macosx_14_0_arm64.whl").touch()
    (index / "jinja2-3.1.6-py3-none-any.whl").touch()
    (index / "old-1-py3-none-any.whl").touch()
    mac_wheels.download({"old": "1"})
    found = mac_wheels.download({"numpy": "2.5.5"})
    assert list(found) == ["numpy"]
    again = mac_wheels.download({"numpy": "2.5.5", "jinja2": "3.1.6"})
    assert (index.parent / "asked.txt").read_text() == "jinja2==3.1.6"
    assert {path.name for path in (index.parent / "wheels").iterdir()} == {path.name for path in again.values()}


def test_a_package_without_a_wheel_is_named(index: Path) -> None:
    (index / "jinja2-3.1.6-py3-none-any.whl").touch()
    with pytest.raises(SetUpError, match=r"no wheel for macosx_14_0_arm64 and Python 3\.12 of strange==1"):
        mac_wheels.download({"jinja2": "3.1.6", "strange": "1"})


def test_a_wheel_for_a_newer_mac_does_not_count(index: Path) -> None:
    (index / "mlx-metal-0.32.4-py3-none-macosx_26_0_arm64.whl").touch()
    (index / "mlx_metal-0.32.4-py3-none-macosx_26_0_arm64.whl").touch()
    with pytest.raises(SetUpError, match="No wheel came for mlx-metal"):
        mac_wheels.download({"mlx-metal": "0.32.4"})
