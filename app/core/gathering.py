"""From what a person dropped or chose to pictures: files as they are, folders as the pictures in them."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.errors import ErrorText, Sentence
from app.core.pictures import PICTURE_SUFFIXES, PictureSource

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

MAX_FOLDER_PICTURES = 500


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found.

    Attributes:
        sources: Pictures in order; whether each can be opened shows when it is.
        refusals: What was left out, and why.
    """

    sources: tuple[PictureSource, ...] = ()
    refusals: tuple[ErrorText, ...] = ()


def gather(paths: Iterable[Path]) -> Gathered:
    """The pictures that the paths name. A folder stands for the pictures that lie in it, not in folders below it.

    A file is taken whatever it is called, because its content decides; within a folder the endings decide.
    """
    sources: list[PictureSource] = []
    refusals: list[ErrorText] = []
    for path in paths:
        found = stat_of(path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            sources.append(_source(path, found))
            continue
        name = path.name or str(path)
        try:
            pictures = _pictures_in(path)
        except OSError as error:
            text = Sentence("The folder “{name}” cannot be read.", name=name)
            refusals.append(ErrorText(text, "Check its permissions.", str(error), "input"))
            continue
        if not pictures:
            text = Sentence("There are no pictures in the folder “{name}”.", name=name)
            refusals.append(ErrorText(text, "Folders inside it are not searched.", kind="input"))
        if len(pictures) > MAX_FOLDER_PICTURES:
            text = Sentence(
                "The folder “{name}” has {count} pictures; the first {limit} were added.",
                name=name,
                count=len(pictures),
                limit=MAX_FOLDER_PICTURES,
            )
            refusals.append(ErrorText(text, "Add the others by choosing the files.", kind="input"))
        sources.extend(pictures[:MAX_FOLDER_PICTURES])
    return Gathered(tuple(dict.fromkeys(sources)), tuple(refusals))


def stat_of(path: Path) -> os.stat_result | None:
    """What the system knows of a path, or None where it says nothing: missing, no permission, a loop of links."""
    try:
        return path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None


def _source(path: Path, found: os.stat_result | None) -> PictureSource:
    stamp = (found.st_size, found.st_mtime_ns) if found is not None else None
    return PictureSource(path.name or str(path), path.absolute(), stamp=stamp)


def _pictures_in(folder: Path) -> list[PictureSource]:
    files = []
    for file in folder.iterdir():
        if file.suffix.lower() in PICTURE_SUFFIXES and not file.name.startswith("."):
            found = stat_of(file)
            if found is not None and stat.S_ISREG(found.st_mode):
                files.append(_source(file, found))
    return sorted(files, key=lambda source: _natural_order(source.name))


def _natural_order(name: str) -> list[tuple[int, int, str]]:
    """Numbers inside a name sort as numbers: 2.png before 10.png."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in re.split(r"(\d+)", name)]
