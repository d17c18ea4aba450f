"""Assembles the Mac's Viewfinder.app on another system: the spec's own bundle, made of macOS wheels by PyInstaller.

Everything in it is what a Mac would put there, but for Python itself, which no package index has for a Mac: its library
is a stand-in without code, its own extension modules are missing, and its pure modules are those of this machine.
Modules that this machine's Python is too old to read are left out (numpy's types, on Python 3.11).
Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import build_environment
import proof_tools
from build_commands import MacTools, Steps
from bundle_identity import NAME, ROOT, executable_name
from bundle_resources import place_resources
from code_signing import sign_app
from setup_commands import clean_environment, run, say
from tiny_mach_o import TinyMachO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FOLDER = ROOT / "build" / "mac-proof"
PACKAGES = FOLDER / "packages"
APP = FOLDER / "dist" / f"{NAME}.app"
STAND_IN = "libpython3.12.dylib"

_STAMP = FOLDER / "assembled-from.txt"
_HERE = Path(__file__).resolve().parent
_SOURCES = (
    *("app", "resources", "packaging/app_bundle", "packaging/mac_proof"),
    *("packaging/viewfinder.spec", "packaging/constraints-macos.txt"),
)


def unpack(wheels: Mapping[str, Path], folder: Path = PACKAGES) -> Path:
    """Unpacks the wheels side by side, as they would be installed; again only when they have changed.

    Returns:
        The folder of packages.

    Raises:
        OSError: There is no room for them.
    """
    held = "".join(f"{path.name}\n" for path in sorted(wheels.values()))
    noted = folder.with_name(f"{folder.name}.txt")
    if folder.is_dir() and noted.exists() and noted.read_text(encoding="utf-8") == held:
        return folder
    noted.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in wheels.values():
        with zipfile.ZipFile(path) as wheel:
            wheel.extractall(folder)
    noted.write_text(held, encoding="utf-8")
    return folder


def sources_digest(root: Path, places: Iterable[str], wheels: Iterable[str]) -> str:
    """A digest of all that the bundle is made from: files of the checkout, and the names of the wheels."""
    whole = hashlib.sha256()
    for name in sorted(wheels):
        whole.update(f"{name}\n".encode())
    for file in _files(root, places):
        whole.update(f"{file.relative_to(root).as_posix()}\n".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def assemble(wheels: Mapping[str, Path]) -> Path:
    """Makes the bundle, signed ad hoc, unless it was made from the very same things.

    Args:
        wheels: The wheel of each package, unpacked by `unpack`.

    Returns:
        The folder Viewfinder.app.

    Raises:
        SetUpError: A program is missing, or PyInstaller or the signer failed; the text says with what words.
    """
    digest = sources_digest(ROOT, _SOURCES, [path.name for path in wheels.values()])
    if APP.is_dir() and _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == digest:
        say(f"      {APP.relative_to(ROOT)} is there already")
        return APP
    tools = proof_tools.tools_python()
    programs = _programs(proof_tools.llvm_programs(), tools)
    python = build_environment.prepare(run)
    _STAMP.unlink(missing_ok=True)
    for folder in (APP.parent, FOLDER / "work"):
        shutil.rmtree(folder, ignore_errors=True)
    stand_ins = _write_stand_ins(FOLDER / "stand-ins")
    given = {
        "--packages": PACKAGES,
        "--python": stand_ins / "python3.12",
        "--libpython": stand_ins / STAND_IN,
        "--codesign": programs / "codesign",
        "--dist": APP.parent,
        "--work": FOLDER / "work",
        "--spec": ROOT / "packaging" / "viewfinder.spec",
        "--name": executable_name("darwin"),
    }
    command = [str(python), str(_HERE / "mac_pyinstaller.py"), *(str(word) for pair in given.items() for word in pair)]
    variables = {
        **clean_environment(),
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYINSTALLER_CONFIG_DIR": str(FOLDER / "cache"),
        "PYINSTALLER_STRICT_BUNDLE_CODESIGN_ERROR": "1",
        "QT_QPA_PLATFORM": "offscreen",
    }
    run(command, variables)
    shutil.rmtree(APP.with_suffix(""), ignore_errors=True)  # the same once more, from which the bundle was made
    place_resources(APP)
    steps = Steps(tools=MacTools(codesign=str(programs / "codesign")))
    sign_app(APP, APP / "Contents" / "MacOS" / executable_name("darwin"), None, FOLDER / "work", steps)
    _STAMP.write_text(digest, encoding="utf-8")
    return APP


def sizes_by_part(app: Path) -> dict[str, int]:
    """Bytes of each part of a bundle, the largest first: below Frameworks and Resources by the folder or file there."""
    sizes: dict[str, int] = {}
    for parent, _, names in os.walk(app / "Contents"):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                part = "/".join(path.relative_to(app / "Contents").parts[:2])
                sizes[part] = sizes.get(part, 0) + path.stat().st_size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _programs(found: Mapping[str, str], tools: Path) -> Path:
    """A folder where LLVM's programs, and one that signs, have the names that the Mac's have."""
    folder = FOLDER / "programs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, path in found.items():
        (folder / name).symlink_to(path)
    codesign = folder / "codesign"
    words = shlex.join([str(tools), str(_HERE / "mac_codesign.py")])
    codesign.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
    codesign.chmod(0o755)
    return folder


def _write_stand_ins(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "python3.12").write_bytes(TinyMachO(kind="executable").to_bytes())
    (folder / STAND_IN).write_bytes(TinyMachO(kind="dylib", identity=f"@rpath/{STAND_IN}").to_bytes())
    return folder


def _files(root: Path, places: Iterable[str]) -> Iterator[Path]:
    for place in places:
        found = root / place
        for file in sorted(found.rglob("*")) if found.is_dir() else [found]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file
