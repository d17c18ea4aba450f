"""Looking through a video: the right frame wherever one goes, and no more decoding than it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from app.core.clips import ClipSource
from app.core.errors import UserError
from app.core.scrubbing import Scrubber
from app.core.video_decoding import OpenVideo
from tests.clips_made import number_in, numbered, write_animation, write_video

PIXELS = 160 * 96


class Decodings:
    """Counts the packets that are decoded and the places sought."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.packets = self.seeks = 0
        decode, packets_from = OpenVideo.decode, OpenVideo.packets_from

        def counted(video: OpenVideo, packet: Any, **options: Any) -> Any:
            self.packets += packet is not None
            return decode(video, packet, **options)

        def sought(video: OpenVideo, *args: Any) -> Any:
            self.seeks += 1
            return packets_from(video, *args)

        monkeypatch.setattr(OpenVideo, "decode", counted)
        monkeypatch.setattr(OpenVideo, "packets_from", sought)

    def take(self) -> tuple[int, int]:
        """(packets, seeks) since the last time."""
        found = self.packets, self.seeks
        self.packets = self.seeks = 0
        return found


def looks(scrubber: Scrubber, number: int, rate: int = 25) -> list[int]:
    found = list(scrubber.looks(number / rate, PIXELS, lambda: True))
    assert [is_there for _, is_there in found] == [*(False for _ in found[1:]), True]
    return [number_in(bitmap.rgb, bitmap.width_px, bitmap.height_px) for bitmap, _ in found]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("a.mp4", {"options": {"g": "60", "bf": "3", "preset": "veryfast"}}),
        ("b.mkv", {"codec": "libx265", "options": {"x265-params": "log-level=none:bframes=3:keyint=50:open-gop=1"}}),
        ("c.webm", {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}}),
        ("d.avi", {"options": {"bf": "2"}}),
        ("f.mpg", {"codec": "mpeg2video", "options": {"bf": "2"}}),
        ("e.ts", {"options": {"bf": "2", "g": "30"}}),
    ],
)
def test_wherever_one_goes_the_frame_is_right(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    path = tmp_path / name
    write_video(path, numbered(200), rate=25, **how)
    scrubber = Scrubber(ClipSource(name, path))
    for number in (0, 1, 2, 100, 101, 99, 98, 97, 199, 198, 199, 3, 150, 151, 152, 199, 0):
        assert looks(scrubber, number)[-1] == number
    scrubber.close()


def test_an_animation_can_be_looked_through(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    write_animation(path, numbered(12), [100] * 12)
    scrubber = Scrubber(ClipSource("a.gif", path))
    for number in (0, 5, 6, 4, 11, 0):
        assert looks(scrubber, number, 10) == [number]
    scrubber.close()


def test_steps_forward_are_decoded_on_and_steps_back_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "steps.mp4"
    write_video(path, numbered(300), rate=25, options={"g": "100", "bf": "0"})
    decodings = Decodings(monkeypatch)
    scrubber = Scrubber(ClipSource(path.name, path))
    assert looks(scrubber, 150)[-1] == 150
    decodings.take()
    for number in range(151, 171):
        assert looks(scrubber, number) == [number]
    packets, seeks = decodings.take()
    assert seeks == 0
    assert packets <= 20
    for number in range(169, 161, -1):
        assert looks(scrubber, number)[-1] == number
    assert decodings.take()[1] <= 1
    assert looks(scrubber, 280)[-1] == 280
    packets, seeks = decodings.take()
    assert seeks == 1
    assert packets <= 100
    scrubber.close()


def test_where_frames_are_counted_steps_forward_are_decoded_on_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "counted.avi"
    write_video(path, numbered(200), rate=25, options={"g": "50", "bf": "2", "preset": "veryfast"})
    decodings = Decodings(monkeypatch)
    scrubber = Scrubber(ClipSource(path.name, path))
    assert looks(scrubber, 100) == [100]
    decodings.take()
    for number in range(101, 121):
        assert looks(scrubber, number) == [number]
    assert decodings.take()[0] <= 20
    assert looks(scrubber, 119) == [119]
    decodings.take()
    assert looks(scrubber, 118) == [118]
    assert decodings.take()[0] == 0
    scrubber.close()


def test_a_far_frame_is_preceded_by_its_key_frame(tmp_path: Path) -> None:
    path = tmp_path / "far.mp4"
    write_video(path, numbered(300), rate=25, options={"g": "100", "bf": "0"})
    scrubber = Scrubber(ClipSource(path.name, path))
    assert looks(scrubber, 190) == [100, 190]
    assert looks(scrubber, 5) == [5]
    assert looks(scrubber, 190) == [190]
    scrubber.close()


def test_a_look_that_is_given_up_leaves_the_decoder_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "drag.mp4"
    write_video(path, numbered(300), rate=25, options={"g": "300", "bf": "0"})
    decodings = Decodings(monkeypatch)
    scrubber = Scrubber(ClipSource(path.name, path))
    assert looks(scrubber, 3) == [3]
    decodings.take()
    with pytest.raises(UserError):
        list(scrubber.looks(8.0, PIXELS, lambda: decodings.packets < 50))
    assert looks(scrubber, 210) == [210]
    packets, seeks = decodings.take()
    assert seeks == 0
    assert packets <= 215
    scrubber.close()


def test_a_video_that_was_changed_is_opened_anew(tmp_path: Path) -> None:
    path = tmp_path / "anew.mp4"
    write_video(path, numbered(50), rate=25)
    scrubber = Scrubber(ClipSource(path.name, path))
    assert looks(scrubber, 20)[-1] == 20
    write_video(path, [*reversed(numbered(60))], rate=25)
    assert looks(scrubber, 20)[-1] == 39
    path.unlink()
    with pytest.raises(UserError, match="does not exist"):
        looks(scrubber, 20)
    scrubber.close()


def test_frames_that_cannot_be_decoded_give_way_to_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "hurt.mkv"
    write_video(path, numbered(60), rate=25, options={"g": "1"})
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    data = path.read_bytes()
    for number in (20, 21, 59):
        place = data.index(packets[number])
        data = data[:place] + bytes(len(packets[number])) + data[place + len(packets[number]) :]
    path.write_bytes(data)
    scrubber = Scrubber(ClipSource(path.name, path))
    assert looks(scrubber, 20)[-1] in {19, 22}
    assert looks(scrubber, 59)[-1] == 58
    assert looks(scrubber, 30)[-1] == 30
    scrubber.close()


def test_what_was_looked_at_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.mp4"
    write_video(path, numbered(100), rate=25, options={"g": "10"})
    monkeypatch.setattr("app.core.scrubbing._KEPT_BYTES", 10 * 3 * PIXELS)
    scrubber = Scrubber(ClipSource(path.name, path))
    for number in range(60):
        looks(scrubber, number)
    assert len(scrubber._seen) == 10
    scrubber.close()
