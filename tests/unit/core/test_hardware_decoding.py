"""Decoding in hardware: which videos, the same frames, and none lost when it fails at any point.

No such hardware is here to be tried, except on a Mac: elsewhere one stands in that hands frames over as hardware does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.codec.hwaccel import hwdevices_available

from app.core import hardware_decoding
from app.core.clips import Clip, ClipSource, open_clip
from app.core.footage import FrameWish
from app.core.frame_pixels import FrameScaler, stance_of
from app.core.hardware_decoding import hardware, suits_hardware
from app.core.scrubbing import Scrubber
from app.core.video_decoding import OpenVideo
from app.core.vision import PixelLimits
from tests.clips_made import IMAGES, number_in, numbered, numbers, opened, write_video

LIMITS = PixelLimits(4_096, 400_000)

Fault = Callable[[int, Any], Any]
"""Given how many packets there were and what the decoder gives: what hardware gives instead, or raises."""


class StandIn:
    """A decoder of our own that hands frames over as hardware does."""

    packets = 0
    opened = 0

    def __init__(self, decoder: Any, fault: Fault) -> None:
        self._decoder = decoder
        self._fault = fault
        self.is_hwaccel = True
        self.name = decoder.name
        StandIn.opened += 1

    def decode(self, packet: Any) -> Any:
        StandIn.packets += packet is not None
        frames = [frame.reformat(format=handed_over(frame)) for frame in self._decoder.decode(packet)]
        return self._fault(StandIn.packets, frames)

    def flush_buffers(self) -> None:
        self._decoder.flush_buffers()

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "skip_frame":
            raise AssertionError("hardware may not know what to pass over")
        if name in {"thread_type", "thread_count"}:
            setattr(self._decoder, name, value)
        object.__setattr__(self, name, value)


def handed_over(frame: Any) -> str:
    return "p010le" if "10" in frame.format.name else "nv12"


def stand_in(monkeypatch: pytest.MonkeyPatch, fault: Fault = lambda _, frames: frames) -> None:
    """Lets every video be decoded by a stand-in for hardware."""
    really_open, really_chosen = av.open, OpenVideo._chosen_decoder
    StandIn.packets = StandIn.opened = 0

    def chosen(video: OpenVideo) -> Any:
        usual = really_chosen(video)
        return StandIn(usual, fault) if video._hardware is not None else usual

    monkeypatch.setattr("app.core.video_decoding.hardware", lambda: "hardware")
    monkeypatch.setattr("app.core.video_files.hardware", lambda: "hardware")
    monkeypatch.setattr(hardware_decoding, "_FROM_PIXELS", {"h264": 0, "hevc": 0})
    monkeypatch.setattr(OpenVideo, "_chosen_decoder", chosen)

    def without(file: Any, **how: Any) -> Any:
        how.pop("hwaccel", None)
        return really_open(file, **how)

    monkeypatch.setattr("app.core.video_decoding.av.open", without)


VIDEOS = [
    ("a.mp4", {"options": {"g": "40", "bf": "3", "preset": "veryfast"}}),
    ("b.mkv", {"codec": "libx265", "pixel_format": "yuv420p10le"}),
]


@pytest.mark.parametrize(("name", "how"), VIDEOS)
def test_hardware_gives_the_same_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, how: dict[str, Any]
) -> None:
    path = tmp_path / name
    write_video(path, numbered(120), **how)
    ours = opened(path, LIMITS, frame_count=12)
    stand_in(monkeypatch)
    theirs = opened(path, LIMITS, frame_count=12)
    assert 0 < StandIn.opened <= hardware_decoding.MAX_WORKERS
    assert StandIn.packets > 0
    assert theirs.plan == ours.plan
    for a, b in zip(ours.frames, theirs.frames, strict=True):
        difference = np.abs(np.frombuffer(a, np.uint8).astype(int) - np.frombuffer(b, np.uint8))
        assert difference.max() <= 3


def raising() -> Any:
    raise av.error.ExternalError(1, "VTDecompressionSessionDecodeFrame")


FAULTS: dict[str, Fault] = {
    "at its first frame": lambda count, frames: raising() if count else frames,
    "in the middle": lambda count, frames: raising() if count > 20 else frames,
    "now and then": lambda count, frames: raising() if count % 7 == 0 else frames,
    "without a word": lambda count, frames: [] if count > 20 else frames,
    "by giving way to software": lambda _, frames: [frame.reformat(format="yuv420p") for frame in frames],
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_where_hardware_fails_no_frame_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    path = tmp_path / "f.mp4"
    write_video(path, numbered(120), options={"g": "40", "bf": "3", "preset": "veryfast"})
    ours = opened(path, LIMITS, frame_count=12)
    stand_in(monkeypatch, fault)
    theirs = opened(path, LIMITS, frame_count=12)
    assert StandIn.opened > 0
    assert theirs.notes == ()
    assert theirs.plan.frame_times_s == ours.plan.frame_times_s
    assert numbers(theirs) == numbers(ours)
    scrubber = Scrubber(ClipSource(path.name, path))
    for number in (100, 101, 3, 70, 119):
        *_, (bitmap, _) = scrubber.looks(number / 25, 160 * 96, lambda: True)
        assert number_in(bitmap.rgb, 160, 96) == number
    scrubber.close()


def test_a_device_that_cannot_be_opened_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "n.mp4"
    write_video(path, numbered(60))
    missing = next((name for name in ("cuda", "qsv", "amf", "vaapi") if can_not_be_opened(name, path)), None)
    if missing is None:
        pytest.skip("every device that PyAV knows is here")
    monkeypatch.setattr(hardware_decoding, "_DEVICE", missing)
    monkeypatch.setattr(hardware_decoding, "_FROM_PIXELS", {"h264": 0})
    assert hardware() is not None
    with OpenVideo(ClipSource(path.name, path), may_use_hardware=True) as video:
        assert not video.is_hardware
    assert numbers(opened(path, LIMITS, frame_count=4)) == [0, 20, 39, 59]
    data = path.read_bytes()
    clip = open_clip(ClipSource("pasted", data=data, wish=FrameWish(frame_count=4)), LIMITS, IMAGES)
    assert isinstance(clip, Clip)
    assert numbers(clip) == [0, 20, 39, 59]


def can_not_be_opened(name: str, path: Path) -> bool:
    if name not in hwdevices_available():
        return False
    try:
        with av.open(str(path), hwaccel=av.codec.hwaccel.HWAccel(name, allow_software_fallback=True)):
            return False
    except av.FFmpegError:
        return True


def test_large_frames_and_hevc_go_to_hardware() -> None:
    assert suits_hardware("h264", 3840, 2160)
    assert not suits_hardware("h264", 1920, 1080)
    assert suits_hardware("hevc", 1920, 1080)
    assert not suits_hardware("hevc", 1280, 720)
    assert not suits_hardware("prores", 7680, 4320)


def test_without_videotoolbox_there_is_no_hardware() -> None:
    assert (hardware() is not None) == ("videotoolbox" in hwdevices_available())


def test_what_the_file_says_of_a_frame_outlives_its_handing_over(tmp_path: Path) -> None:
    path = tmp_path / "t.mp4"
    write_video(path, [np.full((96, 160, 3), (200, 30, 30), np.uint8)] * 3, options={"qp": "4"})
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44
    turned = np.array([0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30], dtype=">i4")
    data[place : place + 36] = turned.tobytes()
    path.write_bytes(bytes(data))
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        unit = container.streams.video[0].time_base
        assert unit is not None
        over = frame.reformat(format="nv12")
        assert stance_of(over) == stance_of(frame)
        assert stance_of(frame).is_transposed
        pixels = [FrameScaler(96, 160, stance_of(frame), (160, 96)).rgb(each, unit) for each in (frame, over)]
        values = [np.frombuffer(each, dtype=np.uint8).astype(int) for each in pixels]
        assert np.abs(values[0] - values[1]).max() <= 3


@pytest.mark.skipif("videotoolbox" not in hwdevices_available(), reason="VideoToolbox is of the Mac")
@pytest.mark.parametrize(("name", "how"), VIDEOS)
def test_videotoolbox_gives_the_same_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, how: dict[str, Any]
) -> None:
    path = tmp_path / name
    write_video(path, numbered(120, 640, 384), **how)
    ours = opened(path, LIMITS, frame_count=12)
    monkeypatch.setattr(hardware_decoding, "_FROM_PIXELS", {"h264": 0, "hevc": 0})
    theirs = opened(path, LIMITS, frame_count=12)
    assert theirs.plan == ours.plan
    for a, b in zip(ours.frames, theirs.frames, strict=True):
        difference = np.abs(np.frombuffer(a, np.uint8).astype(int) - np.frombuffer(b, np.uint8))
        assert difference.mean() <= 2
