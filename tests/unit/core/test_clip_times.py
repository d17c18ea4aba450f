"""Times where files are odd: they lie, start anywhere, are cut by edit lists, or run late behind their sound."""

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
from app.core.clips import ClipSource, open_clip
from app.core.pictures import Picture, PictureSource
from tests.clips_made import IMAGES, LIMITS, numbered, numbers, opened, planned, write_animation, write_video


def patched(path: Path, find: bytes, offset: int, value: bytes) -> None:
    data = bytearray(path.read_bytes())
    place = data.index(find) + len(find) + offset
    data[place : place + len(value)] = value
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("said_ms", [700.0, 3.6e7])
def test_a_length_that_is_a_lie_in_matroska(tmp_path: Path, said_ms: float) -> None:
    path = tmp_path / "liar.mkv"
    write_video(path, numbered(50), rate=10)
    patched(path, b"\x44\x89\x88", 0, np.array([said_ms], dtype=">f8").tobytes())
    clip = opened(path, frame_count=4)
    assert clip.plan.duration_s == pytest.approx(5.0, abs=0.05)
    assert numbers(clip) == [0, 16, 33, 49]
    assert len(clip.notes) == (said_ms > 5000)


@pytest.mark.parametrize("factor", [0.1, 40])
@pytest.mark.parametrize("box", [b"mvhd", b"mdhd"])
def test_a_length_that_is_a_lie_in_mp4(tmp_path: Path, factor: float, box: bytes) -> None:
    path = tmp_path / "liar.mp4"
    write_video(path, numbered(50), rate=10, options={"bf": "2", "preset": "veryfast"})
    data = path.read_bytes()
    place = data.index(box) + 4 + 16
    said = int.from_bytes(data[place : place + 4], "big")
    patched(path, box, 16, round(said * factor).to_bytes(4, "big"))
    clip = opened(path, frame_count=4)
    assert clip.plan.duration_s == pytest.approx(5.0, abs=0.11)
    assert clip.plan.source_frames == 50
    assert numbers(clip) == [0, 16, 33, 49]


@pytest.mark.parametrize("said", [7, 100_000])
def test_a_number_of_frames_that_is_a_lie_in_avi(tmp_path: Path, said: int) -> None:
    path = tmp_path / "liar.avi"
    write_video(path, numbered(50), rate=10, codec="mpeg4")
    patched(path, b"avih", 4 + 16, said.to_bytes(4, "little"))
    patched(path, b"vids", 28, said.to_bytes(4, "little"))
    clip = opened(path, frame_count=4)
    assert clip.plan.source_frames == 50
    assert clip.plan.duration_s == pytest.approx(5.0, abs=0.05)
    assert numbers(clip) == [0, 16, 33, 49]
    assert len(clip.notes) == (said > 50)


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "c.ts", "d.mov"])
@pytest.mark.parametrize("begin_ms", [1, 333, 95_440_000])
def test_a_video_that_begins_anywhere_begins_at_zero(tmp_path: Path, name: str, begin_ms: int) -> None:
    path = tmp_path / name
    write_video(path, numbered(30), times_ms=[begin_ms + 40 * number for number in range(30)], options={"bf": "2"})
    clip = opened(path, frame_count=6)
    np.testing.assert_allclose(clip.plan.frame_times_s, [0.04 * number for number in numbers(clip)], atol=1e-3)
    assert numbers(clip)[0] == 0
    assert clip.plan.source_frames == 30


def test_a_video_that_begins_before_zero_begins_at_zero(tmp_path: Path) -> None:
    path = tmp_path / "early.mkv"
    write_video(path, numbered(30), times_ms=[-400 + 40 * number for number in range(30)])
    clip = opened(path, frame_count=6)
    np.testing.assert_allclose(clip.plan.frame_times_s, [0.04 * number for number in numbers(clip)], atol=1e-3)


def test_what_an_edit_list_cuts_off_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    write_video(path, numbered(60), rate=25, options={"bf": "0", "g": "12"})
    data = path.read_bytes()
    place = data.index(b"elst") + 4 + 8
    assert int.from_bytes(data[place + 4 : place + 8], "big") == 0
    unit = Fraction(av.open(str(path)).streams.video[0].time_base or 1)
    patched(path, b"elst", 8 + 4, round(Fraction(20, 25) / unit).to_bytes(4, "big"))
    clip = opened(path, frame_count=8)
    assert clip.plan.source_frames == 40
    assert numbers(clip)[0] == 20
    assert numbers(clip)[-1] == 59
    np.testing.assert_allclose(clip.plan.frame_times_s, [(number - 20) / 25 for number in numbers(clip)], atol=1e-3)


def test_pictures_that_come_after_the_sound_are_late(tmp_path: Path) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        audio: Any = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), dtype=np.int16), layout="mono")
        sound.rate, sound.pts = 8000, 0
        container.mux(audio.encode(sound))
        for number, pixels in enumerate(numbered(30)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number + 20, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    clip = opened(path, frame_count=6)
    np.testing.assert_allclose(clip.plan.frame_times_s, [0.8 + number / 25 for number in numbers(clip)], atol=2e-3)
    assert numbers(clip)[0] == 0


def test_times_that_stand_twice_are_counted_through(tmp_path: Path) -> None:
    path = tmp_path / "twice.avi"
    write_video(path, numbered(40), rate=25, options={"bf": "2", "preset": "veryfast"})
    clip = opened(path, frame_count=8)
    np.testing.assert_allclose(clip.plan.frame_times_s, [number / 25 for number in numbers(clip)], atol=1e-3)


@pytest.mark.parametrize("name", ["one.gif", "one.webp", "one.apng"])
def test_an_animation_of_one_frame_is_a_picture(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write_animation(path, numbered(1), [100])
    assert not is_clip(PictureSource(name, path))
    picture = open_clip(ClipSource(name, path), LIMITS, IMAGES)
    assert isinstance(picture, Picture)
    assert picture.notes == ("The video has a single frame: it is asked about as a picture.",)


@pytest.mark.parametrize("name", ["a.gif", "b.webp", "c.apng"])
def test_animations_lie_on_white(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    alpha, bar = (255, (200, 0, 0)) if name.endswith("gif") else (128, (227, 127, 127))
    frames = []
    for number in range(4):
        frame = np.zeros((64, 64, 4), dtype=np.uint8)
        frame[:, 16 * number : 16 * number + 16] = (200, 0, 0, alpha)
        frames.append(Image.fromarray(frame))
    kind = "PNG" if name.endswith("apng") else None
    extra: dict[str, Any] = {"disposal": 2} if name.endswith("gif") else {"disposal": 1} if kind else {"lossless": True}
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=100, loop=0, **extra)
    clip = opened(path, frame_count=4)
    for number, data in enumerate(clip.frames):
        row = np.frombuffer(data, dtype=np.uint8).reshape(clip.height_px, clip.width_px, 3)[clip.height_px // 2]
        seen = [tuple(int(value) for value in row[(2 * part + 1) * clip.width_px // 8]) for part in range(4)]
        assert seen == [bar if part == number else (255, 255, 255) for part in range(4)]


def test_a_live_recording_is_read_while_it_grows() -> None:
    buffer = io.BytesIO()
    write_video(buffer, numbered(80), rate=10, format_name="matroska", options={"g": "10"})
    data = buffer.getvalue()
    counts = []
    for share in (0.5, 0.75, 1.0):
        plan = planned(ClipSource("live.mkv", data=data[: int(len(data) * share)]))
        counts.append(plan.source_frames)
    assert counts == sorted(set(counts))
    assert counts[-1] == 80
