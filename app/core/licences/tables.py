"""What wheels, Python and the system carry inside without a distribution of its own: ``resources/licences/inside``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from app.core.checked_values import read_toml
from app.core.paths import LICENCES_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_DIGEST = re.compile(r"(?:-[0-9a-f]{8})+$")
"""What auditwheel adds to the names of libraries."""
_EXTENSION = re.compile(r"\.(?:abi3|cpython-[\w-]+)\.so$")
_NATIVE = re.compile(r"\.(?:so|dylib|metallib)(?:\.[\d.]+)?$")
_FRAMEWORK = re.compile(r"(?:^|/)(\w+)\.framework/Versions/[\w.]+/\1$")


@dataclass(frozen=True, slots=True)
class CarriedPart:
    """One thing that something else carries.

    Attributes:
        name: As its makers call it.
        licence: An SPDX expression.
        files: Native files that show that it is there, by `stem`; ``*`` stands for any letters.
        is_always: It is there whatever files there are.
        version: That of the carrier's version that was looked into; or ``carrier``, ``file`` or ``running``, where the
            carrier's own, the file's name or the running Python tells it.
        named: Its name in the bill of materials that its carrier has.
        copyright: The lines that its licence asks to be shown.
        home: Its address.
        sources: Where its source code is; without one that of its carrier holds.
        note: What there is to say besides.
        texts: Names of standard texts where the licence does not tell them.
    """

    name: str
    licence: str
    files: tuple[str, ...] = ()
    is_always: bool = False
    version: str = ""
    named: str = ""
    copyright: str = ""
    home: str = ""
    sources: str = ""
    note: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carries parts.

    Attributes:
        distribution: Its normalised name; empty for Python, the system and this program.
        beside: Normalised names of distributions whose files count as its own.
        folders: Folders beside its dist-info that hold its files.
        own: Stems of native libraries that it made itself; extension modules need no mention.
        checked: The version whose parts' versions are written down.
        has_texts: Its own licence files hold the texts of its parts, too.
        sources: Where the source code of its parts, and how they are built, is to be found.
        parts: What it carries.
    """

    distribution: str
    beside: tuple[str, ...]
    folders: tuple[str, ...]
    own: tuple[str, ...]
    checked: str
    has_texts: bool
    sources: str
    parts: tuple[CarriedPart, ...]

    def unknown(self, files: Iterable[Path]) -> tuple[Path, ...]:
        """Those native libraries of its that nobody has written down."""
        known = (*self.own, *(pattern for part in self.parts for pattern in part.files))
        return tuple(file for file in files if not _EXTENSION.search(file.name) and not is_one_of(stem(file), known))


@cache
def carriers() -> tuple[Carrier, ...]:
    """All of the tables, in the order of their files' names.

    Raises:
        OSError: One cannot be read.
    """
    return tuple(_carrier(read_toml(file)) for file in sorted((LICENCES_DIR / "inside").glob("*.toml")))


def _carrier(table: dict[str, Any]) -> Carrier:
    return Carrier(
        distribution=normalised(table["carrier"]),
        beside=tuple(normalised(name) for name in table.get("with", ())),
        folders=tuple(table.get("folders", ())),
        own=tuple(table.get("own", ())),
        checked=table.get("checked", ""),
        has_texts=table.get("has_texts", False),
        sources=table.get("sources", ""),
        parts=tuple(_part(row) for row in table["parts"]),
    )


def _part(row: dict[str, Any]) -> CarriedPart:
    return CarriedPart(
        name=row["name"],
        licence=row["licence"],
        files=tuple(row.get("files", ())),
        is_always=row.get("always", False),
        version=row.get("version", ""),
        named=row.get("named", ""),
        copyright=row.get("copyright", "").strip(),
        home=row.get("home", ""),
        sources=row.get("sources", ""),
        note=" ".join(row.get("note", "").split()),
        texts=tuple(row.get("texts", ())),
    )


def normalised(name: str) -> str:
    """A distribution's name as it is compared. Source: PyPA specifications, "Names and normalization"."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_native(path: str) -> bool:
    """Whether a path with slashes is one of a native library, an extension module or compiled Metal."""
    return bool(_NATIVE.search(path) or _FRAMEWORK.search(path))


def stem(file: Path) -> str:
    """A native file's name without digest, versions and endings: ``libxcb-shape`` of ``libxcb-shape-12345678.so.0``."""
    return _DIGEST.sub("", file.name.split(".", 1)[0])


def is_one_of(name: str, patterns: Iterable[str]) -> bool:
    """Whether a stem meets one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
