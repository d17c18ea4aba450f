"""Videos that were cut, joined or coded long ago: their times, their frames, and nothing said that is not so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.core.clip_kinds import is_clip
from app.core.clips import ClipSource, footage_of, open_frames, open_poster
from app.core.footage import Footage, FrameWish, plan_footage
from app.core.scrubbing import Scrubber
from app.core.video_files import VideoReader
from app.core.vision import PixelLimits
from tests.clips_made import IMAGES, number_in, numbered, numbers, opened, planned, write_animation, write_video

REORDERED = {"preset": "veryfast", "bf": "3", "g": "12"}


def copied(file: Path, to: Path, *, earlier_s: float = 0.0, how: dict[str, str] | None = None) -> None:
    """The same packets in another file, all their times earlier; those before zero as they come."""
    with av.open(file) as source, av.open(to, "w", options=how or {}) as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                shift = round(earlier_s / packet.time_base)
                packet.dts, packet.pts = packet.dts - shift, packet.pts - shift
                packet.stream = streams[packet.stream.index]
                target.mux(packet)


@pytest.mark.parametrize("cut_s", [0.1, 0.52, 1.0])
def test_what_lies_before_the_start_of_a_cut_file_is_not_shown_and_shifts_nothing(tmp_path: Path, cut_s: float) -> None:
    whole, path = tmp_path / "whole.mp4", tmp_path / "cut.mkv"
    write_video(whole, numbered(75), options={**REORDERED, "g": "50"})
    copied(whole, path, earlier_s=cut_s, how={"avoid_negative_ts": "disabled"})
    clip = opened(path, frame_count=8)
    first = round(cut_s * 25 + 0.49)
    assert numbers(clip)[0] == first
    assert numbers(clip)[-1] == 74
    np.testing.assert_allclose(
        np.diff(clip.plan.frame_times_s), np.diff([number / 25 for number in numbers(clip)]), atol=1.1e-3
    )
    assert clip.notes == ()


def test_of_doubled_times_those_of_showing_are_taken(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.mp4", tmp_path / "double.mkv"
    write_video(whole, numbered(50), options=REORDERED)
    with av.open(whole) as source, av.open(path, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        step = round(0.04 / stream.time_base)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.pts -= step if packet.pts == 49 * step else 0
                packet.dts = min(packet.dts, packet.pts)
                packet.stream = stream
                target.mux(packet)
    clip = opened(path, frame_count=8)
    assert numbers(clip)[-1] in {48, 49}
    np.testing.assert_allclose(clip.plan.frame_times_s[:-1], [number / 25 for number in numbers(clip)[:-1]], atol=1e-3)


@pytest.mark.parametrize("kind", ["ts", "mpg"])
def test_files_joined_end_to_end_are_shown_one_after_the_other(tmp_path: Path, kind: str) -> None:
    codec, options = ("libx264", REORDERED) if kind == "ts" else ("mpeg2video", {"bf": "2", "qmin": "1"})
    first, second, path = (tmp_path / f"{name}.{kind}" for name in ("first", "second", "joined"))
    write_video(first, numbered(40), codec=codec, options=options)
    write_video(second, numbered(80)[40:], codec=codec, options=options)
    path.write_bytes(first.read_bytes() + second.read_bytes())
    clip = opened(path, frames_per_s=5)
    assert numbers(clip) == sorted(numbers(clip))
    assert numbers(clip)[-1] > 70
    np.testing.assert_allclose(clip.plan.frame_times_s, [number / 25 for number in numbers(clip)], atol=0.09)
    assert clip.plan.duration_s == pytest.approx(3.2, abs=0.1)


@pytest.mark.parametrize("name", ["late.mkv", "sound.mkv", "edited.mp4", "gap.avi"])
def test_no_part_is_missed_where_none_is_missing(tmp_path: Path, name: str) -> None:
    whole, path = tmp_path / f"whole{Path(name).suffix}", tmp_path / name
    codec = "mpeg4" if name == "gap.avi" else "libx264"
    times = [*range(0, 1000, 40), *range(3000, 4000, 40)] if name == "gap.avi" else list(range(0, 3000, 40))
    write_video(whole, numbered(len(times)), codec=codec, options={"bf": "0"}, times_ms=times)
    if name == "late.mkv":
        copied(whole, path, earlier_s=-7.0)
    elif name == "sound.mkv":
        add_sound(whole, path, 20)
    elif name == "edited.mp4":
        copied(whole, path, earlier_s=2.0, how={"avoid_negative_ts": "disabled"})
    else:
        shutil.copyfile(whole, path)
    assert planned(ClipSource(name, path)).notes == ()


def add_sound(file: Path, to: Path, seconds: int) -> None:
    with av.open(file) as source, av.open(to, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        sound = target.add_stream("pcm_s16le", rate=8000, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
        for second in range(seconds):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), dtype=np.int16), format="s16", layout="mono")
            frame.rate, frame.pts = 8000, second * 8000
            target.mux(sound.encode(frame))
        target.mux(sound.encode(None))


def test_colours_from_a_table_are_kept_wherever_a_frame_is_sought(tmp_path: Path) -> None:
    path = tmp_path / "table.avi"
    with av.open(path, "w") as target:
        stream: Any = target.add_stream("rawvideo", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "pal8"
        table = np.zeros((256, 4), dtype=np.uint8)
        table[:, 0] = 255
        table[:, 1:] = np.arange(256)[:, None]
        for pixels in numbered(50):
            indexed: Any = (pixels[..., 0], table)
            frame = av.VideoFrame.from_ndarray(indexed, format="pal8")
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    clip = opened(path, frame_count=8)
    assert numbers(clip) == [0, 7, 14, 21, 28, 35, 42, 49]


def test_a_transport_stream_with_times_before_its_packets_is_a_video(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain.ts", tmp_path / "camera.m2ts"
    write_video(plain, numbered(50), options=REORDERED)
    with av.open(plain) as source, av.open(path, "w", format="mpegts", options={"mpegts_m2ts_mode": "1"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert path.read_bytes()[4] == path.read_bytes()[196] == 0x47
    assert is_clip(ClipSource(path.name, path))
    assert numbers(opened(path, frame_count=8)) == [0, 7, 14, 21, 28, 35, 42, 49]
    for whole in (plain, path):
        part = tmp_path / f"part{whole.suffix}"
        part.write_bytes(whole.read_bytes()[77:])
        assert is_clip(ClipSource(part.name, part))
        assert numbers(opened(part, start_s=1.0))[-1] == 49


def test_a_cut_animation_is_looked_through_back_and_forth(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.apng", tmp_path / "cut.apng"
    write_animation(whole, numbered(20), [100] * 20)
    data = whole.read_bytes()
    for part in range(30, 90, 7):
        path.write_bytes(data[: len(data) * part // 100])
        scrubber = Scrubber(ClipSource(path.name, path))
        last = 0
        for time_s in (0.0, 0.3, 9.0, 0.1, 9.0, 0.0):
            *_, look = scrubber.looks(time_s, 1 << 20, lambda: True)
            seen = number_in(look.bitmap.rgb, look.bitmap.width_px, look.bitmap.height_px)
            last = max(last, seen)
            assert seen == (last if time_s > 1 else round(10 * time_s))
        scrubber.close()


def test_a_frame_that_a_second_try_decodes_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stubborn.mp4"
    write_video(path, numbered(50))
    really, tries = VideoReader._decoded, []

    def second_time(self: VideoReader, *args: Any) -> Any:
        tries.append(args)
        return really(self, *args) if len(tries) > 1 else iter(())

    monkeypatch.setattr(VideoReader, "_decoded", second_time)
    ((time_s, bitmap),) = open_frames(ClipSource(path.name, path), [1.0], 1 << 20)
    assert time_s == 1.0
    assert number_in(bitmap.rgb, bitmap.width_px, bitmap.height_px) == 25


def test_frames_are_not_called_too_many_where_all_are_taken() -> None:
    few = Footage([number / 25 for number in range(75)], 3.0, 64, 64)
    assert plan_footage(few, FrameWish(frames_per_s=1000), PixelLimits(4096, 1 << 24), IMAGES).notes == ()
    many = Footage([number / 25 for number in range(2000)], 80.0, 64, 64)
    notes = plan_footage(many, FrameWish(frames_per_s=1000), PixelLimits(4096, 1 << 24), IMAGES).notes
    assert "would be too many: 768 are taken" in notes[0]
    small = plan_footage(many, FrameWish(frames_per_s=1000), PixelLimits(4096, 100 * 1024), IMAGES)
    assert "would be too many: 100 are taken" in small.notes[0]
    assert len(small.frame_times_s) == 100


def test_sound_that_begins_within_the_file_ends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "late-sound.flv"
    write_video(path, numbered(400), codec="flv", rate=10)
    sound = bytes([0x2E]) + bytes(100)
    tag = b"\x08" + len(sound).to_bytes(3, "big") + (30_000).to_bytes(3, "big") + bytes(4) + sound
    with path.open("ab") as file:
        for _ in range(4):
            file.write(tag + len(tag).to_bytes(4, "big"))
    clip = opened(path, frame_count=8)
    assert numbers(clip)[-1] == 399
    np.testing.assert_allclose(clip.plan.frame_times_s, [number / 10 for number in numbers(clip)], atol=1e-3)


@pytest.mark.parametrize("disposal", [0, 1, 2])
@pytest.mark.parametrize("blend", [0, 1])
def test_an_animation_goes_back_to_what_it_showed_before(tmp_path: Path, disposal: int, blend: int) -> None:
    frames = []
    for number in range(8):
        frame = Image.new("RGBA", (120, 80), (0, 0, 0, 0))
        frame.paste((255, 0, 0, 255), (number * 10, 20, number * 10 + 16, 50))
        frames.append(frame)
    path = tmp_path / "sprite.png"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, disposal=disposal, blend=blend)
    leaves_a_trail = disposal == 0 and blend == 1
    for time_s, bitmap in open_frames(ClipSource(path.name, path), [number / 10 for number in range(8)], 1 << 20):
        row = np.frombuffer(bitmap.rgb, dtype=np.uint8).reshape(80, 120, 3)[35, :, 1]
        left = 0 if leaves_a_trail else round(100 * time_s)
        assert list(np.flatnonzero(row < 100)) == list(range(left, round(100 * time_s) + 16))


def frame_at(data: bytes, number: int) -> int:
    """Where a frame's head begins in a GIF, after the comma."""
    place = -1
    for _ in range(number + 1):
        place = data.index(b"\x00,\x00\x00\x00\x00", place + 1)
    return place + 2


