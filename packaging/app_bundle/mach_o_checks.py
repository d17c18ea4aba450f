"""What keeps libraries and programs from loading on the oldest Mac that is supported, found in their files.

Standard library only.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mach_o import NotMachO, Slice, is_mach_o, read_mach_o
from newer_symbols import CXX_LIBRARIES, newer_than_macos_14

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

ARCHITECTURE = "arm64"

_SYSTEM_PLACES = ("/usr/lib/", "/System/Library/")
_NAMED_SYMBOLS = 3
_OLDEST = (14, 0)


@dataclass(frozen=True)
class MachOFile:
    """A file and what it holds.

    Attributes:
        place: Where it is below the folder that was looked through, with ``/``.
    """

    path: Path
    place: str
    slices: tuple[Slice, ...]


def mach_o_paths(folder: Path) -> Iterator[Path]:
    """The Mach-O files below a folder, sorted; links are not followed."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = folder.__class__(parent, name)
            if not path.is_symlink() and is_mach_o(path):
                yield path


def read_folder(folder: Path) -> tuple[list[MachOFile], list[str]]:
    """The Mach-O files below a folder, and in words which could not be read."""
    files, faults = [], []
    for path in mach_o_paths(folder):
        place = path.relative_to(folder).as_posix()
        try:
            files.append(MachOFile(path, place, read_mach_o(path)))
        except (NotMachO, OSError) as error:
            faults.append(f"{place} cannot be read: {error}")
    return files, faults


def architecture_faults(file: MachOFile, *, is_thin: bool) -> list[str]:
    """Whether it is made for Apple silicon, and where asked for nothing else."""
    found = [one.architecture for one in file.slices]
    if ARCHITECTURE not in found:
        return [f"{file.place} is made for {', '.join(found)} and not for {ARCHITECTURE}"]
    if is_thin and found != [ARCHITECTURE]:
        return [f"{file.place} carries {', '.join(found)}: only {ARCHITECTURE} can use it"]
    return []


def symbol_faults(file: MachOFile) -> list[str]:
    """Whether it asks for symbols of the C++ library that macOS 14.0 lacks; what may be missing does not count."""
    newer = {
        (symbol.name, since)
        for one in file.slices
        if one.architecture == ARCHITECTURE
        for symbol in one.imports
        if not symbol.is_weak and (not symbol.library or symbol.library in CXX_LIBRARIES)
        if (since := newer_than_macos_14(symbol.name))
    }
    if not newer:
        return []
    named = ", ".join(f"{name} ({since})" for name, since in sorted(newer)[:_NAMED_SYMBOLS])
    more = f" and {len(newer) - _NAMED_SYMBOLS} more" if len(newer) > _NAMED_SYMBOLS else ""
    return [f"{file.place} asks for {named}{more}, which the C++ library of macOS 14.0 does not have"]


def unproven_symbols(files: Iterable[MachOFile], witnesses: Iterable[MachOFile]) -> dict[str, str]:
    """What files made for a newer macOS than 14.0 ask of the C++ library, and no witness made for an older one does.

    The second net behind `symbol_faults`: a compiler lets what is made for macOS 14.0 use only what is there.

    Returns:
        The place of one such file by symbol.
    """
    proven = {name for file in witnesses for minimum, name in _cxx_symbols(file) if minimum <= _OLDEST}
    asked = {name: file.place for file in files for minimum, name in _cxx_symbols(file) if minimum > _OLDEST}
    return {name: place for name, place in sorted(asked.items()) if name not in proven}


def library_faults(file: MachOFile, root: Path, inherited: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """Whether each library that it needs is the system's, or is below the root.

    Args:
        file: The file to look at.
        root: Where libraries must be.
        inherited: Run paths of the program that loads it, by the folder that ``@loader_path`` means in them.
    """
    faults = []
    for one in file.slices:
        if one.architecture != ARCHITECTURE:
            continue
        run_paths = [_expanded(path, str(file.path.parent)) for path in one.rpaths]
        for folder, paths in (inherited or {}).items():
            run_paths += [_expanded(path, folder) for path in paths]
        for library in one.libraries:
            if library.path.startswith(_SYSTEM_PLACES) or library.is_weak:
                continue
            places = _places(library.path, str(file.path.parent), run_paths)
            if not library.path.startswith("@"):
                faults.append(f"{file.place} needs {library.path}, which is neither the system's nor its own")
            elif not any(_is_below(place, root) for place in places):
                faults.append(f"{file.place} needs {library.path}, which is not there")
    return faults


def _cxx_symbols(file: MachOFile) -> Iterator[tuple[tuple[int, int], str]]:
    """What a file must have of the C++ library, with the oldest macOS that it was made for."""
    for one in file.slices:
        if one.architecture == ARCHITECTURE:
            for symbol in one.imports:
                if symbol.library in CXX_LIBRARIES and not symbol.is_weak:
                    yield one.minimum, symbol.name


def signature_faults(file: MachOFile) -> list[str]:
    """Whether each slice is signed and unchanged since."""
    return [f"{file.place}: {one.signature.fault}" for one in file.slices if one.signature.fault]


def _expanded(path: str, folder: str) -> str:
    return path.replace("@loader_path", folder, 1).replace("@executable_path", folder, 1)


def _places(library: str, folder: str, run_paths: Sequence[str]) -> list[str]:
    """Where a library that is not the system's is looked for; nowhere when its place is that of another machine."""
    if library.startswith("@rpath/"):
        return [os.path.join(path, library.removeprefix("@rpath/")) for path in run_paths]  # noqa: PTH118 - of text
    if library.startswith(("@loader_path/", "@executable_path/")):
        return [_expanded(library, folder)]
    return []


def _is_below(place: str, root: Path) -> bool:
    resolved = os.path.realpath(place)
    return resolved.startswith(os.path.realpath(root) + os.sep) and os.path.isfile(resolved)  # noqa: PTH113
