"""What is inside a program: itself, Python, distributions, and what these carry."""

from __future__ import annotations

import importlib
import platform
import re
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app import __version__
from app.core.bundled import is_bundled
from app.core.licences.distributions import (
    Crate,
    InstalledDistribution,
    distributions_in,
    has_standard_text,
    names_in,
    standard_text,
    without_others,
)
from app.core.licences.tables import CarriedPart, Carrier, carriers, is_native, is_one_of, normalised, stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PROGRAM = "Viewfinder"
OWN_LICENCE = "Apache-2.0"
BUNDLE_LICENCE = "GPL-3.0-or-later"
"""Of the bundled program as a whole: ``resources/licences/terms.txt`` says why."""
OWN_COPYRIGHT = "Copyright © 2026 the Viewfinder authors"
_RUNNING = {
    "OpenSSL": ("ssl", "OPENSSL_VERSION"),
    "zlib": ("zlib", "ZLIB_RUNTIME_VERSION"),
    "Expat": ("pyexpat", "EXPAT_VERSION"),
    "mpdecimal": ("_decimal", "__libmpdec_version__"),
    "SQLite": ("sqlite3", "sqlite_version"),
}
"""Which module of Python tells the version of what it was built with."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is inside.

    Attributes:
        name: As its makers call it.
        version: Or nothing where nobody can tell.
        licence: An SPDX expression, or nothing where it names none that is known.
        carrier: The name of the distribution that it came with, or nothing where it came by itself.
        copyright: The lines that its licence asks to be shown, where its own texts do not.
        home: Its address.
        sources: Where its source code is.
        note: What there is to say besides.
        own_texts: The licence files that it brings.
        standard_texts: Texts of its licences by their names, where it brings none.
        files: The native files that show it, or that it has.
        crates: What was compiled into it, as its own bill of materials says.
        distribution: Its normalised name, where it is a distribution.
        needs: Normalised names of the distributions that it needs and that are inside.
    """

    name: str
    version: str
    licence: str
    carrier: str = ""
    copyright: str = ""
    home: str = ""
    sources: str = ""
    note: str = ""
    own_texts: tuple[Path, ...] = ()
    standard_texts: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()
    crates: tuple[Crate, ...] = ()
    distribution: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inside:
    """All that is inside.

    Attributes:
        parts: The program first, then Python, then the others by their names.
        files: All native files.
        unknown: Those of them that are libraries and that nobody has written down.
        root: The folder that files are told from.
    """

    parts: tuple[Part, ...]
    files: tuple[Path, ...]
    unknown: tuple[Path, ...]
    root: Path

    @property
    def faults(self) -> tuple[str, ...]:
        """What a bundle that is passed on must not have, in words for those who build it."""
        no_licence = [
            f"{part.name} {part.version} names no licence that is known" for part in self.parts if not part.licence
        ]
        no_text = [
            f"{part.name} {part.version} ({part.licence}) has no licence text"
            for part in self.parts
            if not part.own_texts and not part.standard_texts
        ]
        libraries = [
            f"{file.relative_to(self.root)} is in no table of resources/licences/inside" for file in self.unknown
        ]
        return (*no_licence, *no_text, *libraries)


def inside_here() -> Inside:
    """What is inside this program, as it runs. Takes some tenths of a second."""
    if is_bundled():
        return inside_bundle(Path(__file__).resolve().parents[3])
    folders = tuple(dict.fromkeys(Path(entry) for entry in sys.path if entry and Path(entry).is_dir()))
    found = without_others(distributions_in(folders))
    files = {key: _files_of(distribution) for key, distribution in found.items()}
    files[""] = tuple(sorted((Path(sysconfig.get_path("stdlib")) / "lib-dynload").glob("*.so")))
    return _inside(found, files, Path(sysconfig.get_path("purelib")), is_bundle=False)


def inside_bundle(place: Path) -> Inside:
    """What is inside a bundle.

    Args:
        place: The folder that holds the distributions: ``_internal``, or ``Contents/Frameworks`` of an ``.app``.
    """
    place = place.resolve()
    found = {key: one for key, one in distributions_in((place,)).items() if key != "viewfinder"}
    owner = {folder: carrier.distribution for carrier in carriers() for folder in carrier.folders}
    files: dict[str, list[Path]] = {}
    for file in sorted(place.rglob("*")):
        inner = file.relative_to(place)
        if is_native(inner.as_posix()) and file.is_file() and not file.is_symlink():
            folder = inner.parts[0]
            named = normalised(folder.partition(".")[0])
            key = next((owner[pattern] for pattern in owner if is_one_of(folder, (pattern,))), named)
            files.setdefault(key if key in found else "", []).append(file)
    return _inside(found, {key: tuple(value) for key, value in files.items()}, place, is_bundle=True)


