"""Finds paths of the machine that built a program inside what it built.

Standard library only.
"""

from __future__ import annotations

import marshal
import mmap
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_ARCHIVE_MAGIC = b"PYZ\0"


def leaked_paths(folder: Path, paths: Sequence[str]) -> list[str]:
    """Each file below a folder that names one of the paths, in words; archives of modules are looked into.

    Args:
        folder: What was built; links are not followed.
        paths: Absolute paths of the machine that built it. None may be so short that others name it by chance.
    """
    wanted = [path.rstrip("/").encode() for path in paths if path.strip("/")]
    faults = []
    for file in _files(folder):
        for part, data in _parts(file):
            found = [path.decode() for path in wanted if data.find(path) >= 0]
            name = file.relative_to(folder).as_posix() + (f" ({part})" if part else "")
            faults += [f"{name} names {path}, a path of the machine that built it" for path in found]
    return faults


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = folder.__class__(parent, name)
            if not path.is_symlink() and path.stat().st_size:
                yield path


def _parts(file: Path) -> Iterator[tuple[str, bytes | mmap.mmap]]:
    """A file as it is, and where it is an archive of modules also each module."""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield "", data
        if data[:4] == b"PK\x03\x04" and zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    yield name, archive.read(name)
        elif os.access(file, os.X_OK):
            yield from _frozen_modules(data)


def _frozen_modules(data: mmap.mmap) -> Iterator[tuple[str, bytes]]:
    """The modules that PyInstaller keeps in a program: each compressed, and a list of them in Python's own format."""
    start = data.find(_ARCHIVE_MAGIC)
    while start >= 0:
        try:
            (listed,) = struct.unpack_from(">I", data, start + 8)
            modules = dict(marshal.loads(data[start + listed :]))  # noqa: S302 - of what was just built here
        except (struct.error, ValueError, TypeError, EOFError):
            modules = {}
        for name, (_, place, length) in modules.items():
            if length:
                yield name, zlib.decompress(data[start + place : start + place + length])
        start = data.find(_ARCHIVE_MAGIC, start + 1)
