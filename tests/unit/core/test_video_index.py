"""What is known of a file before it is decoded: the same by its tables as by its packets, and found once."""

from __future__ import annotations

import os
import threading
from array import array
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from app.core import container_tables, video_files, video_index
from app.core.clips import ClipSource, open_clip
from app.core.errors import UserError
from app.core.footage import FrameWish
from app.core.kept_findings import KeptFindings, stamp_of
from app.core.video_decoding import OpenVideo
from app.core.video_index import VideoIndex, index_of
from app.core.video_timeline import Packets
from tests.clips_made import IMAGES, LIMITS, numbered, planned, write_video

VARIABLE = [0, 40, 80, 1000, 1040, 1500, 4000, 4020, 4040, 4060, 9000, 9010, 9500, 9501, 9600, 9700]

FILES: list[tuple[str, dict[str, Any]]] = [
    ("plain.mp4", {}),
    ("b.mov", {"options": {"bf": "3", "preset": "veryfast", "g": "12"}}),
    ("front.mp4", {"container_options": {"movflags": "+faststart"}, "options": {"bf": "2", "preset": "veryfast"}}),
    ("negative.mp4", {"container_options": {"movflags": "+negative_cts_offsets"}, "options": {"bf": "2"}}),
    ("unedited.mp4", {"container_options": {"use_editlist": "0"}, "options": {"bf": "2", "preset": "veryfast"}}),
    ("hevc.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none:bframes=3:keyint=5:open-gop=1"}}),
    ("old.mov", {"codec": "mpeg4"}),
    ("stills.mov", {"codec": "mjpeg", "pixel_format": "yuvj420p"}),
    ("uneven.mp4", {"times_ms": VARIABLE, "options": {"bf": "2", "preset": "veryfast"}}),
    ("stills.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p"}),
    ("late.mp4", {"times_ms": [7003 + 41 * number for number in range(16)]}),
]


def source_of(path: Path) -> ClipSource:
    return ClipSource(path.name, path)


def index(path: Path) -> VideoIndex:
    return index_of(source_of(path), path.name, lambda: True)


def same(a: VideoIndex, b: VideoIndex) -> None:
    assert a.footage == b.footage
    assert list(a.order) == list(b.order)
    assert a.timeline is not None
    assert b.timeline is not None
    assert (a.timeline.pts, a.timeline.keys) == (b.timeline.pts, b.timeline.keys)


@pytest.mark.parametrize(("name", "how"), FILES, ids=[name for name, _ in FILES])
def test_the_tables_say_what_the_packets_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, how: dict[str, Any]
) -> None:
    path = tmp_path / name
    write_video(path, numbered(16), **how)
    with OpenVideo(source_of(path), 1) as video:
        assert container_tables.samples_of(video, source_of(path), lambda: True) is not None
    by_tables = index(path)
    monkeypatch.setattr(video_index, "samples_of", lambda *_: None)
    same(by_tables, index(path))


@pytest.mark.parametrize("flags", ["+frag_keyframe+empty_moov", "+frag_keyframe", "+dash"])
def test_a_file_in_fragments_is_read_by_its_packets(tmp_path: Path, flags: str) -> None:
    path = tmp_path / "parts.mp4"
    write_video(path, numbered(40), options={"g": "10"}, container_options={"movflags": flags})
    with OpenVideo(source_of(path), 1) as video:
        assert container_tables.samples_of(video, source_of(path), lambda: True) is None
    assert len(index(path).footage.times_s) == 40


@pytest.mark.parametrize(("box", "place"), [(b"ctts", 12), (b"stts", 8), (b"stsz", 12), (b"ctts", 4)])
def test_tables_that_are_wrong_leave_it_to_the_packets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, box: bytes, place: int
) -> None:
    path = tmp_path / "wrong.mp4"
    write_video(path, numbered(16), options={"bf": "2", "preset": "veryfast"})
    data = bytearray(path.read_bytes())
    at = data.index(box) + 4 + place
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") + 3).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    try:
        found = index(path)
    except UserError:
        return
    monkeypatch.setattr(video_index, "samples_of", lambda *_: None)
    same(found, index(path))


def test_an_index_of_part_of_an_avi_leaves_it_to_the_packets(tmp_path: Path) -> None:
    path = tmp_path / "part.avi"
    write_video(path, numbered(40), codec="mjpeg", pixel_format="yuvj420p")
    data = path.read_bytes()
    place = data.index(b"idx1")
    rows = data[place + 8 :][: 16 * 25]
    path.write_bytes(data[:place] + b"idx1" + len(rows).to_bytes(4, "little") + rows)
    with OpenVideo(source_of(path), 1) as video:
        assert len(video.stream.index_entries) < 40
        assert container_tables.samples_of(video, source_of(path), lambda: True) is None
    assert len(index(path).footage.times_s) == 40


def test_frames_out_of_order_in_an_avi_leave_it_to_the_packets(tmp_path: Path) -> None:
    path = tmp_path / "b.avi"
    write_video(path, numbered(40), options={"bf": "2", "preset": "veryfast"})
    with OpenVideo(source_of(path), 1) as video:
        assert container_tables.samples_of(video, source_of(path), lambda: True) is None


