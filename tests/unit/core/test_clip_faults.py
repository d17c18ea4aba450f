"""Videos that are damaged, hostile or no videos at all: each ends in words, or is read as far as it goes."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from app.core.clip_kinds import is_clip
from app.core.clips import ClipSource, open_clip
from app.core.errors import UserError
from app.core.footage import FrameWish
from app.core.pictures import Picture, PictureSource
from app.core.video_decoding import OpenVideo
from tests.clips_made import IMAGES, LIMITS, numbered, numbers, opened, planned, write_animation, write_video


def fault(path: Path, **wish: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        open_clip(ClipSource(path.name, path, wish=FrameWish(**wish)), LIMITS, IMAGES)
    assert path.name in str(caught.value) or "range" in str(caught.value)
    return caught.value


def sound(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000))


def test_what_is_no_video_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("This is no video.\n" * 100)
    (tmp_path / "noise.mkv").write_bytes(os.urandom(5000))
    (tmp_path / "empty.mov").write_bytes(b"")
    (tmp_path / "folder.mp4").mkdir()
    for name in ("words.mp4", "noise.mkv"):
        assert "not a video" in str(fault(tmp_path / name))
        assert not is_clip(PictureSource(name, tmp_path / name))
    assert "0 bytes" in str(fault(tmp_path / "empty.mov"))
    assert "is a folder" in str(fault(tmp_path / "folder.mp4"))
    assert "does not exist" in str(fault(tmp_path / "gone.mp4"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "device or a pipe" in str(fault(tmp_path / "pipe.mp4"))


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), dtype=np.int16), layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
    assert "no moving pictures" in str(fault(path))


def test_a_play_list_opens_no_other_file(tmp_path: Path) -> None:
    write_video(tmp_path / "secret.ts", numbered(10))
    lists = {
        "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n",
        "list.ffconcat": "ffconcat version 1.0\nfile secret.ts\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        assert "not a video" in str(fault(tmp_path / name))


def test_an_encrypted_video_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "protected.mp4"
    secret = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "00" * 16, "encryption_kid": "11" * 16}
    write_video(path, numbered(20), container_options=secret)
    assert "is encrypted" in str(fault(path))


@pytest.mark.parametrize("name", ["front.mp4", "cut.mkv", "cut.webm", "cut.avi"])
def test_of_a_file_that_is_cut_off_what_is_there_is_read(tmp_path: Path, name: str) -> None:
    whole = tmp_path / f"whole-{name}"
    codec = {"webm": "libvpx-vp9", "avi": "mpeg4"}.get(name.rsplit(".", 1)[-1], "libx264")
    options = {"deadline": "realtime", "cpu-used": "8"} if codec == "libvpx-vp9" else {"g": "10", "b": "4M"}
    faststart = {"movflags": "+faststart"} if name.endswith("mp4") else {}
    frames = [
        np.random.default_rng(n).integers(0, 40, (96, 160, 3), dtype=np.uint8) + f
        for n, f in enumerate(np.clip(np.array(numbered(100)), 0, 200))
    ]
    write_video(whole, frames, rate=10, codec=codec, options=options, container_options=faststart)
    data = whole.read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: len(data) // 2])
    clip = opened(path, frame_count=4)
    assert clip.plan.duration_s < 8.0
    assert any("says that it lasts 10.0 s" in note for note in clip.notes)
    assert numbers(clip) == pytest.approx([round(10 * time) for time in clip.plan.frame_times_s])


def test_a_file_without_its_index_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "whole.mp4", numbered(50))
    data = (tmp_path / "whole.mp4").read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) // 2])
    assert "cut off" in str(fault(path))


def test_a_duration_that_is_a_lie_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "liar.mkv"
    write_video(path, numbered(50), rate=10)
    data = path.read_bytes()
    place = data.index(b"\x44\x89\x88") + 3  # Duration, a float of eight bytes in milliseconds
    path.write_bytes(data[:place] + np.array([1.8e7], dtype=">f8").tobytes() + data[place + 8 :])
    clip = opened(path, frame_count=4)
    assert clip.plan.duration_s == pytest.approx(5.0, abs=0.05)
    assert numbers(clip) == [0, 16, 33, 49]
    assert "18000.0 s, but only 5.0 s" in clip.notes[0]


def test_a_stream_without_a_duration_has_its_frames_own(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    write_video(buffer, numbered(50), rate=10, format_name="matroska", container_options={"live": "1"})
    path = tmp_path / "live.mkv"
    path.write_bytes(buffer.getvalue())
    clip = opened(path, frame_count=4)
    assert clip.plan.duration_s == pytest.approx(5.0, abs=0.05)
    assert clip.notes == ()
    assert numbers(clip) == [0, 16, 33, 49]


def test_damaged_frames_give_way_to_their_neighbours_and_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "hurt.mkv"
    write_video(path, numbered(60), rate=10, options={"g": "1"})
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    data = path.read_bytes()
    for number in range(15, 30):
        place = data.index(packets[number])
        data = data[:place] + bytes(len(packets[number])) + data[place + len(packets[number]) :]
    path.write_bytes(data)
    clip = opened(path, frame_count=4)  # 0, 20, 39, 59: the second is damaged
    assert clip.notes == ("Damaged frames: 1. Their neighbours are taken instead.",)
    assert numbers(clip) == [round(10 * time) for time in clip.plan.frame_times_s]


def test_a_gif_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = tmp_path / "whole.gif"
    write_animation(whole, numbered(20), [100] * 20)
    data = whole.read_bytes()
    path = tmp_path / "cut.gif"
    path.write_bytes(data[: len(data) * 2 // 3])
    clip = opened(path)
    assert 8 <= clip.plan.source_frames <= 14


@pytest.mark.parametrize("name", ["dot.mkv", "dot.gif"])
def test_a_video_of_one_pixel_opens(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    frames = [np.full((1, 1, 3), 20 * number, dtype=np.uint8) for number in range(6)]
    if name.endswith("gif"):
        write_animation(path, frames, [100] * 6)
    else:
        write_video(path, frames, codec="ffv1", pixel_format="bgr0")
    clip = opened(path, frame_count=6)
    assert (clip.plan.source_width_px, clip.width_px, clip.height_px) == (1, 32, 32)


def test_8k_is_reduced_frame_by_frame(tmp_path: Path) -> None:
    path = tmp_path / "8k.mp4"
    write_video(path, numbered(2, 7680, 4320), codec="mpeg4")
    clip = opened(path)
    assert (clip.plan.source_width_px, clip.plan.source_height_px) == (7680, 4320)
    assert numbers(clip) == [0, 1]
    assert clip.tokens <= 98


@pytest.mark.parametrize("name", ["large.mp4", "large.gif"])
def test_frames_that_take_too_much_memory_are_never_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / name
    if name.endswith("gif"):
        write_animation(path, numbered(4), [100] * 4)
    else:
        write_video(path, numbered(4))
    monkeypatch.setattr("app.core.clip_files.MAX_FRAME_PIXELS", 160 * 96 - 1)
    monkeypatch.setattr(OpenVideo, "decode", lambda *_, **__: pytest.fail("decoded"))
    monkeypatch.setattr("app.core.animations.AnimationReader._bring_up", lambda *_: pytest.fail("decoded"))
    assert "is too large: its frames have 160 x 96 pixels" in str(fault(path))


def test_few_threads_decode_large_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.video_decoding.os.cpu_count", lambda: 16)
    for width, height, threads in ((7680, 4320, 3), (1920, 1080, 16), (64, 64, 16)):
        path = tmp_path / f"{width}.avi"
        write_video(path, [np.zeros((height, width, 3), dtype=np.uint8)], codec="mpeg4")
        with OpenVideo(ClipSource(path.name, path)) as video:
            assert video.stream.codec_context.thread_count == threads
        with OpenVideo(ClipSource(path.name, path), 2) as video:
            assert video.stream.codec_context.thread_count == 2


@pytest.mark.parametrize("cores", [2, 16])
def test_the_decoders_of_one_video_are_bounded_by_their_frames_not_by_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    path = tmp_path / "wide.mp4"
    write_video(path, numbered(24, 1920, 1080), options={"g": "4"})
    opened_with: list[int] = []

    class Watched(OpenVideo):
        def __init__(self, source: ClipSource, thread_count: int = 0, *, may_use_hardware: bool = False) -> None:
            opened_with.append(thread_count)
            super().__init__(source, thread_count, may_use_hardware=may_use_hardware)

    opened(path)  # what is known of the file is kept: from here on the frames alone are read
    monkeypatch.setattr("app.core.video_files.OpenVideo", Watched)
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    clip = opened(path)
    assert opened_with == [1, 1]
    assert numbers(clip) == sorted(set(numbers(clip)))


def test_a_ribbon_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ribbon.mkv"
    write_video(path, [np.zeros((2, 1000, 3), dtype=np.uint8)] * 3, codec="ffv1")
    assert "too long and thin" in str(fault(path))


def test_five_hours_are_planned_from_their_packets(tmp_path: Path) -> None:
    path = tmp_path / "long.mkv"
    write_video(path, numbered(300, 32, 32), times_ms=[60_000 * number for number in range(300)])
    plan = planned(ClipSource("long.mkv", path))
    assert plan.duration_s > 17_900
    assert len(plan.frame_times_s) == 194  # the budget of 200,000 px at the least size
    assert any("further apart" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"start_s": 9.0}, "starts at 9 s"),
        ({"start_s": 3.0, "end_s": 2.0}, "after its start"),
        ({"frame_count": 3}, "4 to 768"),
        ({"frame_count": 8, "frames_per_s": 2.0}, "exclude"),
        ({"frames_per_s": 0.0}, "more than 0"),
        ({"max_tokens": 0}, "1 or more"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(tmp_path: Path, wish: dict[str, Any], words: str) -> None:
    path = tmp_path / "range.mp4"
    write_video(path, numbered(50), rate=10)
    with pytest.raises(UserError, match=words):
        open_clip(ClipSource(path.name, path, wish=FrameWish(**wish)), LIMITS, IMAGES)


def test_reading_ends_when_nobody_waits(tmp_path: Path) -> None:
    path = tmp_path / "c.mp4"
    write_video(path, numbered(50))
    with pytest.raises(UserError):
        open_clip(ClipSource("c.mp4", path), LIMITS, IMAGES, lambda: False)


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        audio: Any = container.add_stream("aac", rate=8000, layout="mono")
        cover: Any = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic.value
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono")
        frame.rate = 8000
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
        picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
        picture.pts = 0
        container.mux(cover.encode(picture))
        container.mux(cover.encode(None))
    assert "no moving pictures" in str(fault(path))


def test_a_picture_is_no_clip(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (64, 64)).save(tmp_path / "p.png")
    assert not is_clip(PictureSource("p.png", tmp_path / "p.png"))
    picture = open_clip(ClipSource("p.png", tmp_path / "p.png"), LIMITS, IMAGES)
    assert isinstance(picture, Picture)
