"""Animated GIF, WebP and PNG as short videos, through Pillow; transparency is white, as in pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image  # noqa: TID253 - this module itself is imported only when an animation is opened

from app.core.clip_files import Taken, stream_sha256
from app.core.clip_kinds import opened_stream
from app.core.errors import Sentence, UserError
from app.core.files import shown_name
from app.core.footage import Footage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Self

    from app.core.clips import ClipSource

_FORMATS = ("GIF", "PNG", "WEBP")
_LEAST_MS = 10.0
_USUAL_MS = 100.0
"""A frame that asks for 10 ms or less is shown for 100 ms, as browsers do."""


class AnimationReader:
    """An animation, see app.core.clip_files.ClipReader."""

    def __init__(self, source: ClipSource, is_wanted: Callable[[], bool]) -> None:
        self._source = source
        self._is_wanted = is_wanted

    def __enter__(self) -> Self:
        self._stream = opened_stream(self._source)
        try:
            self._image = Image.open(self._stream, formats=_FORMATS)
            self._notes: list[str] = []
            times, now = [], 0.0
            for _ in self._walk():
                times.append(now / 1000.0)
                lasting = float(self._image.info.get("duration") or 0.0)
                now += lasting if lasting > _LEAST_MS else _USUAL_MS
        except BaseException:
            self._stream.close()
            raise
        if not times:
            raise UserError(
                Sentence("“{name}” has no frame that can be read.", name=shown_name(self._source.name)),
                "Copy or download it again from where it came from.",
            )
        width_px, height_px = self._image.size
        self.footage = Footage(times, now / 1000.0, width_px, height_px, notes=tuple(self._notes))
        return self

    def __exit__(self, *_: object) -> None:
        self._image.close()
        self._stream.close()

    def sha256(self) -> str:
        """Of the file's bytes, in hex."""
        return stream_sha256(self._source)

    def frames(self, indices: Sequence[int], width_px: int, height_px: int) -> dict[int, Taken]:
        """Frames by index at a size."""
        wanted = set(indices)
        taken = {}
        for index in self._walk():
            if index in wanted:
                whole = self._image.convert("RGBA")
                flat = Image.new("RGB", whole.size, "white")
                flat.paste(whole, mask=whole)
                seen = flat.resize((width_px, height_px), Image.Resampling.BICUBIC)
                taken[index] = Taken(self.footage.times_s[index], seen.tobytes())
                if len(taken) == len(wanted):
                    break
        return taken

    def _walk(self) -> Iterator[int]:
        """Brings up each frame in turn, as far as the file can be read, and gives its index."""
        count = int(getattr(self._image, "n_frames", 1))
        for index in range(count):
            if not self._is_wanted():
                raise InterruptedError
            try:
                self._image.seek(index)
                self._image.load()
            except (EOFError, OSError, SyntaxError):
                self._notes[:] = [Sentence("Only {read} of its {said} frames can be read.", read=index, said=count)]
                return
            yield index
