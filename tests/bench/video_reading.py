"""Sampling frames from a long video: our reader against mlx-vlm's and other readers, each in a process of its own.

Time is from opening the file to the frames at hand, imports excluded; memory is the process's largest resident size,
and how much of it the reading added. Readers that are not installed are left out.

    python -m tests.bench.video_reading [--minutes 10] [--frames 64] [--reader NAME ...] [--file VIDEO]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_BASE_S = 20
_RATE = 30
_UNIT = 1 if sys.platform == "darwin" else 1024


def encode(path: Path, minutes: float) -> None:
    """1080p H.264 with B-frames and a key frame every 250 frames: a short piece encoded once, its packets repeated."""
    import av
    import numpy as np

    generator = np.random.default_rng(1)
    background = np.kron(generator.integers(0, 256, (68, 120, 3), dtype=np.uint8), np.ones((16, 16, 1), dtype=np.uint8))
    piece = path.with_suffix(".piece.mp4")
    with av.open(str(piece), "w") as container:
        stream: Any = container.add_stream(
            "libx264", rate=_RATE, options={"preset": "veryfast", "g": "250", "crf": "23"}
        )
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(_BASE_S * _RATE):
            pixels = np.roll(background[:1080], 4 * number, axis=1).copy()
            pixels[400:700, (9 * number) % 1600 : (9 * number) % 1600 + 300] = (220, 30, 30)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    with av.open(str(path), "w") as output:
        shift = 0
        copy: Any = None
        for _ in range(max(1, round(minutes * 60 / _BASE_S))):
            with av.open(str(piece)) as source:
                template = source.streams.video[0]
                if copy is None:
                    copy = output.add_stream_from_template(template)
                for packet in source.demux(template):
                    if packet.pts is None or packet.dts is None:
                        continue
                    packet.pts += shift
                    packet.dts += shift
                    packet.stream = copy
                    output.mux(packet)
                shift += round(_BASE_S / template.time_base)
    piece.unlink()


def viewfinder(path: Path, count: int) -> Callable[[], list[float]]:
    """Ours."""
    from app.core.clips import Clip, ClipSource, open_clip
    from app.core.footage import FrameWish
    from app.core.vision import PixelLimits

    def read() -> list[float]:
        source = ClipSource(path.name, path, wish=FrameWish(frame_count=count))
        clip = open_clip(source, PixelLimits(4_096, 25_165_824), PixelLimits())
        assert isinstance(clip, Clip)
        return list(clip.plan.frame_times_s)

    return read


def mlx_vlm(path: Path, count: int) -> Callable[[], list[float]]:
    """mlx-vlm's own."""
    import cv2
    from mlx_vlm.utils import load_video

    def read() -> list[float]:
        _, metadata = load_video(str(path), nframes=count)
        return [index / metadata.fps for index in metadata.frames_indices]

    assert cv2.__version__
    return read


def opencv(path: Path, count: int) -> Callable[[], list[float]]:
    """OpenCV, decoding through and converting the wanted frames alone."""
    import cv2
    import numpy as np

    def read() -> list[float]:
        video = cv2.VideoCapture(str(path))
        total, rate = int(video.get(cv2.CAP_PROP_FRAME_COUNT)), video.get(cv2.CAP_PROP_FPS)
        wanted = set(np.linspace(0, total - 1, count).round().astype(int).tolist())
        frames = []
        for index in range(total):
            video.grab()
            if index in wanted:
                frames.append(cv2.cvtColor(video.retrieve()[1], cv2.COLOR_BGR2RGB))
        return [index / rate for index in sorted(wanted)]

    return read


def decord(path: Path, count: int) -> Callable[[], list[float]]:
    """decord (or eva-decord, of the same name)."""
    import decord as library  # type: ignore[import-not-found,unused-ignore]
    import numpy as np

    def read() -> list[float]:
        video = library.VideoReader(str(path))
        indices = np.linspace(0, len(video) - 1, count).round().astype(int)
        video.get_batch(indices.tolist()).asnumpy()
        return [float(video.get_frame_timestamp(int(index))[0]) for index in indices]

    return read


