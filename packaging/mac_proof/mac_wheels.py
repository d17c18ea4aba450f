"""The packages of a Mac's program: which versions, and their wheels, found and fetched on any system.

    python3 packaging/mac_proof/mac_wheels.py resolve    makes packaging/constraints-macos.txt anew
    python3 packaging/mac_proof/mac_wheels.py download   fetches every wheel that it names into build/mac-wheels

Standard library only.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app_bundle"))
import proof_tools
from bundle_identity import MIN_MACOS, ROOT
from mac_constraints import CONSTRAINTS, EXTRAS, PLATFORM, read_constraints, write_constraints
from setup_commands import SetUpError, clean_environment, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WHEELS = ROOT / "build" / "mac-wheels"
PYTHON_VERSION = "3.12"
"""Python 3.14 hangs in ``import ctypes`` under the hardened runtime of macOS 26; numpy ends the support of 3.11."""
PINS = {
    # From 6.12 on, Qt for Python asks for a symbol of libc++ that came with macOS 15.4.
    "pyside6-essentials": "6.11.3",
    "shiboken6": "6.11.3",
    # The last that was looked into: where it finds its kernels and what it imports from C++ has changed before.
    "mlx": "0.32.4",
    "mlx-metal": "0.32.4",
}

_INTERRUPTED = 130


def normalised(name: str) -> str:
    """A package's name as indexes compare it: lower case, runs of ``-``, ``_`` and ``.`` as one ``-``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wheel_name(file_name: str) -> tuple[str, str]:
    """A wheel's package, normalised, and its version, read from the name of its file."""
    name, version, *_ = file_name.split("-")
    return normalised(name), version


def wheel_fits(file_name: str) -> bool:
    """Whether a wheel is made for any system, or for macOS 14.0 or older on Apple silicon."""
    tags = file_name.removesuffix(".whl").split("-")[-1].split(".")
    for tag in tags:
        parts = re.fullmatch(r"macosx_(?P<major>\d+)_(?P<minor>\d+)_(?P<processor>\w+)", tag)
        if tag == "any" or (
            parts is not None
            and parts["processor"] in {"arm64", "universal2"}
            and (int(parts["major"]), int(parts["minor"])) <= (14, 0)
        ):
            return True
    return False


def resolve(pins: Mapping[str, str] = PINS) -> dict[str, str]:
    """Asks the index for what fits together on the oldest Mac; only wheels count.

    Args:
        pins: Versions that are settled.

    Raises:
        SetUpError: Nothing fits together, or there is no network.
    """
    uv = proof_tools.tools_python().with_name("uv")
    settled = proof_tools.ENVIRONMENT / "pins.txt"
    settled.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()), encoding="utf-8")
    command = [str(uv), "pip", "compile", str(ROOT / "pyproject.toml"), "--quiet", "--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--only-binary", ":all:", "--python-platform", "aarch64-apple-darwin"]
    command += ["--python-version", PYTHON_VERSION, "--constraint", str(settled)]
    for extra in EXTRAS:
        command += ["--extra", extra]
    variables = {**clean_environment(), "MACOSX_DEPLOYMENT_TARGET": MIN_MACOS}
    if "PIP_INDEX_URL" in variables:
        variables.setdefault("UV_DEFAULT_INDEX", variables["PIP_INDEX_URL"])
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetUpError(f"The Mac's packages do not fit together:\n{done.stderr.strip()}")
    return read_constraints(done.stdout)


def download(versions: Mapping[str, str], folder: Path | None = None) -> dict[str, Path]:
    """Fetches the wheels that are not there yet, all at once, and clears away those of other versions.

    Args:
        versions: By normalised name.
        folder: Where they are kept; in build/mac-wheels where not said.

    Returns:
        The wheel of each package.

    Raises:
        SetUpError: A package has no wheel for that system, or there is no network.
    """
    folder = folder or WHEELS
    folder.mkdir(parents=True, exist_ok=True)
    there = _cached(versions, folder)
    missing = [f"{name}=={version}" for name, version in versions.items() if name not in there]
    if missing:
        python = proof_tools.tools_python()
        arriving = folder / "arriving"
        shutil.rmtree(arriving, ignore_errors=True)
        say(f"      Downloading {len(missing)} of {len(versions)} wheels for {PLATFORM}")
        command = [str(python), "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-deps"]
        command += ["--progress-bar", "off", "--quiet", "--only-binary=:all:", "--platform", PLATFORM]
        command += ["--python-version", PYTHON_VERSION, "--implementation", "cp", "--dest", str(arriving), *missing]
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise SetUpError(_download_failed(missing, done.stderr))
        for path in arriving.iterdir():
            path.replace(folder / path.name)  # so that none is there by halves
        arriving.rmdir()
    found = _cached(versions, folder)
    absent = sorted(set(versions) - set(found))
    if absent:
        raise SetUpError(f"No wheel came for {', '.join(absent)}.")
    for path in folder.glob("*.whl"):
        if path not in found.values():
            path.unlink()
    return found


def _download_failed(missing: Sequence[str], text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("WARNING")]
    said = "\n      ".join(lines[-5:])
    without = sorted({name for name in missing if any(name in line for line in lines)})
    if without:
        return f"There is no wheel for {PLATFORM} and Python {PYTHON_VERSION} of {', '.join(without)}.\n      {said}"
    return f"The wheels for {PLATFORM} could not be downloaded.\n      {said}"


def _cached(versions: Mapping[str, str], folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.whl")):
        name, version = wheel_name(path.name)
        if versions.get(name) == version and wheel_fits(path.name):
            found[name] = path
    return found


def _main(arguments: Iterable[str]) -> int:
    parser = argparse.ArgumentParser(description="The packages of a Mac's program, looked after on any system.")
    parser.add_argument("verb", choices=("resolve", "download"), help="make the list of versions anew, or fetch it")
    verb = parser.parse_args(list(arguments)).verb
    try:
        if verb == "resolve":
            versions = resolve()
            CONSTRAINTS.write_text(write_constraints(versions), encoding="utf-8")
            say(f"{CONSTRAINTS.relative_to(ROOT)}: {len(versions)} packages")
        else:
            wheels = download(read_constraints(CONSTRAINTS.read_text(encoding="utf-8")))
            size_bytes = sum(path.stat().st_size for path in wheels.values())
            say(f"{WHEELS.relative_to(ROOT)}: {len(wheels)} wheels, {size_bytes / 1e6:.0f} MB")
    except SetUpError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. Start it again to go on.")
        return _INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
