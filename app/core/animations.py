"""Animated GIF, WebP and PNG as short videos, through Pillow; transparency is white, as in pictures."""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING

from PIL import Image  # noqa: TID253 - this module itself is imported only when an animation is opened

from app.core.clip_files import Taken, refuse_large, stream_sha256
from app.core.clip_kinds import opened_stream
from app.core.errors import Sentence, UserError
from app.core.files import shown_name
from app.core.footage import Footage
from app.core.gif_frames import gif_frames
from app.core.kept_findings import KeptFindings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Self

    from app.core.clips import ClipSource

_FORMATS = ("GIF", "PNG", "WEBP")
_UNREADABLE = (EOFError, OSError, SyntaxError, LookupError, ValueError, struct.error)
"""What Pillow raises on a damaged file."""
_GROWN = 4
"""So many times the size of a GIF its frames may reach over; what lies outside is not shown."""
_GOES_BACK_TO = "_prev_im"
_LEAST_MS = 10.0
_USUAL_MS = 100.0
"""A frame that asks for 10 ms or less is shown for 100 ms, as browsers do."""
_KEPT_BYTES = 1 << 20
"""Of the times of frames: some hundred animations."""


KEPT = KeptFindings[Footage](_KEPT_BYTES, lambda footage: 8 * len(footage.times_s))


class AnimationReader:
    """An animation, see app.core.clip_files.ClipReader. Thread: any one at a time."""

    def __init__(self, source: ClipSource, is_wanted: Callable[[], bool]) -> None:
        self._source = source
        self._is_wanted = is_wanted

    def __enter__(self) -> Self:
        self._stream = opened_stream(self._source)
        try:
            self._image = Image.open(self._stream, formats=_FORMATS)
            refuse_large(shown_name(self._source.name), *self._image.size)
            self._first = int(bool(self._image.info.get("default_image")))
            self.footage = KEPT.of(self._source, self._found, self._is_wanted)
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._image.close()
        self._stream.close()

    def sha256(self) -> str:
        """Of the file's bytes, in hex."""
        return stream_sha256(self._source)

    def frames(self, indices: Sequence[int], width_px: int, height_px: int) -> dict[int, Taken]:
        """Frames by index at a size."""
        return dict(self.each(indices, width_px, height_px))

    def each(self, indices: Sequence[int], width_px: int, height_px: int) -> Iterator[tuple[int, Taken]]:
        """As `frames`, one after another."""
        for index in sorted(indices):
            if not self._is_wanted():
                raise InterruptedError
            self._bring_up(index)
            whole = self._image.convert("RGBA").crop((0, 0, self.footage.width_px, self.footage.height_px))
            flat = Image.new("RGB", whole.size, "white")
            flat.paste(whole, mask=whole)
            seen = flat.resize((width_px, height_px), Image.Resampling.BICUBIC)
            yield index, Taken(self.footage.times_s[index], seen.tobytes())

    def _found(self) -> Footage:
        """Its frames, as far as the file can be read."""
        said, sound = self._frames_said()
        size = self._image.size
        times, now_ms = array("d"), 0.0
        notes: list[str] = []
        for index in range(sound):
            if not self._is_wanted():
                raise InterruptedError
            try:
                self._bring_up(index)
            except _UNREADABLE:
                break
            times.append(now_ms / 1000.0)
            lasting_ms = float(self._image.info.get("duration") or 0.0)
            now_ms += lasting_ms if lasting_ms > _LEAST_MS else _USUAL_MS
        if not times:
            raise UserError(
                Sentence("“{name}” has no frame that can be read.", name=shown_name(self._source.name)),
                "Copy or download it again from where it came from.",
            )
        if len(times) < said:
            notes.append(Sentence("Only {read} of its {said} frames can be read.", read=len(times), said=said))
        return Footage(times, now_ms / 1000.0, *size, notes=tuple(notes))

    def _frames_said(self) -> tuple[int, int]:
        """How many frames the file says it has, and how many of them may be tried."""
        if self._image.format == "GIF":
            with opened_stream(self._source) as stream:
                return gif_frames(stream, _GROWN * self._image.width * self._image.height)
        count = int(getattr(self._image, "n_frames", 1)) - self._first
        return count, count

    def _bring_up(self, index: int) -> None:
        """Decodes a frame; those after the last one follow quickly, those before begin anew."""
        try:
            self._show(index)
        except _UNREADABLE:
            # Having met the damaged end of a file Pillow may not find its way back to what it has read before.
            self._stream.seek(0)
            self._image = Image.open(self._stream, formats=_FORMATS)
            self._show(index)

    def _show(self, index: int) -> None:
        self._image.seek(self._first + index)
        state = vars(self._image)
        # WORKAROUND(Pillow 13): loading a frame of an animated PNG draws it over what the next one may go back to;
        # remove when it draws on a copy.
        before = state[_GOES_BACK_TO].copy() if state.get(_GOES_BACK_TO) is not None else None
        self._image.load()
        if before is not None:
            state[_GOES_BACK_TO] = before
