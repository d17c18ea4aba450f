"""Saving a result to a file, with the pictures linked from it or copied beside it; videos are large and stay linked."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.core.errors import Sentence, UserError
from app.core.files import shown_name, write_atomically
from app.core.pictures import PICTURE_SUFFIXES
from app.core.results import MediaRecord
from app.exporters.table import EXPORTERS, exporter_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from app.core.results import AnyRecord, Result

_READ_BYTES = 1 << 20
_MAX_NAME_BYTES = 120
_FORBIDDEN_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
_RESERVED_NAMES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_SUFFIX_BY_SIGNATURE = (
    (rb"\xff\xd8", ".jpg"),
    (rb"\x89PNG", ".png"),
    (rb"GIF8", ".gif"),
    (rb"BM", ".bmp"),
    (rb"RIFF....WEBP", ".webp"),
    (rb"II\*\0|MM\0\*", ".tif"),
    (rb"....ftypavi", ".avif"),
    (rb"....ftyp", ".heic"),
)


def save(
    result: Result,
    path: Path,
    format_name: str | None = None,
    *,
    copy_pictures: bool = False,
    pasted: Mapping[str, bytes] | None = None,
) -> None:
    """Writes the result to `path`, whole or not at all.

    Args:
        result: What to save.
        path: The file; an earlier one is replaced.
        format_name: One of ``EXPORTERS``; without it the file's ending decides.
        copy_pictures: Copy the pictures into ``<name>-files`` beside the file and link the copies; for formats that
            show pictures. Videos that have a file are linked where they are.
        pasted: Encoded bytes, for copying pictures and animations that have no file: by a picture's sha256 or an
            animation's fingerprint.

    Raises:
        UserError: It cannot be saved there, or a picture cannot be copied; then nothing was changed.
    """
    if format_name is None:
        exporter = exporter_for(path)
    elif format_name in EXPORTERS:
        exporter = EXPORTERS[format_name]
    else:
        raise UserError(
            Sentence("There is no format “{name}”.", name=format_name),
            Sentence("Choose one of {names}.", names=", ".join(EXPORTERS)),
        )
    media = tuple(dict.fromkeys(record for turn in result.turns for record in turn.media))
    folder = path.parent / f"{path.stem}-files"
    with contextlib.ExitStack() as undo:
        links: dict[AnyRecord, str] = {}
        if exporter.shows_pictures:
            links = {record: _link(record.path, path.parent) for record in media if record.path is not None}
        originals = [original for record in media if (original := _original(record, pasted or {})) is not None]
        if exporter.shows_pictures and copy_pictures and originals:
            files = _copied(originals, folder, undo)
            links = {record: link for record, link in links.items() if not isinstance(record, MediaRecord)}
            links |= {record: _link(file, path.parent) for record, file in files.items()}
        write_atomically(path, exporter.render(result, links))
        undo.pop_all()


def _link(file: Path, folder: Path) -> str:
    """`file` as seen from `folder`, percent-encoded."""
    try:
        file = Path(os.path.realpath(file.parent)) / file.name
        relative = os.path.relpath(file, os.path.realpath(folder))
    except ValueError:  # another drive, or a recorded path that cannot be
        return file.as_uri() if file.is_absolute() else quote(os.fsencode(file))
    return quote(os.fsencode(relative.replace(os.sep, "/")))


@dataclass(frozen=True, slots=True)
class _Original:
    """What can be copied: a picture's file, or the bytes of what has none."""

    record: AnyRecord
    sha256: str
    data: bytes | None

    @property
    def name(self) -> str:
        return self.record.name


def _original(record: AnyRecord, pasted: Mapping[str, bytes]) -> _Original | None:
    if isinstance(record, MediaRecord):
        data = pasted.get(record.sha256)
        return _Original(record, record.sha256, data) if data is not None or record.path is not None else None
    data = pasted.get(record.fingerprint) if record.path is None else None
    return _Original(record, hashlib.sha256(data).hexdigest(), data) if data is not None else None


def _copied(originals: Iterable[_Original], folder: Path, undo: contextlib.ExitStack) -> dict[AnyRecord, Path]:
    """Copies each picture once; `undo` takes back what was made."""
    try:
        if not folder.is_dir():
            folder.mkdir()
            undo.callback(_remove_empty, folder)
        taken = {name.casefold() for name in os.listdir(folder)}  # noqa: PTH208 - names alone
    except OSError as error:
        text = Sentence("The folder “{name}” for the pictures cannot be used.", name=shown_name(folder.name))
        raise UserError(text, "Save to another folder, or without copying the pictures.", str(error)) from error
    files: dict[AnyRecord, Path] = {}
    by_content: dict[str, Path] = {}
    for original in originals:
        path = original.record.path
        if original.sha256 not in by_content:
            if original.data is not None:
                chunks = iter([original.data])
            elif path is not None:
                _check_unchanged(original, path)
                chunks = _chunks(path)
            else:
                continue
            by_content[original.sha256] = _copy(original, chunks, folder, taken, undo)
        files[original.record] = by_content[original.sha256]
    return files


def _copy(
    original: _Original, chunks: Iterator[bytes], folder: Path, taken: set[str], undo: contextlib.ExitStack
) -> Path:
    first = next(chunks, b"")
    target = folder / _free_name(original, first, folder, taken)
    if target.name.casefold() not in taken:
        write_atomically(target, itertools.chain([first], chunks))
        taken.add(target.name.casefold())
        undo.callback(target.unlink, missing_ok=True)
    return target


def _free_name(original: _Original, first: bytes, folder: Path, taken: set[str]) -> str:
    """A name that no other picture has, also where capitals do not count; or that of an earlier copy of this one."""
    stem, suffix = _safe_name(original.name, first)
    names = (f"{stem}-{number}{suffix}" if number > 1 else f"{stem}{suffix}" for number in itertools.count(1))
    return next(name for name in names if name.casefold() not in taken or _is_file_of(folder / name, original.sha256))


def _safe_name(name: str, first: bytes) -> tuple[str, str]:
    name = _FORBIDDEN_IN_NAMES.sub("_", name).strip(" .") or "picture"
    if _RESERVED_NAMES.match(name):
        name = f"_{name}"
    suffix = Path(name).suffix
    if suffix.lower() not in PICTURE_SUFFIXES:
        kinds = (kind for pattern, kind in _SUFFIX_BY_SIGNATURE if re.match(pattern, first, re.DOTALL))
        return _shortened(name), next(kinds, "")
    return _shortened(name[: -len(suffix)]) or "picture", suffix


def _shortened(text: str) -> str:
    return text.encode("utf-8")[:_MAX_NAME_BYTES].decode("utf-8", "ignore").rstrip(" .")


def _check_unchanged(original: _Original, path: Path) -> None:
    name = shown_name(original.name)
    hint = "Save without copying the pictures."
    try:
        if not path.is_file():
            raise UserError(Sentence("The picture “{name}” is no longer there.", name=name), hint)
        is_same = _sha256(path) == original.sha256
    except OSError as error:
        raise UserError(Sentence("The picture “{name}” cannot be read.", name=name), hint, str(error)) from error
    if not is_same:
        raise UserError(Sentence("The picture “{name}” has changed since it was asked about.", name=name), hint)


def _is_file_of(path: Path, sha256: str) -> bool:
    try:
        return path.is_file() and _sha256(path) == sha256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            yield chunk


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
