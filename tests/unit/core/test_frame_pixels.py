"""Frames as they are shown: set up by the file's matrix, one field of two, opaque, undistorted."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.clips import Clip
from app.core.frame_pixels import FrameScaler, Stance, stance_of
from tests.clips_made import opened, write_video

WIDTH_PX, HEIGHT_PX = 192, 96


def pixels_of(clip: Clip, index: int = 0) -> NDArray[np.uint8]:
    return np.frombuffer(clip.frames[index], dtype=np.uint8).reshape(clip.height_px, clip.width_px, 3)


def quarters() -> NDArray[np.uint8]:
    """A frame whose quarters are told apart: red, green above blue, white."""
    frame = np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    colours = (((255, 0, 0), (0, 255, 0)), ((0, 0, 255), (255, 255, 255)))
    for row, line in enumerate(colours):
        for column, colour in enumerate(line):
            frame[row * 48 : row * 48 + 48, column * 96 : column * 96 + 96] = colour
    return frame


def with_matrix(path: Path, matrix: tuple[float, float, float, float]) -> None:
    """Writes a video whose track header says (a, b, c, d): x' = a x + c y, y' = b x + d y."""
    write_video(path, [quarters()] * 6, options={"qp": "4"})
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44
    a, b, c, d = (round(value * 65536) for value in matrix)
    moved = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], dtype=">i4")
    data[place : place + 36] = moved.tobytes()
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "matrix",
    [
        (1, 0, 0, 1),
        (0, 1, -1, 0),
        (-1, 0, 0, -1),
        (0, -1, 1, 0),
        (-1, 0, 0, 1),
        (1, 0, 0, -1),
        (0, 1, 1, 0),
        (0, -1, -1, 0),
    ],
)
def test_frames_stand_and_are_mirrored_as_the_file_says(
    tmp_path: Path, matrix: tuple[float, float, float, float]
) -> None:
    path = tmp_path / "m.mp4"
    with_matrix(path, matrix)
    clip = opened(path)
    assert clip.notes == ()
    a, b, c, d = matrix
    upright = (WIDTH_PX, HEIGHT_PX) if a else (HEIGHT_PX, WIDTH_PX)
    assert (clip.plan.source_width_px, clip.plan.source_height_px) == upright
    seen, source = pixels_of(clip), quarters()
    for x in (-0.25, 0.25):
        for y in (-0.25, 0.25):
            # From the middle: where a point of the file's frame is shown.
            there = np.array([a * x + c * y, b * x + d * y])
            column, row = ((there + 0.5) * (clip.width_px, clip.height_px)).astype(int)
            expected = source[int((y + 0.5) * HEIGHT_PX), int((x + 0.5) * WIDTH_PX)]
            np.testing.assert_allclose(seen[row, column], expected, atol=12)


def test_a_turn_that_is_not_by_quarters_is_said(tmp_path: Path) -> None:
    path = tmp_path / "askew.mp4"
    turn = np.radians(100)
    with_matrix(path, (np.cos(turn), np.sin(turn), -np.sin(turn), np.cos(turn)))
    clip = opened(path)
    assert clip.notes == ("The file wants its frames turned by 10° more: they are turned by quarters only.",)
    assert clip.height_px == 2 * clip.width_px


def test_side_data_without_a_name_leaves_the_quarter_turns() -> None:
    class Sided:
        rotation = 0

        @property
        def side_data(self) -> Any:
            raise ValueError("31 is not a valid Type")

    values = np.arange(6, dtype=np.uint8).reshape(2, 3, 1)
    for turns in range(-2, 3):
        frame = Sided()
        frame.rotation = 90 * turns
        scaler = FrameScaler(3, 2, stance_of(frame), (3, 2))
        np.testing.assert_array_equal(scaler._set_up(values), np.rot90(values, turns))


def comb(number: int) -> NDArray[np.uint8]:
    """Two fields of a bar that moves 16 px from the one to the other."""
    frame = np.zeros((HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)
    frame[0::2, 16 + 16 * number : 48 + 16 * number] = 255
    frame[1::2, 32 + 16 * number : 64 + 16 * number] = 255
    return frame


@pytest.mark.parametrize(("order", "shift"), [("tff", 0), ("bff", 16)])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le"])
def test_of_two_fields_in_a_frame_the_first_is_taken(tmp_path: Path, order: str, shift: int, pixel_format: str) -> None:
    path = tmp_path / "i.mkv"
    flags = av.codec.context.Flags
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "qp": "4"})
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, pixel_format
        stream.codec_context.flags |= int(flags.interlaced_dct) | int(flags.interlaced_me)
        for number in range(4):
            graph = av.filter.Graph()
            source: Any = graph.add_buffer(
                width=WIDTH_PX, height=HEIGHT_PX, format=av.VideoFormat("rgb24"), time_base=Fraction(1, 25)
            )
            graph.link_nodes(source, graph.add("setfield", order), graph.add("buffersink")).configure()
            graph.vpush(av.VideoFrame.from_ndarray(comb(number), format="rgb24"))
            frame = graph.vpull().reformat(format=pixel_format)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    clip = opened(path)
    assert clip.width_px == WIDTH_PX
    for number in range(4):
        seen = pixels_of(clip, number).astype(int)[..., 1]
        wide = seen[clip.height_px // 2] > 127
        left = 16 + 16 * number + shift
        assert (np.flatnonzero(wide)[0], np.flatnonzero(wide)[-1]) == pytest.approx((left, left + 31), abs=2)
        assert np.abs(np.diff(seen, axis=0)).max() < 40  # no comb


def stream_of_two_sizes() -> bytes:
    """One H.264 stream, wide at first, then high: a red disc in each."""
    buffer = io.BytesIO()
    packets: list[bytes] = []
    for width, height in ((192, 96), (96, 192)):
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
        encoder.time_base = Fraction(1, 10)
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "qp": "4"}
        y, x = np.mgrid[:height, :width]
        frame = np.full((height, width, 3), 255, dtype=np.uint8)
        frame[(x - width / 2) ** 2 + (y - height / 2) ** 2 < 30**2] = (220, 0, 0)
        for number in range(4):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts = number
            packets += [bytes(packet) for packet in encoder.encode(picture)]
        packets += [bytes(packet) for packet in encoder.encode(None)]
    with av.open(buffer, "w", format="mpegts") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 192, 96, "yuv420p"
        for number, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 10)
            packet.pts = packet.dts = number
            packet.is_keyframe = number % 4 == 0
            container.mux(packet)
    return buffer.getvalue()


def test_a_size_that_changes_on_the_way_distorts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sizes.ts"
    path.write_bytes(stream_of_two_sizes())
    clip = opened(path, frame_count=8)
    for number in (0, 7):
        seen = pixels_of(clip, number).astype(int)
        disc = (seen[..., 0] > 150) & (seen[..., 1] < 100)
        rows, columns = np.flatnonzero(disc.any(axis=1)), np.flatnonzero(disc.any(axis=0))
        assert len(rows) == pytest.approx(len(columns), abs=2)
    assert pixels_of(clip, 0)[48, 8].min() > 240
    assert pixels_of(clip, 7)[48, 8].max() < 8  # black beside the upright one


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [("a.webm", "libvpx-vp9", "yuva420p"), ("b.mov", "prores_ks", "yuva444p10le"), ("c.mkv", "ffv1", "bgra")],
)
def test_what_can_be_seen_through_is_white(tmp_path: Path, name: str, codec: str, pixel_format: str) -> None:
    path = tmp_path / name
    values = np.zeros((HEIGHT_PX, WIDTH_PX, 4), dtype=np.uint8)
    values[:, :64] = (200, 0, 0, 255)
    values[:, 64:128] = (0, 0, 200, 128)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, pixel_format
        if codec == "libvpx-vp9":
            stream.options = {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0", "crf": "4"}
            stream.metadata["alpha_mode"] = "1"
        for number in range(6):
            frame = av.VideoFrame.from_ndarray(values, format="rgba").reformat(format=pixel_format)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    clip = opened(path)
    middle = pixels_of(clip)[clip.height_px // 2]
    for place, expected in ((32, (200, 0, 0)), (96, (127, 127, 227)), (160, (255, 255, 255))):
        np.testing.assert_allclose(middle[place * clip.width_px // WIDTH_PX], expected, atol=10)


def test_full_range_rgb_and_grey_keep_their_values() -> None:
    source = np.full((HEIGHT_PX, WIDTH_PX, 3), (250, 200, 10), dtype=np.uint8)
    scaler = FrameScaler(96, 48, Stance(), (WIDTH_PX, HEIGHT_PX))
    for pixel_format in ("rgb24", "bgr0", "gbrp", "gbrp10le", "yuvj420p"):
        frame = av.VideoFrame.from_ndarray(source, format="rgb24").reformat(format=pixel_format)
        seen = np.frombuffer(scaler.rgb(frame, Fraction(1, 25)), dtype=np.uint8).reshape(48, 96, 3)
        np.testing.assert_allclose(seen[24, 48], (250, 200, 10), atol=2)
