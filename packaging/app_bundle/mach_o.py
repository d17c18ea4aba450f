"""Reads Mach-O files, the libraries and programs of a Mac: for which processor and macOS, and what they ask for.

Standard library only: a finished bundle is checked by whatever Python builds it, on a Mac and elsewhere.
Source of the layout: mach-o/loader.h and mach-o/nlist.h of Apple's XNU.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mach_o_signature import UNSIGNED, Signature, read_signature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = {2: "executable", 6: "dylib", 8: "bundle"}

_PROCESSORS = {
    (0x01000007, 3): "x86_64",
    (0x01000007, 8): "x86_64h",
    (0x0100000C, 0): "arm64",
    (0x0100000C, 2): "arm64e",
}
_MAGIC_64 = 0xFEEDFACF
_FAT_MAGICS = {0xCAFEBABE: ">5I", 0xCAFEBABF: ">2I2Q2I"}
_MOST_SLICES = 16
"""A class file of Java begins as a universal file does; its version stands where the number of slices would."""
_LONGEST_HEAD = 64
_LOAD_COMMANDS = {0xC, 0x8000001F, 0x80000023}
_LOAD_WEAK = 0x80000018
_ID, _RPATH, _SYMTAB, _SIGNATURE = 0xD, 0x8000001C, 0x2, 0x1D
_BUILD_VERSION, _VERSION_MIN = 0x32, 0x24
_STAB, _TYPE, _EXTERNAL = 0xE0, 0x0E, 0x01
_WEAK_REFERENCE = 0x40
_SPECIAL_ORDINAL = 0xF0


class NotMachO(ValueError):  # noqa: N818 - says what the file is
    """A file looked like a Mach-O file and cannot be read as one; the text says why."""


@dataclass(frozen=True)
class Library:
    """A library that is linked.

    Attributes:
        path: Its install name, as ``@rpath/libmlx.dylib``.
        is_weak: Whether it may be missing.
    """

    path: str
    is_weak: bool


@dataclass(frozen=True)
class Import:
    """A symbol that another library must give.

    Attributes:
        name: As in the file, with its leading underscore.
        library: The install name of the library that it is looked for in, or "" where any may have it.
        is_weak: Whether it may be missing.
    """

    name: str
    library: str
    is_weak: bool


@dataclass(frozen=True)
class Slice:
    """What one architecture of a file holds.

    Attributes:
        kind: executable, dylib or bundle; else the number of the kind.
        minimum: The oldest macOS it says it runs on, as (14, 0); (0, 0) where it does not say.
        identity: The install name of a dylib, or "".
    """

    architecture: str
    kind: str
    minimum: tuple[int, int]
    identity: str
    libraries: tuple[Library, ...]
    rpaths: tuple[str, ...]
    imports: tuple[Import, ...]
    signature: Signature


def is_mach_o(path: Path) -> bool:
    """Whether a file begins as a Mach-O file does; links are followed.

    Object files in archives are none: nothing loads them.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_LONGEST_HEAD)
            magic, count = struct.unpack_from(">2I", head)
            layout = _FAT_MAGICS.get(magic)
            if layout is not None and 0 < count <= _MOST_SLICES:
                _, _, start, *_ = struct.unpack_from(layout, head, 8)
                file.seek(start)
                head = file.read(4)
    except (OSError, struct.error):
        return False
    return head[:4] == _MAGIC_64.to_bytes(4, "little")


def read_mach_o(path: Path) -> tuple[Slice, ...]:
    """What a file holds, one slice for each architecture.

    Raises:
        NotMachO: It is none, or is cut off.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        try:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise NotMachO("it is empty") from error
        with data:
            try:
                return tuple(_read_slice(data, start, size) for start, size in _places(data))
            except (struct.error, IndexError, UnicodeDecodeError) as error:
                raise NotMachO(f"it is cut off or damaged: {error}") from error


def _places(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where in a file its slices stand: first byte and length."""
    (magic,) = struct.unpack_from(">I", data)
    layout = _FAT_MAGICS.get(magic)
    if layout is None:
        yield 0, len(data)
        return
    (count,) = struct.unpack_from(">I", data, 4)
    for index in range(count):
        _, _, start, size, *_ = struct.unpack_from(layout, data, 8 + index * struct.calcsize(layout))
        yield start, size


def _read_slice(data: mmap.mmap, start: int, size: int) -> Slice:
    magic, cpu, variant, kind, count, *_ = struct.unpack_from("<8I", data, start)
    if magic != _MAGIC_64:
        raise NotMachO(f"its magic number is {magic:#x}")
    libraries: list[Library] = []
    rpaths: list[str] = []
    identity, minimum = "", (0, 0)
    symbols: tuple[int, int, int, int] | None = None
    signature: tuple[int, int] | None = None
    place = start + 32
    for _ in range(count):
        command, length = struct.unpack_from("<2I", data, place)
        if command in _LOAD_COMMANDS or command == _LOAD_WEAK:
            libraries.append(Library(_text(data, place, length), command == _LOAD_WEAK))
        elif command == _ID:
            identity = _text(data, place, length)
        elif command == _RPATH:
            rpaths.append(_text(data, place, length))
        elif command in {_BUILD_VERSION, _VERSION_MIN}:
            (version,) = struct.unpack_from("<I", data, place + (12 if command == _BUILD_VERSION else 8))
            minimum = (version >> 16, version >> 8 & 0xFF)
        elif command == _SYMTAB:
            symbols = struct.unpack_from("<4I", data, place + 8)
        elif command == _SIGNATURE:
            signature = struct.unpack_from("<2I", data, place + 8)
        place += length
    return Slice(
        _PROCESSORS.get((cpu, variant & 0xFFFFFF), f"processor {cpu:#x}"),
        KINDS.get(kind, str(kind)),
        minimum,
        identity,
        tuple(libraries),
        tuple(rpaths),
        tuple(_imports(data, start, symbols, libraries)) if symbols is not None else (),
        UNSIGNED if signature is None else read_signature(data, start, size, signature),
    )


def _text(data: mmap.mmap, place: int, length: int) -> str:
    """The path that a load command ends with; where it begins is said in the command."""
    (offset,) = struct.unpack_from("<I", data, place + 8)
    return bytes(data[place + offset : place + length]).split(b"\0")[0].decode()


def _imports(
    data: mmap.mmap, start: int, symbols: tuple[int, int, int, int], libraries: list[Library]
) -> Iterator[Import]:
    place, count, names, _ = symbols
    table = data[start + place : start + place + count * 16]
    for name_at, kind, _, described, value in struct.iter_unpack("<IBBHQ", table):
        if kind & _STAB or kind & _TYPE or not kind & _EXTERNAL or value:
            continue
        begin = start + names + name_at
        name = bytes(data[begin : data.find(b"\0", begin)]).decode()
        ordinal = described >> 8
        library = libraries[ordinal - 1].path if 0 < ordinal <= min(len(libraries), _SPECIAL_ORDINAL) else ""
        yield Import(name, library, bool(described & _WEAK_REFERENCE))
