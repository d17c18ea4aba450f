"""From what a person dropped or chose to pictures: files as they are, folders as the pictures in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.errors import ErrorText, Sentence
from app.core.pictures import PICTURE_SUFFIXES, PictureSource

if TYPE_CHECKING:
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
        if not path.is_dir():
            sources.append(PictureSource(path.name or str(path), path.absolute()))
            continue
        name = path.name or str(path)
        try:
            pictures = _pictures_in(path)
        except OSError as error:
            refusals.append(
                ErrorText(
                    Sentence("The folder “{name}” cannot be read.", name=name), "Check its permissions.", str(error)
                )
            )
            continue
        if not pictures:
            refusals.append(
                ErrorText(
                    Sentence("There are no pictures in the folder “{name}”.", name=name),
                    "Folders inside it are not searched.",
                )
            )
        if len(pictures) > MAX_FOLDER_PICTURES:
            refusals.append(
                ErrorText(
                    Sentence(
                        "The folder “{name}” has {count} pictures; the first {most} were added.",
                        name=name,
                        count=len(pictures),
                        most=MAX_FOLDER_PICTURES,
                    ),
                    "Add the others by choosing the files.",
                )
            )
        sources.extend(PictureSource(file.name, file.absolute()) for file in pictures[:MAX_FOLDER_PICTURES])
    return Gathered(tuple(sources), tuple(refusals))


def _pictures_in(folder: Path) -> list[Path]:
    files = (
        file
        for file in folder.iterdir()
        if file.suffix.lower() in PICTURE_SUFFIXES and not file.name.startswith(".") and file.is_file()
    )
    return sorted(files, key=lambda file: _natural_order(file.name))


def _natural_order(name: str) -> list[tuple[int, int, str]]:
    """Numbers inside a name sort as numbers: 2.png before 10.png."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in re.split(r"(\d+)", name)]
