"""Reading videos: which frames, when they are shown, and that it is truly these frames."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from app.core.clip_kinds import is_clip
from app.core.clips import Clip, ClipSource, open_clip
from app.core.footage import FrameWish
from app.core.frame_pixels import FrameScaler, Stance
from app.core.pictures import Picture, PictureSource
from app.core.vision import RELEASED_CLIP_LIMITS
from tests.clips_made import (
    IMAGES,
    LIMITS,
    numbered,
    numbered_frame,
    numbers,
    opened,
    planned,
    write_animation,
    write_video,
)

VIDEOS = [
    ("a.mp4", "libx264", {}),
    ("b.mov", "libx264", {"bf": "3", "g": "12"}),
    ("c.mkv", "libx264", {"preset": "veryfast", "bf": "3", "g": "30"}),
    ("d.mp4", "libx265", {}),
    ("e.mkv", "libx265", {"x265-params": "log-level=none:bframes=3:keyint=20:open-gop=1"}),
    ("f.webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    ("g.webm", "libvpx", {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "1", "lag-in-frames": "16"}),
    ("h.avi", "mpeg4", {}),
    ("i.avi", "libx264", {"bf": "2"}),
    ("j.ts", "libx264", {"bf": "2"}),
]


@pytest.mark.parametrize(("name", "codec", "options"), VIDEOS, ids=[f"{n} {c}" for n, c, _ in VIDEOS])
@pytest.mark.parametrize("rate", [Fraction(10), Fraction(24), Fraction(30_000, 1001), Fraction(60)])
def test_frames_and_times_are_those_of_the_file(
    tmp_path: Path, name: str, codec: str, options: dict[str, str], rate: Fraction
) -> None:
    path = tmp_path / name
    write_video(path, numbered(50), codec=codec, rate=rate, options=options)
    clip = opened(path, frame_count=8)
    assert numbers(clip) == [round(49 * step / 7) for step in range(8)]
    expected = [float(number / rate) for number in numbers(clip)]
    np.testing.assert_allclose(clip.plan.frame_times_s, expected, atol=1e-3)
    assert clip.plan.duration_s == pytest.approx(float(50 / rate), abs=0.06)
    assert clip.plan.source_frames == 50
    assert clip.notes == ()


@pytest.mark.parametrize("name", ["a.gif", "b.webp", "c.apng"])
def test_animations_are_short_videos(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    durations = [100, 250, 50, 400, 100, 100, 1000, 200]
    write_animation(path, numbered(8), durations)
    assert is_clip(PictureSource(name, path))
    clip = opened(path, frame_count=8)
    assert numbers(clip) == list(range(8))
    np.testing.assert_allclose(clip.plan.frame_times_s, np.cumsum([0, *durations[:-1]]) / 1000, atol=1e-3)
    assert clip.plan.duration_s == pytest.approx(2.2)


def test_a_picture_for_those_who_cannot_animate_is_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "d.apng"
    images = [Image.fromarray(frame) for frame in [numbered_frame(1000), *numbered(6)]]
    images[0].save(path, "PNG", save_all=True, append_images=images[1:], duration=100, default_image=True)
    clip = opened(path, frame_count=6)
    assert numbers(clip) == list(range(6))
    assert clip.plan.source_frames == 6
    assert clip.plan.duration_s == pytest.approx(0.6)


def test_a_gif_whose_frames_ask_for_no_time_runs_as_browsers_show_it(tmp_path: Path) -> None:
    path = tmp_path / "quick.gif"
    write_animation(path, numbered(10), [0, 10, 20, 0, 0, 0, 0, 0, 0, 0])
    clip = opened(path, frame_count=4)
    assert clip.plan.duration_s == pytest.approx(0.92)
    np.testing.assert_allclose(clip.plan.frame_times_s, [0.1 * n if n < 3 else 0.1 * n - 0.08 for n in numbers(clip)])


def test_a_still_gif_is_no_clip(tmp_path: Path) -> None:
    path = tmp_path / "still.gif"
    write_animation(path, numbered(1), [100])
    assert not is_clip(PictureSource("still.gif", path))


def test_of_a_variable_rate_the_files_own_times_hold(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    times = [0, 40, 80, 1000, 1040, 1500, 4000, 4020, 4040, 4060, 9000, 9010]
    write_video(path, numbered(12), times_ms=times, options={"bf": "2"})
    clip = opened(path, frame_count=12)
    assert numbers(clip) == list(range(12))
    np.testing.assert_allclose(clip.plan.frame_times_s, np.array(times) / 1000, atol=1e-3)
    fewer = opened(path, frame_count=4)
    np.testing.assert_allclose(fewer.plan.frame_times_s, [times[number] / 1000 for number in numbers(fewer)], atol=1e-3)
    assert len(set(numbers(fewer))) == 4


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv"])
def test_a_clip_that_starts_late_starts_at_zero(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_video(path, numbered(10), times_ms=[7000 + 40 * index for index in range(10)])
    clip = opened(path, frame_count=4)
    np.testing.assert_allclose(clip.plan.frame_times_s, [0.04 * number for number in numbers(clip)], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", {"bf": "0", "g": "15"}),
        ("b.mp4", "libx264", {"bf": "3", "g": "40", "preset": "veryfast"}),
        ("c.mp4", "libx264", {"g": "600"}),
        ("d.ts", "mpeg2video", {"bf": "2", "g": "18", "b": "2000000"}),
        ("e.mpg", "mpeg2video", {"bf": "2", "g": "18", "b": "2000000"}),
        ("g.flv", "libx264", {"bf": "2", "g": "40", "preset": "veryfast"}),
        ("h.wmv", "wmv2", {"g": "30"}),
        ("i.m2ts", "libx264", {"bf": "3", "g": "40", "preset": "veryfast"}),
        ("j.3gp", "mpeg4", {"g": "30"}),
        ("f.mkv", "libx265", {"x265-params": "log-level=none:bframes=4:keyint=60"}),
    ],
)
def test_seeking_decoding_through_and_passing_over_give_the_same_frames(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = tmp_path / name
    write_video(path, numbered(400), rate=25, codec=codec, options=options)
    clip = opened(path, frame_count=6, start_s=1.3, end_s=15.0)
    size = clip.width_px, clip.height_px
    scaler = FrameScaler(*size, Stance(), (160, 96))
    with av.open(str(path)) as container:
        whole = [scaler.rgb(frame, Fraction(1, 25)) for frame in container.decode(video=0)]
    assert numbers(clip)[0] in {32, 33}
    assert numbers(clip)[-1] == 375
    assert list(clip.frames) == [whole[number] for number in numbers(clip)]
    np.testing.assert_allclose(clip.plan.frame_times_s, [number / 25 for number in numbers(clip)], atol=1e-3)


def test_a_file_whose_seeking_is_broken_is_decoded_from_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.mp4"
    write_video(path, numbered(200), options={"g": "20"})
    true = opened(path, frame_count=4, start_s=4.0)

    class Astray:
        """Opens files in which every seek lands at the last key frame."""

        def __init__(self, container: Any) -> None:
            self._container = container

        def seek(self, pts: int, **options: Any) -> None:
            self._container.seek(180 * 512, **options)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._container, name)

    really = av.open
    monkeypatch.setattr("app.core.video_decoding.av.open", lambda *args, **kwargs: Astray(really(*args, **kwargs)))
    assert opened(path, frame_count=4, start_s=4.0).frames == true.frames


def test_a_range_takes_frames_within_it(tmp_path: Path) -> None:
    path = tmp_path / "r.mp4"
    write_video(path, numbered(100), rate=10)
    clip = opened(path, start_s=2.0, end_s=5.0, frames_per_s=2.0)
    assert clip.plan.frame_times_s[0] == pytest.approx(2.0)
    assert clip.plan.frame_times_s[-1] == pytest.approx(5.0)
    assert len(clip.frames) == 6


@pytest.mark.skipif(not hasattr(av.VideoStream, "set_display_rotation"), reason="PyAV 17 cannot write rotation")
def test_a_turned_video_stands_upright(tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    frame = np.zeros((64, 128, 3), dtype=np.uint8)
    frame[:, 64:] = 255  # the right half is white
    write_video(path, [frame] * 8, adjust=lambda stream: stream.set_display_rotation(90))
    clip = opened(path, frame_count=4)
    assert (clip.plan.source_width_px, clip.plan.source_height_px) == (64, 128)
    pixels = np.frombuffer(clip.frames[0], dtype=np.uint8).reshape(clip.height_px, clip.width_px, 3)
    assert clip.height_px == 2 * clip.width_px
    # Turned anticlockwise, what was on the right is at the top.
    assert pixels[: clip.height_px // 3].mean() > 200
    assert pixels[-(clip.height_px // 3) :].mean() < 50


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    path = tmp_path / "wide.mkv"

    def adjust(stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    write_video(path, numbered(8, 144, 96), adjust=adjust)
    clip = opened(path, frame_count=4)
    assert (clip.plan.source_width_px, clip.plan.source_height_px) == (192, 96)
    assert clip.width_px == 2 * clip.height_px


@pytest.mark.parametrize(("height", "space"), [(480, "601"), (720, "709")])
@pytest.mark.parametrize("colour", [(200, 30, 30), (30, 180, 40), (40, 40, 210)])
def test_colours_are_those_that_were_filmed(
    tmp_path: Path, height: int, space: str, colour: tuple[int, int, int]
) -> None:
    path = tmp_path / "colour.mp4"
    source = np.full((height, 256, 3), colour, dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(source, format="rgb24").reformat(
        format="yuv420p", dst_colorspace=f"ITU{space}", dst_color_range="MPEG"
    )
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "qp": "4"})
        stream.width, stream.height, stream.pix_fmt = 256, height, "yuv420p"
        for number in range(4):
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    clip = opened(path)
    pixels = np.frombuffer(clip.frames[0], dtype=np.uint8).reshape(-1, 3)
    np.testing.assert_allclose(pixels.mean(axis=0), colour, atol=4)


def test_ten_bits_read_as_eight(tmp_path: Path) -> None:
    path = tmp_path / "ten.mkv"
    write_video(path, numbered(12), codec="libx265", pixel_format="yuv420p10le")
    assert numbers(opened(path, frame_count=12)) == list(range(12))


@pytest.mark.parametrize(("curve", "white"), [(16, 0.58), (18, 0.75)], ids=["PQ", "HLG"])
def test_hdr_is_brought_down_with_white_paper_near_white(tmp_path: Path, curve: int, white: float) -> None:
    path = tmp_path / "hdr.mkv"

    def adjust(stream: Any) -> None:
        stream.codec_context.color_trc = curve
        stream.codec_context.color_primaries = 9
        stream.codec_context.colorspace = 9

    ramp = np.zeros((96, 160, 3), dtype=np.uint8)
    ramp[:, 40:80] = round(255 * white / 2)
    ramp[:, 80:120] = round(255 * white)  # paper white by ITU-R BT.2408
    ramp[:, 120:] = 255
    write_video(path, [ramp] * 6, codec="libx265", pixel_format="yuv420p10le", adjust=adjust)
    clip = opened(path, frame_count=4)
    pixels = np.frombuffer(clip.frames[0], dtype=np.uint8).reshape(clip.height_px, clip.width_px, 3)
    steps = [int(pixels[:, int((part + 0.5) * clip.width_px / 4)].mean()) for part in range(4)]
    assert steps[0] < 8
    assert 40 < steps[1] < 140
    assert 215 <= steps[2] <= 248
    assert steps[3] > steps[2]


def test_a_video_of_one_frame_is_a_picture_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "one.mp4"
    write_video(path, numbered(1))
    picture = open_clip(ClipSource("one.mp4", path), RELEASED_CLIP_LIMITS, IMAGES)
    assert isinstance(picture, Picture)
    assert picture.notes == ("The video has a single frame: it is asked about as a picture.",)
    assert (picture.source_width_px, picture.source_height_px) == (160, 96)
    assert len(picture.rgb) == 3 * picture.width_px * picture.height_px


@pytest.mark.parametrize(("count", "shown"), [(2, [0, 1]), (3, [0, 1, 1, 2]), (5, [0, 1, 3, 4])])
def test_few_frames_make_an_even_number(tmp_path: Path, count: int, shown: list[int]) -> None:
    path = tmp_path / "few.mp4"
    write_video(path, numbered(count), rate=30)
    assert numbers(opened(path)) == shown


def test_the_same_frames_have_the_same_digest(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, numbered(20))
    write_video(tmp_path / "c.mp4", [numbered_frame(number + 1) for number in range(20)])
    a, b, c = (opened(tmp_path / name, frame_count=4) for name in ("a.mp4", "b.mp4", "c.mp4"))
    assert a.digest == b.digest != c.digest
    assert len(a.group_digests) == 2
    later = opened(tmp_path / "a.mp4", frame_count=4, start_s=0.2)
    assert later.group_digests[-1] != a.group_digests[0]


def test_a_plan_is_what_opening_gives(tmp_path: Path) -> None:
    path = tmp_path / "p.mp4"
    write_video(path, numbered(60), rate=30)
    source = ClipSource("p.mp4", path, wish=FrameWish(frames_per_s=4, max_tokens=40))
    clip = open_clip(source, RELEASED_CLIP_LIMITS, IMAGES)
    assert isinstance(clip, Clip)
    assert clip.plan == planned(source, RELEASED_CLIP_LIMITS)
    assert clip.tokens <= 40


def test_encoded_bytes_open_without_a_file() -> None:
    buffer = io.BytesIO()
    write_video(buffer, numbered(10), format_name="matroska")
    clip = open_clip(ClipSource("pasted", None, buffer.getvalue()), LIMITS, IMAGES)
    assert isinstance(clip, Clip)
    assert numbers(clip) == [0, 3, 6, 9]


def test_frames_that_stand_far_apart_fall_on_key_frames_nearby(tmp_path: Path) -> None:
    path = tmp_path / "far.mp4"
    write_video(path, numbered(600), rate=10, options={"g": "50", "sc_threshold": "0"})
    clip = opened(path, frame_count=12)
    even = [round(599 * step / 11) for step in range(12)]
    taken = numbers(clip)
    np.testing.assert_allclose(clip.plan.frame_times_s, [number / 10 for number in taken], atol=1e-3)
    off = [abs(number - place) for number, place in zip(taken, even, strict=True)]
    assert max(off) <= 599 / 11 / 6
    moved = [number for number, distance in zip(taken, off, strict=True) if distance]
    assert moved
    assert all(number % 50 == 0 for number in moved)
    near = opened(path, frame_count=12, end_s=20.0)
    assert numbers(near) == [round(200 * step / 11) for step in range(12)]


def test_frames_that_lead_a_key_frame_are_decoded_from_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "open.mkv"
    options = {"x265-params": "log-level=none:bframes=3:keyint=60:min-keyint=60:open-gop=1:scenecut=0"}
    write_video(path, numbered(240), codec="libx265", rate=10, options=options)
    leading, key = [], 0
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.pts is None:
                continue
            if packet.is_keyframe:
                key = packet.pts
            elif packet.pts < key:
                leading.append(round(packet.pts * packet.time_base * 10))
    assert leading
    number = leading[0]
    clip = opened(path, frame_count=4, start_s=number / 10, end_s=number / 10 + 10)
    assert clip.notes == ()
    assert numbers(clip)[0] == number
    np.testing.assert_allclose(clip.plan.frame_times_s, [found / 10 for found in numbers(clip)], atol=1e-3)
