"""What a drop would do, in words, while it still hovers."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.core.clips import CLIP_SUFFIXES
from app.core.gathering import MEDIA_SUFFIXES, stat_of
from app.core.pictures import PICTURE_SUFFIXES
from app.gui.tray.offered import embedded_pictures, has_picture_data, local_paths, may_be_offered, paths_in_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtCore import QMimeData

_MOST_LOOKED_AT = 20
"""Of more, kinds and sizes are not asked for: the mouse must not wait for a disk."""


@dataclass(frozen=True, slots=True)
class DropWords:
    """What would happen, or why nothing would.

    Attributes:
        text: Said large.
        hint: What to do instead, or empty.
        is_refused: Whether nothing would be added.
    """

    text: str
    hint: str = ""
    is_refused: bool = False


def drop_words(mime: QMimeData) -> DropWords | None:
    """What dropping this would do; None when it is nothing for the tray."""
    paths = local_paths(mime) if may_be_offered(mime) else paths_in_text(mime)
    if paths:
        return _of_paths(paths)
    if not may_be_offered(mime):
        return None
    translate = QCoreApplication.translate
    count = 1 if has_picture_data(mime) else len(embedded_pictures(mime))
    if count:
        words = translate("DropZone", "Add the picture") if count == 1 else translate("DropZone", "Add {0} pictures")
        return DropWords(words.format(count))
    hint = translate("DropZone", "Save it as a file first, then drop the file.")
    return DropWords(translate("DropZone", "Web addresses are not opened"), hint, is_refused=True)


def _of_paths(paths: Sequence[Path]) -> DropWords:
    if len(paths) > _MOST_LOOKED_AT:
        return DropWords(QCoreApplication.translate("DropZone", "Add {0} items").format(len(paths)))
    found = [(path, stat_of(path)) for path in paths]
    here = [(path, known) for path, known in found if known is not None]
    folders = [path for path, known in here if stat.S_ISDIR(known.st_mode)]
    files = [path for path, known in here if not stat.S_ISDIR(known.st_mode) and known.st_size > 0]
    if folders:
        return _of_folders(folders, has_files=bool(files))
    return _of_files(files) if files else _nothing_usable(paths, is_missing=not here)


def _of_folders(folders: Sequence[Path], *, has_files: bool) -> DropWords:
    translate = QCoreApplication.translate
    if has_files:
        return DropWords(translate("DropZone", "Add the files and what is in the folders"))
    if len(folders) > 1:
        return DropWords(translate("DropZone", "Add the pictures and videos in {0} folders").format(len(folders)))
    return DropWords(
        translate("DropZone", "Add the pictures and videos in “{0}”").format(folders[0].name or folders[0])
    )


def _of_files(files: Sequence[Path]) -> DropWords:
    translate = QCoreApplication.translate
    suffixes = {path.suffix.lower() for path in files}
    is_certain = suffixes.issubset(MEDIA_SUFFIXES)
    if len(files) == 1:
        certain = translate("DropZone", "Add “{0}”")
        uncertain = translate("DropZone", "Add “{0}” if it is a picture or a video")
        return DropWords((certain if is_certain else uncertain).format(files[0].name))
    if not is_certain:
        words = translate("DropZone", "Add the pictures and videos among {0} files")
    elif suffixes.issubset(PICTURE_SUFFIXES):
        words = translate("DropZone", "Add {0} pictures")
    elif suffixes.issubset(CLIP_SUFFIXES):
        words = translate("DropZone", "Add {0} videos")
    else:
        words = translate("DropZone", "Add {0} files")
    return DropWords(words.format(len(files)))


def _nothing_usable(paths: Sequence[Path], *, is_missing: bool) -> DropWords:
    translate = QCoreApplication.translate
    if len(paths) > 1:
        return DropWords(translate("DropZone", "None of these files can be used"), is_refused=True)
    words = translate("DropZone", "“{0}” cannot be found") if is_missing else translate("DropZone", "“{0}” is empty")
    return DropWords(words.format(paths[0].name), is_refused=True)
