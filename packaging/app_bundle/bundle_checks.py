"""Looks a finished .app through for what would keep it from starting on somebody's Mac, and says each fault in words.

Standard library only. Runs on any system; whether the seal holds, a Mac's own codesign is asked where there is one.
"""

from __future__ import annotations

import os
import plistlib
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING, Any

from bundle_identity import BUNDLE_ID, MIN_MACOS, executable_name
from code_seal import seal_faults
from leaked_paths import leaked_paths
from mach_o_checks import (
    MachOFile,
    architecture_faults,
    library_faults,
    read_folder,
    signature_faults,
    symbol_faults,
)
from metal_kernels import kernel_faults

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MLX_LIBRARY, _MLX_KERNELS = "libmlx.dylib", "mlx.metallib"
_ICON_SIZES = {b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic10": 1024}
_CODESIGN = "/usr/bin/codesign"


def check_bundle(app: Path, build_paths: Sequence[str]) -> list[str]:
    """What is wrong with a bundle.

    Args:
        app: The folder Viewfinder.app, signed.
        build_paths: Folders of the machine that built it, none of which may be named inside.

    Returns:
        Each fault in words, none where all is well.
    """
    contents = app / "Contents"
    faults, properties = _property_faults(contents)
    executable = contents / "MacOS" / str(properties.get("CFBundleExecutable", executable_name("darwin")))
    files, unread = read_folder(contents)
    faults += unread
    faults += _program_faults(executable, files)
    faults += _link_faults(contents)
    run_paths = [path for file in files if file.path == executable for one in file.slices for path in one.rpaths]
    for file in files:
        faults += architecture_faults(file, is_thin=True)
        faults += symbol_faults(file)
        faults += library_faults(file, contents, {str(executable.parent): run_paths})
        faults += signature_faults(file)
        if file.place.startswith("Resources/"):
            faults.append(f"{file.place} is code among the resources, where nothing signs it")
    faults += _mlx_faults(contents)
    faults += leaked_paths(contents, build_paths)
    if shutil.which(_CODESIGN) is not None:
        return faults + _codesign_faults(app)  # nobody knows better what a Mac takes
    return faults + (seal_faults(contents, executable) if executable.is_file() else [])


def icon_sizes(icns: bytes) -> set[int]:
    """The sizes in pixels that an icon file holds.

    Raises:
        ValueError: It is no icon file, or is cut off.
    """
    if icns[:4] != b"icns" or struct.unpack_from(">I", icns, 4)[0] != len(icns):
        raise ValueError("it is no icon file, or is cut off")
    sizes, place = set(), 8
    while place < len(icns):
        kind, length = struct.unpack_from(">4sI", icns, place)
        sizes |= {_ICON_SIZES[kind]} if kind in _ICON_SIZES else set()
        place += max(length, 8)
    return sizes


def _property_faults(contents: Path) -> tuple[list[str], dict[str, Any]]:
    """What is wrong with Info.plist and with what it names, and what stands in it."""
    try:
        properties: dict[str, Any] = plistlib.loads((contents / "Info.plist").read_bytes())
    except (OSError, ValueError) as error:
        return [f"Info.plist cannot be read: {error}"], {}
    faults = [
        f"Info.plist says {properties.get(key)!r} for {key}, not {wanted!r}"
        for key, wanted in (
            ("CFBundleIdentifier", BUNDLE_ID),
            ("CFBundlePackageType", "APPL"),
            ("LSMinimumSystemVersion", MIN_MACOS),
        )
        if properties.get(key) != wanted
    ]
    faults += [
        f"Info.plist says nothing for {key}"
        for key in ("CFBundleShortVersionString", "CFBundleVersion", "CFBundleDocumentTypes", "CFBundleIconFile")
        if not properties.get(key)
    ]
    icon = contents / "Resources" / str(properties.get("CFBundleIconFile") or "none")
    try:
        missing = set(_ICON_SIZES.values()) - icon_sizes(icon.read_bytes())
    except (OSError, ValueError, struct.error) as error:
        return [*faults, f"The icon {icon.name} cannot be read: {error}"], properties
    return [*faults, *(f"The icon has no picture of {size} px" for size in sorted(missing))], properties


def _program_faults(executable: Path, files: Sequence[MachOFile]) -> list[str]:
    program = next((file for file in files if file.path == executable), None)
    if program is None:
        return [f"MacOS/{executable.name} is not there or is no program"]
    oldest = tuple(int(part) for part in MIN_MACOS.split("."))
    faults = [
        f"{program.place} says that it runs on macOS {one.minimum[0]}.{one.minimum[1]} and later only"
        for one in program.slices
        if one.minimum > oldest
    ]
    if any(one.kind != "executable" for one in program.slices):
        faults.append(f"{program.place} is a {program.slices[0].kind}, not a program")
    return faults if os.access(executable, os.X_OK) else [*faults, f"{program.place} may not be executed"]


def _link_faults(contents: Path) -> list[str]:
    """Links that lead nowhere or out of the bundle, which no signature survives."""
    faults = []
    inside = os.path.realpath(contents) + os.sep
    for parent, folders, names in os.walk(contents):
        for name in (*folders, *names):
            path = contents.__class__(parent, name)
            if not path.is_symlink():
                continue
            place = path.relative_to(contents).as_posix()
            target = os.readlink(path)  # noqa: PTH115 - the text as it stands
            if os.path.isabs(target) or not os.path.realpath(path).startswith(inside):  # noqa: PTH117
                faults.append(f"{place} leads out of the bundle, to {target}")
            elif not path.exists():
                faults.append(f"{place} leads to {target}, which is not there")
    return faults


def _mlx_faults(contents: Path) -> list[str]:
    """Two copies of MLX's library would each have their own memory; it looks for its kernels where it was found."""
    frameworks = contents / "Frameworks"
    libraries = sorted(path for path in contents.rglob(_MLX_LIBRARY) if not path.is_symlink())
    if len(libraries) != 1:
        return [f"{_MLX_LIBRARY} is there {len(libraries)} times, not once"]
    kernels = sorted(path for path in contents.rglob(_MLX_KERNELS) if not path.is_symlink())
    if len(kernels) != 1:
        return [f"{_MLX_KERNELS} is there {len(kernels)} times, not once"]
    faults = kernel_faults(kernels[0], MIN_MACOS)
    ways = sorted(path for path in frameworks.rglob(_MLX_LIBRARY))
    for way in ways:
        if not (way.parent / _MLX_KERNELS).exists():
            faults.append(f"{_MLX_KERNELS} is not beside {way.relative_to(contents).as_posix()}")
    if frameworks / _MLX_LIBRARY not in ways:
        faults.append(f"Frameworks/{_MLX_LIBRARY} is not there, where everything looks for it")
    return faults


def _codesign_faults(app: Path) -> list[str]:
    command = [_CODESIGN, "--verify", "--strict", "--deep", "--verbose=2", str(app)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [f"codesign says: {done.stderr.strip()}"] if done.returncode else []