def torchcodec(path: Path, count: int) -> Callable[[], list[float]]:
    """torchcodec, exact seeking."""
    import torch
    from torchcodec.decoders import VideoDecoder  # type: ignore[import-not-found,unused-ignore]

    def read() -> list[float]:
        video = VideoDecoder(str(path), num_ffmpeg_threads=0)
        indices = torch.linspace(0, len(video) - 1, count).round().int().tolist()
        return [float(seconds) for seconds in video.get_frames_at(indices).pts_seconds]

    return read


def imageio(path: Path, count: int) -> Callable[[], list[float]]:
    """imageio with its own ffmpeg, decoding through."""
    import imageio.v2 as library  # type: ignore[import-not-found,unused-ignore]
    import numpy as np

    def read() -> list[float]:
        video = library.get_reader(str(path), "ffmpeg")
        rate, total = video.get_meta_data()["fps"], video.count_frames()
        wanted = set(np.linspace(0, total - 1, count).round().astype(int).tolist())
        frames = [frame for index, frame in enumerate(video) if index in wanted]
        assert len(frames) == count
        return [index / rate for index in sorted(wanted)]

    return read


READERS: dict[str, tuple[Callable[[Path, int], Callable[[], list[float]]], str]] = {
    "viewfinder": (viewfinder, "av"),
    "mlx_vlm": (mlx_vlm, "mlx_vlm"),
    "opencv": (opencv, "cv2"),
    "decord": (decord, "decord"),
    "torchcodec": (torchcodec, "torchcodec"),
    "imageio": (imageio, "imageio_ffmpeg"),
}


def _measure(name: str, path: Path, count: int) -> None:
    read = READERS[name][0](path, count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu_began = time.perf_counter(), time.process_time()
    times_s = read()
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    usage = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(
        json.dumps(
            {"s": took_s, "peak": usage * _UNIT, "added": (usage - before) * _UNIT, "cpu_s": cpu_s, "times_s": times_s}
        )
    )


def main() -> None:
    """Prints a line for each reader, and its ratio to ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--reader", nargs="*", choices=list(READERS), default=list(READERS))
    parser.add_argument("--file", type=Path)
    parser.add_argument("--encode", action="store_true", help="only make the video, as --file")
    parser.add_argument("--measure", choices=list(READERS), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure is not None:
        _measure(wanted.measure, wanted.file, wanted.frames)
        return
    if wanted.encode:
        encode(wanted.file, wanted.minutes)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = wanted.file
        if file is None:
            file = Path(folder) / "long.mp4"
            # A process inherits its parent's largest size, so that this one has to stay small.
            words = ["--encode", "--file", str(file), "--minutes", str(wanted.minutes)]
            subprocess.run([sys.executable, "-m", "tests.bench.video_reading", *words], check=True)
            print(f"{wanted.minutes:g} minutes of 1080p H.264, {file.stat().st_size / 1e6:.0f} MB")
        ours: dict[str, Any] | None = None
        for name in wanted.reader:
            if importlib.util.find_spec(READERS[name][1]) is None:
                print(f"{name:12} is not installed")
                continue
            words = ["--measure", name, "--file", str(file), "--frames", str(wanted.frames)]
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.video_reading", *words], capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"{name:12} failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            ours = ours or found
            off = max(abs(a - b) for a, b in zip(found["times_s"], ours["times_s"], strict=True))
            peak, added = found["peak"] / 1e6, found["added"] / 1e6
            print(
                f"{name:12} {found['s']:6.2f} s ({found['s'] / ours['s']:4.1f} x), {found['cpu_s']:6.2f} s of CPU, "
                f"{peak:5.0f} MB at most ({found['peak'] / ours['peak']:4.1f} x), {added:.0f} MB added, "
                f"times at most {off:.1f} s from ours"
            )


if __name__ == "__main__":
    main()
