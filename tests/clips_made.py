"""Videos encoded in the test, each frame carrying its own number so that a reader can be held to it."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from PIL import Image, ImageDraw

from app.core.clips import Clip, ClipSource, footage_of, open_clip
from app.core.footage import ClipPlan, FrameWish, plan_footage
from app.core.vision import PixelLimits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CELLS = 10
MILLISECOND = Fraction(1, 1000)
LIMITS = PixelLimits(4_096, 200_000)
"""Of all frames of a clip: some hundred at the least size."""
IMAGES = PixelLimits()


def numbered_frame(number: int, width_px: int = 160, height_px: int = 96) -> NDArray[np.uint8]:
    """A frame that shows its number in binary: ten columns, black or white, the lowest bit on the left."""
    frame = np.full((height_px, width_px, 3), 20, dtype=np.uint8)
    for bit in range(CELLS):
        if number >> bit & 1:
            frame[:, bit * width_px // CELLS : (bit + 1) * width_px // CELLS] = 235
    return frame


def number_in(rgb: bytes, width_px: int, height_px: int) -> int:
    """The number that a frame shows, whatever its size and however lossy its coding."""
    pixels = np.frombuffer(rgb, dtype=np.uint8).reshape(height_px, width_px, 3)
    middle = pixels[height_px // 3 : 2 * height_px // 3].mean(axis=(0, 2))
    return sum(1 << bit for bit in range(CELLS) if middle[(2 * bit + 1) * width_px // (2 * CELLS)] > 127)


def opened(path: Path, limits: PixelLimits = LIMITS, **wish: Any) -> Clip:
    """A video as the model sees it where these frames are wanted."""
    clip = open_clip(ClipSource(path.name, path, wish=FrameWish(**wish)), limits, IMAGES)
    assert isinstance(clip, Clip)
    return clip


def planned(source: ClipSource, limits: PixelLimits = LIMITS) -> ClipPlan:
    """What would be taken of a video."""
    return plan_footage(footage_of(source), source.wish, limits, IMAGES)


def numbers(clip: Clip) -> list[int]:
    """What its frames show."""
    return [number_in(frame, clip.width_px, clip.height_px) for frame in clip.frames]


def write_video(
    file: Path | io.BytesIO,
    frames: Iterable[NDArray[np.uint8]],
    *,
    codec: str = "libx264",
    times_ms: Sequence[int] | None = None,
    rate: Fraction | int = 25,
    pixel_format: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    format_name: str | None = None,
    adjust: Any = None,
) -> None:
    """Encodes frames, at a constant rate or at the given times.

    Args:
        file: Where to.
        frames: (h, w, 3) each.
        codec: FFmpeg's name of the encoder.
        times_ms: When each frame is shown, or None for a constant rate.
        rate: Frames a second where no times are given.
        pixel_format: FFmpeg's name.
        options: Of the encoder.
        container_options: Of the file's format.
        format_name: FFmpeg's name of the format where the file's name does not tell.
        adjust: Called with the stream before the first frame.
    """
    with av.open(file, "w", format=format_name, options=dict(container_options or {})) as container:
        stream: Any = None
        for index, pixels in enumerate(frames):
            if stream is None:
                usual = {"preset": "ultrafast"} if codec in {"libx264", "libx265"} else {}
                if codec == "libx265":
                    usual["x265-params"] = "log-level=none"
                stream = container.add_stream(codec, rate=rate, options={**usual, **(options or {})})
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = pixel_format
                base = 1 / Fraction(rate) if times_ms is None else MILLISECOND
                stream.codec_context.time_base = base
                stream.time_base = base
                if adjust is not None:
                    adjust(stream)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base = 1 / Fraction(rate) if times_ms is None else MILLISECOND
            frame.pts = index if times_ms is None else times_ms[index]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_animation(file: Path, frames: Sequence[NDArray[np.uint8]], durations_ms: Sequence[int]) -> None:
    """Saves a GIF, WebP or APNG, by the file's name."""
    images = [Image.fromarray(frame) for frame in frames]
    extra: dict[str, Any] = {"lossless": True} if file.suffix == ".webp" else {}
    kind = "PNG" if file.suffix == ".apng" else None
    images[0].save(file, kind, save_all=True, append_images=images[1:], duration=list(durations_ms), loop=0, **extra)


def numbered(count: int, width_px: int = 160, height_px: int = 96) -> list[NDArray[np.uint8]]:
    """So many numbered frames, from zero."""
    return [numbered_frame(number, width_px, height_px) for number in range(count)]


def circle_frame(x: float, y: float, colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A white frame of 160 x 120 with a circle, at about the size at which the demo model sees it: quick to encode."""
    picture = Image.new("RGB", (160, 120), "white")
    ImageDraw.Draw(picture).ellipse([x - 20, y - 20, x + 20, y + 20], fill=colour)
    return np.asarray(picture)


def noise_clip(seed: int, times_s: Sequence[float], width_px: int = 96, height_px: int = 64) -> Clip:
    """An opened clip of random pixels; another seed gives other pixels."""
    generator = np.random.default_rng(seed)
    frames = tuple(
        generator.integers(0, 256, (height_px, width_px, 3), dtype=np.uint8).tobytes() for _ in range(len(times_s))
    )
    plan = ClipPlan(
        frame_times_s=tuple(times_s),
        frame_indices=tuple(range(len(times_s))),
        source_width_px=width_px,
        source_height_px=height_px,
        width_px=width_px,
        height_px=height_px,
        duration_s=times_s[-1],
        frames_per_s=1.0,
        source_frames=len(times_s),
    )
    return Clip.of(ClipSource(f"noise-{seed}.mp4"), "0" * 64, plan, frames)
