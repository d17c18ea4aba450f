"""Which videos the machine's own decoder decodes: VideoToolbox, where PyAV offers it.

It takes one frame after another and hands each over in main memory. Several decoders of our own, each at its own place
of the file and passing over frames that nothing refers to, are quicker as long as frames are small or cheap; so the
hardware has those that are large, of which memory allows but one decoder of our own, and HEVC from Full HD on.
"""

from __future__ import annotations

from av.codec.hwaccel import HWAccel, hwdevices_available  # noqa: TID253 - imported only when a video is opened

_DEVICE = "videotoolbox"
_FROM_PIXELS = {"h264": 5_000_000, "hevc": 2_000_000, "vp9": 5_000_000}
"""Of a frame, by codec."""
_HANDED_OVER = ("nv12", "nv16", "nv24", "p010", "p210", "p410", "p012", "p016", "p216", "p416")
"""How the names of the formats begin in which hardware hands frames over."""
MAX_WORKERS = 2
"""Decoders at once: the second is fed while the first one's frames are handed over and reduced."""


def suits_hardware(codec: str, width_px: int, height_px: int) -> bool:
    """Whether hardware is worth it for a video."""
    return width_px * height_px >= _FROM_PIXELS.get(codec, 1 << 62)


def hardware() -> HWAccel | None:
    """What PyAV is to open a file with, or None where it offers no such hardware."""
    return HWAccel(_DEVICE, allow_software_fallback=True) if _DEVICE in hwdevices_available() else None


def is_handed_over(pixel_format: str) -> bool:
    """Whether a frame of this format came from hardware: FFmpeg goes over to software by itself without a word."""
    return pixel_format.startswith(_HANDED_OVER)
