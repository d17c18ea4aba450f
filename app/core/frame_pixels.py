"""From a decoded frame to the bytes that are shown: upright, whole, opaque and at a size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import av  # noqa: TID253 - this module itself is imported only when a video is opened
import numpy as np
from av.filter import Graph  # noqa: TID253
from av.video.reformatter import VideoReformatter  # noqa: TID253

from app.core.clip_colours import is_hdr, reduced, toned

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

_ASKEW_DEGREES = 1.0
_OTHER_SHAPE = 0.02
"""By so much of itself a frame's aspect differs from the first one's when the size changed, not its rounding."""
_RGB_BYTES = 3


class Stance(NamedTuple):
    """How a frame as it lies in the file has to be set up: first its axes are swapped, then it is mirrored."""

    is_transposed: bool = False
    is_mirrored_x: bool = False
    is_mirrored_y: bool = False
    askew_degrees: float = 0.0

    def upright_size(self, width_px: int, height_px: int) -> tuple[int, int]:
        """(width, height) upright of one as it lies in the file, or the other way round."""
        return (height_px, width_px) if self.is_transposed else (width_px, height_px)

    @property
    def is_upright(self) -> bool:
        """Whether nothing has to be done."""
        return not (self.is_transposed or self.is_mirrored_x or self.is_mirrored_y)

    @property
    def is_askew(self) -> bool:
        """Whether the file wants it turned by something else than quarter turns."""
        return self.askew_degrees > _ASKEW_DEGREES


_QUARTER_TURN = 90
_TURNED = (Stance(), Stance(True, False, True), Stance(False, True, True), Stance(True, True, False))
"""By quarter turns against the clock."""


def stance_of(frame: Any) -> Stance:
    """How a decoded frame is to be set up, by the matrix that its file gives.

    Source of the matrix: FFmpeg's libavutil/display.h; (x', y') = (a x + c y, b x + d y), with y downwards.
    """
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # WORKAROUND(av 17, 18): side data that PyAV has no name for hides all others; remove when it does not.
        return _TURNED[round(frame.rotation / _QUARTER_TURN) % len(_TURNED)]
    if data is None:
        return Stance()
    a, b, _, c, d = np.frombuffer(bytes(data), dtype=np.int32)[:5].astype(float)
    straight, swapped = math.hypot(a, d), math.hypot(b, c)
    if straight == swapped == 0:
        return Stance()
    askew = math.degrees(math.atan2(min(straight, swapped), max(straight, swapped)))
    if straight >= swapped:
        return Stance(False, a < 0, d < 0, askew)
    return Stance(True, c < 0, b < 0, askew)


class FrameScaler:
    """Turns the decoded frames of one video into bytes of one size. Thread: any one at a time.

    Args:
        width_px: Of the upright result.
        height_px: The same.
        stance: The video's.
        shape: (width, height) of the video's first frame as it lies in the file.
    """

    def __init__(self, width_px: int, height_px: int, stance: Stance, shape: tuple[int, int]) -> None:
        self._lying = stance.upright_size(width_px, height_px)
        self._stance = stance
        self._shape = shape
        self._scaler = VideoReformatter()

    def rgb(self, frame: Any, time_base: Fraction) -> bytes:
        """The upright frame, h x w x 3 bytes of sRGB.

        Args:
            frame: PyAV's, as it was decoded.
            time_base: Of its stream.
        """
        if frame.interlaced_frame:
            frame = _deinterlaced(frame, time_base)
        curve = int(frame.color_trc) if is_hdr(frame) else None
        pixel_format = "rgb24" if curve is None else "rgb48le"
        width_px, height_px = self._fitted(frame)
        if any(component.is_alpha for component in frame.format.components):
            frame = _on_white(frame, pixel_format)
        small = reduced(frame, width_px, height_px, pixel_format, self._scaler)
        if curve is None and self._stance.is_upright and (width_px, height_px) == self._lying:
            plane = small.planes[0]
            if plane.line_size == _RGB_BYTES * width_px:
                return bytes(plane)
        values: NDArray[Any] = small.to_ndarray()
        if curve is not None:
            values = toned(values, curve)
        return self._set_up(self._framed(values)).tobytes()

    def _fitted(self, frame: Any) -> tuple[int, int]:
        """The size within the result's that keeps a frame's aspect, where it changed on the way."""
        width_px, height_px = self._lying
        change = (frame.width * self._shape[1]) / (frame.height * self._shape[0])
        if abs(change - 1) < _OTHER_SHAPE:
            return width_px, height_px
        if change > 1:
            return width_px, max(1, round(height_px / change))
        return max(1, round(width_px * change)), height_px

    def _framed(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """In the middle of black, as players show it."""
        width_px, height_px = self._lying
        height, width = values.shape[:2]
        if (width, height) == (width_px, height_px):
            return values
        whole = np.zeros((height_px, width_px, _RGB_BYTES), dtype=np.uint8)
        left, top = (width_px - width) // 2, (height_px - height) // 2
        whole[top : top + height, left : left + width] = values
        return whole

    def _set_up(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self._stance.is_transposed:
            values = values.transpose(1, 0, 2)
        if self._stance.is_mirrored_x:
            values = values[:, ::-1]
        if self._stance.is_mirrored_y:
            values = values[::-1]
        return values


def _deinterlaced(frame: Any, time_base: Fraction) -> Any:
    """The field that is shown at the frame's time, its missing lines drawn along the edges between its own."""
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format.name, time_base=time_base)
    graph.link_nodes(source, graph.add("estdif", "mode=frame:deint=interlaced"), graph.add("buffersink")).configure()
    graph.vpush(frame)
    graph.vpush(None)
    whole: Any = graph.vpull()
    whole.colorspace, whole.color_range, whole.color_trc = frame.colorspace, frame.color_range, frame.color_trc
    return whole


def _on_white(frame: Any, pixel_format: str) -> Any:
    """The frame in RGB without alpha, before it is reduced: the colour of what cannot be seen must not bleed."""
    whole = {"rgb24": "rgba", "rgb48le": "rgba64le"}[pixel_format]
    values = reduced(frame, frame.width, frame.height, whole, VideoReformatter()).to_ndarray()
    most = np.iinfo(values.dtype).max
    alpha = values[..., 3:].astype(np.float32) / most
    flat = np.rint(values[..., :3] * alpha + (1 - alpha) * most).astype(values.dtype)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(flat), format=pixel_format)