def test_a_file_without_all_its_samples_is_read_by_its_packets(tmp_path: Path) -> None:
    path = tmp_path / "short.mp4"
    write_video(path, numbered(60), options={"g": "10"}, container_options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    with OpenVideo(source_of(path), 1) as video:
        assert container_tables.samples_of(video, source_of(path), lambda: True) is None
    found = index(path)
    assert 5 < len(found.footage.times_s) < 60
    assert "says that it lasts" in found.footage.notes[0]


def test_a_video_is_read_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "once.mkv"
    write_video(path, numbered(60), options={"g": "10"})
    reads = []
    really = index_of

    def counted(*args: Any) -> VideoIndex:
        reads.append(args)
        return really(*args)

    monkeypatch.setattr(video_files, "index_of", counted)
    source = source_of(path)
    plan = planned(source)
    clip = open_clip(ClipSource(path.name, path, wish=FrameWish(start_s=1.0)), LIMITS, IMAGES)
    assert plan.source_frames == 60
    assert clip.notes == ()
    assert len(reads) == 1
    write_video(path, numbered(30))
    assert planned(source).source_frames == 30
    data = path.read_bytes()
    for _ in range(2):
        assert planned(ClipSource("pasted", data=data)).source_frames == 30
    assert len(reads) == 3


def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    kept = KeptFindings[bytes](100, len)
    sources = []
    for number in range(4):
        (tmp_path / str(number)).write_bytes(bytes(number + 1))
        sources.append(source_of(tmp_path / str(number)))
    finds: list[int] = []

    def ask(number: int, size: int = 40) -> None:
        def find() -> bytes:
            finds.append(number)
            return bytes(size)

        kept.of(sources[number], find, lambda: True)

    for number in (0, 1, 0, 2, 0, 1):
        ask(number)
    assert finds == [0, 1, 2, 1]
    ask(3, 1000)
    ask(3, 1000)
    assert finds == [0, 1, 2, 1, 3]


def test_a_million_frames_are_kept_small() -> None:
    count = 1_000_000
    stored = np.arange(count, dtype=np.int64)
    pts = array("q")
    pts.frombytes((stored * 512 + np.tile([512, 1536, 0, 0], count // 4)).tobytes())
    packets = Packets(pts, array("i", range(0, count, 250)), array("i"), 512, True)
    order, timeline = packets.in_order()
    assert timeline is not None
    held = {id(part): part for part in (order, timeline.pts, timeline.keys, timeline.rising, timeline.by_time)}
    assert sum(len(part) * part.itemsize for part in held.values()) < 21 * count
    assert [timeline.packet_at(time) for time in pts[500_000:500_004]] == list(range(500_000, 500_004))
    assert timeline.packet_at(pts[0] + 1) is None


def test_a_file_that_grows_is_read_as_far_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing.mkv"
    write_video(path, numbered(100), rate=10, options={"g": "10"})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    really = index_of

    def growing(*args: Any) -> VideoIndex:
        found = really(*args)
        with path.open("ab") as file:
            file.write(whole[len(whole) // 2 : len(whole) * 3 // 4])
        return found

    monkeypatch.setattr(video_files, "index_of", growing)
    clip = open_clip(source_of(path), LIMITS, IMAGES)
    assert "The file was still being written: what was there is read." in clip.notes
    monkeypatch.setattr(video_files, "index_of", really)
    later = planned(source_of(path))
    assert later.source_frames > clip.plan.source_frames  # type: ignore[union-attr]


def test_a_file_that_is_written_anew_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "anew.mp4"
    write_video(path, numbered(50))
    planned(source_of(path))
    really = OpenVideo.frames_of

    def meanwhile(self: OpenVideo, *args: Any) -> Any:
        yield from really(self, *args)
        os.utime(path, ns=(1, 1))

    monkeypatch.setattr(OpenVideo, "frames_of", meanwhile)
    with pytest.raises(UserError, match=r"“anew\.mp4” was changed while it was read\. Try again when it is written"):
        open_clip(source_of(path), LIMITS, IMAGES)


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.mp4"
    write_video(path, numbered(50))
    planned(source_of(path))
    path.unlink()
    with pytest.raises(UserError, match=r"“gone\.mp4” does not exist"):
        open_clip(source_of(path), LIMITS, IMAGES)


def test_a_stamp_tells_one_content_from_another(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    first = stamp_of(source_of(path))
    assert first == stamp_of(source_of(path))
    os.utime(path, ns=(first.change + 1, first.change + 1))
    assert stamp_of(source_of(path)) != first
    assert stamp_of(ClipSource("x", data=b"one")) != stamp_of(ClipSource("x", data=b"two"))


def test_two_who_ask_at_once_find_it_once(tmp_path: Path) -> None:
    path = tmp_path / "both"
    path.write_bytes(b"one")
    kept = KeptFindings[bytes](100, len)
    finds = []
    has_begun, may_end = threading.Event(), threading.Event()

    def find() -> bytes:
        finds.append(1)
        has_begun.set()
        assert may_end.wait(30)
        return b"found"

    answers: list[bytes] = []

    def ask() -> None:
        answers.append(kept.of(source_of(path), find, lambda: True))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    threads[0].start()
    assert has_begun.wait(30)
    threads[1].start()
    with pytest.raises(InterruptedError):
        kept.of(source_of(path), find, lambda: False)
    may_end.set()
    for thread in threads:
        thread.join(30)
    assert answers == [b"found", b"found"]
    assert len(finds) == 1


def test_pyav_still_gives_the_entries_that_are_read(tmp_path: Path) -> None:
    path = tmp_path / "e.mp4"
    write_video(path, numbered(16))
    with av.open(str(path)) as container:
        entries = container.streams.video[0].index_entries
        assert len(entries) == 16
        assert entries[0].is_keyframe
