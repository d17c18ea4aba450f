"""From what a person dropped or chose to pictures and videos: files as they are, folders as what lies in them."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.clip_kinds import is_clip
from app.core.clips import CLIP_SUFFIXES, ClipSource
from app.core.errors import ErrorText, Sentence
from app.core.pictures import PICTURE_SUFFIXES, PictureSource

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    from app.core.requests import Source

MAX_FOLDER_FILES = 500
MEDIA_SUFFIXES = (*PICTURE_SUFFIXES, *CLIP_SUFFIXES)
_OF_OTHERS_TOO = (".ts",)
"""Endings that programs' sources have too: a folder of these is no folder of broken videos."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found.

    Attributes:
        sources: Pictures and videos in order; whether each can be opened shows when it is.
        refusals: What was left out, and why.
    """

    sources: tuple[Source, ...] = ()
    refusals: tuple[ErrorText, ...] = ()


def gather(paths: Iterable[Path]) -> Gathered:
    """The pictures and videos that the paths name. A folder stands for those that lie in it, not in folders below it.

    A file is taken whatever it is called, because its content decides; within a folder the endings decide. Whether a
    file is a video is always told by its content: all files are opened for that.
    """
    sources: list[Source] = []
    refusals: list[ErrorText] = []
    for path in paths:
        found = stat_of(path)
        if found is None or not stat.S_ISDIR(found.st_mode):
            sources.append(_source(path, found))
            continue
        name = path.name or str(path)
        try:
            files = _files_in(path)
        except OSError as error:
            text = Sentence("The folder “{name}” cannot be read.", name=name)
            refusals.append(ErrorText(text, "Check its permissions.", str(error), "input"))
            continue
        if not files:
            text = Sentence("There are no pictures or videos in the folder “{name}”.", name=name)
            refusals.append(ErrorText(text, "Folders inside it are not searched.", kind="input"))
        if len(files) > MAX_FOLDER_FILES:
            text = Sentence(
                "The folder “{name}” has {count} pictures and videos; the first {limit} were added.",
                name=name,
                count=len(files),
                limit=MAX_FOLDER_FILES,
            )
            refusals.append(ErrorText(text, "Add the others by choosing the files.", kind="input"))
        sources.extend(_source(file, found) for file, found in files[:MAX_FOLDER_FILES])
    return Gathered(tuple(dict.fromkeys(sources)), tuple(refusals))


def stat_of(path: Path) -> os.stat_result | None:
    """What the system knows of a path, or None where it says nothing: missing, no permission, a loop of links."""
    try:
        return path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None


def source_of(picture: PictureSource) -> Source:
    """The same as a video, when it is one by its content."""
    return ClipSource(picture.name, picture.path, picture.data, picture.stamp) if is_clip(picture) else picture


def _source(path: Path, found: os.stat_result | None) -> Source:
    stamp = (found.st_size, found.st_mtime_ns) if found is not None else None
    return source_of(PictureSource(path.name or str(path), path.absolute(), stamp=stamp))


def _files_in(folder: Path) -> list[tuple[Path, os.stat_result]]:
    files = []
    for file in folder.iterdir():
        if file.suffix.lower() in MEDIA_SUFFIXES and not file.name.startswith("."):
            found = stat_of(file)
            if found is None or not stat.S_ISREG(found.st_mode):
                continue
            if file.suffix.lower() not in _OF_OTHERS_TOO or is_clip(PictureSource(file.name, file)):
                files.append((file, found))
    return sorted(files, key=lambda file: _natural_order(file[0].name))


def _natural_order(name: str) -> list[tuple[int, int, str]]:
    """Numbers inside a name sort as numbers: 2.png before 10.png."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in re.split(r"(\d+)", name)]