def _inside(
    found: Mapping[str, InstalledDistribution], files: Mapping[str, tuple[Path, ...]], root: Path, *, is_bundle: bool
) -> Inside:
    parts = [_distribution_part(distribution, found, files.get(key, ())) for key, distribution in found.items()]
    unknown: list[Path] = []
    tables = carriers()
    for key in dict.fromkeys(carrier.distribution for carrier in tables):
        of_key = [carrier for carrier in tables if carrier.distribution == key]
        there = tuple(file for name in (key, *of_key[0].beside) for file in files.get(name, ()))
        left = there
        for carrier in of_key:
            parts += _carried_parts(carrier, found.get(key), there)
            left = carrier.unknown(left)
        unknown += left
    ours = Part(
        name=_PROGRAM,
        version=__version__,
        licence=OWN_LICENCE,
        copyright=OWN_COPYRIGHT,
        standard_texts=_standard_texts(f"{OWN_LICENCE} AND {BUNDLE_LICENCE}" if is_bundle else OWN_LICENCE),
        needs=tuple(sorted(found)),
    )
    python = [part for part in parts if part.name == "Python"]
    others = sorted(
        (part for part in parts if part.name != "Python"), key=lambda part: (part.name.lower(), part.carrier)
    )
    every = tuple(sorted({file for some in files.values() for file in some}))
    return Inside((ours, *python, *others), every, tuple(unknown), root)


def _files_of(distribution: InstalledDistribution) -> tuple[Path, ...]:
    folder = distribution.folder.parent
    return tuple(folder / name for name in distribution.files if is_native(name))


def _distribution_part(
    distribution: InstalledDistribution, found: Mapping[str, InstalledDistribution], files: tuple[Path, ...]
) -> Part:
    crates = tuple(crate for crate in distribution.listed if crate.purl.startswith("pkg:cargo/"))
    wanted = [distribution.licence] if not distribution.texts else []
    wanted += [crate.licence for crate in crates]
    return Part(
        name=distribution.name,
        version=distribution.version,
        licence=distribution.licence,
        copyright="" if distribution.texts else distribution.copyright,
        home=distribution.home,
        own_texts=distribution.texts,
        standard_texts=_standard_texts(" AND ".join(wanted)),
        files=files,
        crates=crates,
        distribution=distribution.key,
        needs=tuple(sorted({name for name, _, _ in distribution.requirements if name in found})),
    )


def _carried_parts(
    carrier: Carrier, distribution: InstalledDistribution | None, files: Sequence[Path]
) -> Iterable[Part]:
    for part in carrier.parts:
        shown_by = tuple(file for file in files if is_one_of(stem(file), part.files))
        is_built_in = not carrier.distribution and any(name in sys.builtin_module_names for name in part.files)
        if not (shown_by or part.is_always or is_built_in):
            continue
        texts = distribution.texts if distribution is not None and carrier.has_texts else ()
        yield Part(
            name=part.name,
            version=_version(part, carrier, distribution, shown_by),
            licence=part.licence,
            carrier=distribution.name if distribution is not None else "",
            copyright=part.copyright,
            home=part.home,
            sources=part.sources or carrier.sources,
            note=part.note,
            own_texts=texts,
            standard_texts=() if texts else _standard_texts(" AND ".join(part.texts) or part.licence),
            files=shown_by,
        )


def _version(
    part: CarriedPart, carrier: Carrier, distribution: InstalledDistribution | None, files: Sequence[Path]
) -> str:
    if part.version == "running":
        return _running_version(part.name)
    if part.version == "file":
        match = re.search(r"\.so\.([\d.]+)$|\.([\d.]+)\.dylib$", files[0].name) if files else None
        return (match[1] or match[2]) if match else ""
    if distribution is None:
        return part.version
    if part.version == "carrier":
        return distribution.version
    if part.named:
        named = {crate.name: crate.version for crate in distribution.listed}
        return re.sub(r"(?:-\d[\w.~]*|-\d+ubuntu[\w.~]*)$", "", named.get(part.named, ""))
    return part.version if distribution.version == carrier.checked else ""


def _running_version(name: str) -> str:
    if name == "Python":
        return platform.python_version()
    module, attribute = _RUNNING[name]
    try:
        said = str(getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError):
        return ""
    match = re.search(r"\d[\w.]*", said)
    return match[0] if match else said


def _standard_texts(expression: str) -> tuple[Path, ...]:
    names = names_in(expression)
    if any(name.startswith("LGPL-3.0") for name in names):
        names = (*names, "GPL-3.0")
    known = (standard_text(name) for name in names if has_standard_text(name))
    return tuple(dict.fromkeys(known))
