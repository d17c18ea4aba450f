"""Looks through the wheels of a Mac's program, unpacked side by side, for what would not load on macOS 14.

Standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bundle_contents
from bundle_identity import MIN_MACOS
from mach_o_checks import (
    MachOFile,
    architecture_faults,
    library_faults,
    read_folder,
    signature_faults,
    symbol_faults,
    unproven_symbols,
)
from metal_kernels import kernel_faults

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_AS_OLD_AS_THE_LIBRARY = {
    "___cxa_bad_typeid",
    "__ZTIl",
    "__ZTIm",
    "__ZNSt3__112basic_stringIwNS_11char_traitsIwEENS_9allocatorIwEEE6assignEPKw",
}
"""Of what only Qt asks for: the types of long and unsigned long, typeid's error, wide text."""
_EXCLUDED = tuple(name.replace(".", "/") for name in bundle_contents.EXCLUDED_MODULES)


def goes_in(place: str) -> bool:
    """Whether a file of a wheel may go into the bundle, by its place: what is left out may need what is nowhere."""
    module = place.split(".", maxsplit=1)[0]
    is_excluded = any(module == name or place.startswith(f"{name}/") for name in _EXCLUDED)
    return bundle_contents.is_wanted_file(place) and not is_excluded and not place.startswith("PyInstaller/")


def check_wheels(packages: Path) -> tuple[list[MachOFile], list[str]]:
    """The Mach-O files of the wheels, and what is wrong with those that go into the bundle, in words."""
    files, faults = read_folder(packages)
    inside = [file for file in files if goes_in(file.place)]
    for file in inside:
        faults += architecture_faults(file, is_thin=False)
        faults += symbol_faults(file)
        faults += library_faults(file, packages)
        faults += signature_faults(_without_intel(file))
    unproven = {
        name: place for name, place in unproven_symbols(inside, files).items() if name not in _AS_OLD_AS_THE_LIBRARY
    }
    faults += [
        f"{place} is made for a newer macOS than {MIN_MACOS} and asks the C++ library for {name}, as nothing made for "
        f"{MIN_MACOS} does: look up since when it is there, and add it to one list or the other"
        for name, place in unproven.items()
    ]
    metallibs: Sequence[Path] = sorted(packages.rglob("*.metallib"))
    faults += [fault for path in metallibs for fault in kernel_faults(path, MIN_MACOS)]
    return inside, faults if metallibs else [*faults, "No wheel brings Metal kernels"]


def _without_intel(file: MachOFile) -> MachOFile:
    """A Mac with Apple silicon asks for signatures of its own half of a file alone."""
    return MachOFile(file.path, file.place, tuple(one for one in file.slices if one.architecture != "x86_64"))
