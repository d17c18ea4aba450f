"""Licence notices as text: of one part, and of all that is inside."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from app import __version__
from app.core.licences.inside import Inside, Part
from app.core.paths import LICENCES_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_WIDTH = 100
_LINE = "=" * 60
_OF_CRATES = (
    "Its makers' own bill of materials names these pieces, compiled into it, with their licences; it does not hold "
    "their copyright lines, which each has where it is published."
)


def terms() -> str:
    """What holds for the program as a whole."""
    return (LICENCES_DIR / "terms.txt").read_text(encoding="utf-8")


def text_of(part: Part) -> str:
    """All that is to be said of a part: the program's own begins with what holds for the whole."""
    is_program = not part.carrier and not part.distribution and part.name == "Viewfinder"
    pieces = [terms()] if is_program else ["\n".join(_about(part))]
    pieces += [read_text(file) for file in part.own_texts]
    pieces += [f"{file.stem}\n\n{read_text(file)}" for file in part.standard_texts]
    return f"\n{_LINE}\n\n".join(piece.rstrip() + "\n" for piece in pieces)


def whole_text(inside: Inside) -> str:
    """All notices in one text; each standard text stands once, at the end."""
    first, *others = inside.parts
    title = f"{first.name} {__version__}: licences of everything inside"
    pieces = [f"{title}\n\n{terms()}", "Inside are:\n\n" + "\n".join(_row(part) for part in inside.parts)]
    shown: dict[tuple[Path, ...], str] = {}
    for part in others:
        lines = [*_about(part)]
        if part.own_texts in shown:
            lines += ["", f"Its text stands in those of {shown[part.own_texts]}."]
        elif part.own_texts:
            shown[part.own_texts] = part.carrier or part.name
            lines += [f"\n{read_text(file).rstrip()}" for file in part.own_texts]
        if part.standard_texts:
            lines += ["", f"Texts at the end: {', '.join(file.stem for file in part.standard_texts)}"]
        pieces.append("\n".join(lines))
    standard = dict.fromkeys(file for part in inside.parts for file in part.standard_texts)
    pieces += [f"{file.stem}\n\n{read_text(file).rstrip()}" for file in sorted(standard)]
    return f"\n\n{_LINE}\n\n".join(piece.rstrip() for piece in pieces) + "\n"


def read_text(file: Path) -> str:
    """A licence file's text, whatever its encoding."""
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return data.decode("latin-1").replace("\r\n", "\n")


def _about(part: Part) -> Iterator[str]:
    yield f"{part.name} {part.version}".rstrip()
    yield f"Licence: {part.licence or 'see its text'}"
    if part.carrier:
        yield f"Came with: {part.carrier}"
    if part.home:
        yield f"Address: {part.home}"
    if part.sources:
        yield f"Source code: {part.sources}"
    if part.files:
        yield from _filled("Files: ", ", ".join(sorted({file.name for file in part.files})))
    if part.note:
        yield ""
        yield from _filled("", part.note)
    if part.copyright:
        yield ""
        yield part.copyright
    if part.crates:
        yield ""
        yield from _filled("", _OF_CRATES)
        yield from (f"  {crate.name} {crate.version}: {crate.licence}" for crate in part.crates)


def _filled(label: str, words: str) -> Iterable[str]:
    return textwrap.wrap(f"{label}{words}", _WIDTH, break_long_words=False, break_on_hyphens=False)


def _row(part: Part) -> str:
    by = f" (with {part.carrier})" if part.carrier else ""
    return f"  {part.name} {part.version}".rstrip() + f"{by}: {part.licence or 'see its text'}"