def test_a_gif_that_is_cut_off_in_a_head_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.gif", tmp_path / "cut.gif"
    write_animation(whole, textured(20), [100] * 20)
    data = whole.read_bytes()
    for extra in range(1, 9):
        path.write_bytes(data[: frame_at(data, 7) + extra])
        footage = footage_of(ClipSource(path.name, path))
        assert len(footage.times_s) == 7
        assert footage.notes == ("Only 7 of its 8 frames can be read.",)


@pytest.mark.parametrize("name", ["cut.gif", "cut.apng"])
def test_an_animation_is_read_wherever_it_is_cut_off(tmp_path: Path, name: str) -> None:
    whole, path = tmp_path / f"whole-{name}", tmp_path / name
    write_animation(whole, numbered(8, 40, 24), [100] * 8)
    data = whole.read_bytes()
    most = 0
    for size_bytes in range(len(data) // 2, len(data)):
        path.write_bytes(data[:size_bytes])
        footage = footage_of(ClipSource(path.name, path))
        assert len(footage.times_s) >= most
        most = len(footage.times_s)
    assert most >= 7


def test_a_gif_whose_frame_says_that_it_is_huge_takes_no_memory(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.gif", tmp_path / "huge.gif"
    write_animation(whole, textured(8), [100] * 8)
    data = bytearray(whole.read_bytes())
    at = frame_at(bytes(data), 5)
    data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    path.write_bytes(bytes(data))
    bitmap, footage = open_poster(ClipSource(path.name, path), 1 << 20)
    assert (footage.width_px, footage.height_px) == (bitmap.width_px, bitmap.height_px) == (160, 96)
    assert len(footage.times_s) == 5
    assert footage.notes == ("Only 5 of its 8 frames can be read.",)


def textured(count: int) -> list[Any]:
    generator = np.random.default_rng(5)
    return [generator.integers(0, 256, (96, 160, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("name", ["late.ts", "late.mkv"])
def test_frames_that_need_some_before_the_file_are_not_shown(tmp_path: Path, name: str) -> None:
    whole, path = tmp_path / "whole.mp4", tmp_path / name
    write_video(whole, numbered(75), options={"bf": "2", "g": "25", "preset": "veryfast", "sc_threshold": "0"})
    with av.open(whole) as source, av.open(path, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(source.demux(video=0)):
            if packet.dts is not None and index >= 10:
                packet.stream = stream
                target.mux(packet)
    clip = opened(path, frame_count=8)
    assert clip.notes == ()
    assert numbers(clip)[0] == 25
    assert numbers(clip)[-1] == 74
    assert len(set(numbers(clip))) == 8
    assert 0.5 < clip.plan.frame_times_s[0] < 0.7
    np.testing.assert_allclose(
        np.diff(clip.plan.frame_times_s), np.diff([number / 25 for number in numbers(clip)]), atol=1.1e-3
    )


@pytest.mark.parametrize(
    ("start_s", "end_s", "shown_s"), [(70.0, 80.0, 60.0), (61.0, 119.9, 60.0), (0.0, 0.5, 0.0), (541.0, 545.0, 540.0)]
)
def test_a_range_in_which_no_frame_begins_has_the_one_still_shown(start_s: float, end_s: float, shown_s: float) -> None:
    slides = Footage([60.0 * number for number in range(10)], 600.0, 64, 64)
    plan = plan_footage(slides, FrameWish(start_s=start_s, end_s=end_s), PixelLimits(4096, 1 << 24), IMAGES)
    assert plan.frame_times_s == (shown_s,)
    late = Footage([0.4, 0.44, 0.48], 0.52, 64, 64)
    early = plan_footage(late, FrameWish(start_s=0.1, end_s=0.2), PixelLimits(4096, 1 << 24), IMAGES)
    assert early.frame_times_s == (0.4,)


@pytest.mark.parametrize("name", ["cut.avi", "cut.mkv", "cut.mov"])
def test_half_a_frame_at_the_end_is_none(tmp_path: Path, name: str) -> None:
    whole, path = tmp_path / f"whole-{name}", tmp_path / name
    faststart = {"movflags": "+faststart"} if name.endswith("mov") else {}
    write_video(whole, textured(20), codec="mjpeg", pixel_format="yuvj420p", container_options=faststart)
    with av.open(whole) as container:
        last = [packet for packet in container.demux(video=0) if packet.size][14]
    assert last.pos is not None
    path.write_bytes(whole.read_bytes()[: last.pos + last.size // 2])
    footage = footage_of(ClipSource(path.name, path))
    assert len(footage.times_s) == 14


@given(st.lists(st.integers(0, 12), min_size=2, max_size=40), st.integers(4, 30))
def test_frames_of_one_time_are_chosen_from_like_others(ticks: list[int], count: int) -> None:
    footage = Footage([tick / 4 for tick in sorted(ticks)], 4.0, 64, 64, range(0, len(ticks), 3))
    plan = plan_footage(footage, FrameWish(frame_count=count), PixelLimits(4096, 1 << 24), IMAGES)
    assert list(plan.frame_indices) == sorted(plan.frame_indices)
    assert plan.frame_indices[-1] == len(ticks) - 1 or len(ticks) == 3
    if len(ticks) > 3:
        assert len(set(plan.frame_indices)) == min(count, len(ticks)) // 2 * 2
