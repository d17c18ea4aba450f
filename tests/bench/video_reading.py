"""Sampling frames from a long video: our reader against mlx-vlm's and others on PyPI, each in a process of its own.

Time is from opening the file to the frames at hand, imports excluded; memory is the process's largest resident size,
and how much of it the reading added. Readers that are not installed are left out. Those that exclude one another, or
that the program's environment must not have, are installed elsewhere and measured with ``--python``.

    python -m tests.bench.video_reading [--minutes 10] [--frames 64] [--reader NAME ...] [--file VIDEO]
        [--python INTERPRETER ...]
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
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
UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


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

    importlib.import_module("app.core.video_files")  # as when the first video is opened

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


def pyav(path: Path, count: int) -> Callable[[], list[float]]:
    """PyAV as its manual shows it: decoding through with all threads, converting the wanted frames alone."""
    import av

    def read() -> list[float]:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            wanted = set(_spread(stream.frames, count))
            frames = [
                (frame.time, frame.to_ndarray(format="rgb24"))
                for index, frame in enumerate(container.decode(stream))
                if index in wanted
            ]
        return [time_s for time_s, _ in frames]

    return read


def opencv(path: Path, count: int) -> Callable[[], list[float]]:
    """OpenCV, decoding through and converting the wanted frames alone."""
    import cv2

    def read() -> list[float]:
        video = cv2.VideoCapture(str(path))
        total, rate = int(video.get(cv2.CAP_PROP_FRAME_COUNT)), video.get(cv2.CAP_PROP_FPS)
        wanted = set(_spread(total, count))
        frames = []
        for index in range(total):
            video.grab()
            if index in wanted:
                frames.append(cv2.cvtColor(video.retrieve()[1], cv2.COLOR_BGR2RGB))
        return [index / rate for index in sorted(wanted)]

    return read


def opencv_seeking(path: Path, count: int) -> Callable[[], list[float]]:
    """OpenCV, seeking each frame."""
    import cv2

    def read() -> list[float]:
        video = cv2.VideoCapture(str(path))
        total, rate = int(video.get(cv2.CAP_PROP_FRAME_COUNT)), video.get(cv2.CAP_PROP_FPS)
        frames = []
        for index in _spread(total, count):
            video.set(cv2.CAP_PROP_POS_FRAMES, index)
            frames.append(cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2RGB))
        return [index / rate for index in _spread(total, count)]

    return read


def decord(path: Path, count: int) -> Callable[[], list[float]]:
    """decord, or one of its successors of the same name."""
    import decord as library  # type: ignore[import-not-found,unused-ignore]

    def read() -> list[float]:
        video = library.VideoReader(str(path))
        indices = _spread(len(video), count)
        video.get_batch(indices).asnumpy()
        return [float(video.get_frame_timestamp(index)[0]) for index in indices]

    return read


def torchcodec(path: Path, count: int) -> Callable[[], list[float]]:
    """torchcodec, with the times of all frames from their packets."""
    return _torchcodec(path, count, "exact")


def torchcodec_approximate(path: Path, count: int) -> Callable[[], list[float]]:
    """torchcodec, with times from a mean rate."""
    return _torchcodec(path, count, "approximate")


def _torchcodec(path: Path, count: int, mode: str) -> Callable[[], list[float]]:
    from torchcodec.decoders import VideoDecoder  # type: ignore[import-not-found,unused-ignore]

    def read() -> list[float]:
        video = VideoDecoder(str(path), num_ffmpeg_threads=0, seek_mode=mode)
        return [float(seconds) for seconds in video.get_frames_at(_spread(len(video), count)).pts_seconds]

    return read


def imageio(path: Path, count: int) -> Callable[[], list[float]]:
    """imageio with its own ffmpeg, decoding through."""
    import imageio.v2 as library  # type: ignore[import-not-found,unused-ignore]

    def read() -> list[float]:
        video = library.get_reader(str(path), "ffmpeg")
        rate, total = video.get_meta_data()["fps"], video.count_frames()
        wanted = set(_spread(total, count))
        frames = [frame for index, frame in enumerate(video) if index in wanted]
        assert len(frames) == count
        return [index / rate for index in sorted(wanted)]

    return read


def moviepy(path: Path, count: int) -> Callable[[], list[float]]:
    """moviepy, seeking or reading on as it likes."""
    from moviepy import VideoFileClip  # type: ignore[import-not-found,unused-ignore]

    def read() -> list[float]:
        with VideoFileClip(str(path), audio=False) as video:
            times_s = [index / video.fps for index in _spread(video.n_frames, count)]
            frames = [video.get_frame(time_s) for time_s in times_s]
        assert len(frames) == count
        return times_s

    return read


def pims(path: Path, count: int) -> Callable[[], list[float]]:
    """PIMS through PyAV."""
    import av
    import pims as library  # type: ignore[import-not-found,unused-ignore]

    def read() -> list[float]:
        with av.open(str(path)) as container:
            rate = float(container.streams.video[0].average_rate or 1)
        video = library.PyAVReaderIndexed(str(path))
        indices = _spread(len(video), count)
        frames = [video[index] for index in indices]
        assert len(frames) == count
        return [index / rate for index in indices]

    return read


def video_reader_rs(path: Path, count: int) -> Callable[[], list[float]]:
    """video-reader-rs, which decodes all of a range or seeks, as it finds best."""
    from video_reader import PyVideoReader  # type: ignore[import-not-found,unused-ignore]

    def read() -> list[float]:
        video = PyVideoReader(str(path))
        rate = float(video.get_fps())
        indices = _spread(len(video), count)
        assert len(video.get_batch(indices)) == count
        return [index / rate for index in indices]

    return read


def _spread(total: int, count: int) -> list[int]:
    return [round((total - 1) * step / (count - 1)) for step in range(count)]


READERS: dict[str, tuple[Callable[[Path, int], Callable[[], list[float]]], str, tuple[str, ...]]] = {
    "viewfinder": (viewfinder, "app", ()),
    "mlx_vlm": (mlx_vlm, "mlx_vlm", ("mlx-vlm",)),
    "pyav": (pyav, "av", ("av",)),
    "opencv": (opencv, "cv2", ("opencv-python-headless", "opencv-python")),
    "opencv_seeking": (opencv_seeking, "cv2", ("opencv-python-headless", "opencv-python")),
    "decord": (decord, "decord", ("decord", "eva-decord", "decord2")),
    "torchcodec": (torchcodec, "torchcodec", ("torchcodec",)),
    "torchcodec_approximate": (torchcodec_approximate, "torchcodec", ("torchcodec",)),
    "video_reader_rs": (video_reader_rs, "video_reader", ("video-reader-rs",)),
    "pims": (pims, "pims", ("pims",)),
    "imageio": (imageio, "imageio_ffmpeg", ("imageio-ffmpeg",)),
    "moviepy": (moviepy, "moviepy", ("moviepy",)),
}
"""By name: how it reads, its import package, and the distributions that may hold that."""
_ONLY_HERE = ("viewfinder", "mlx_vlm", "pyav")


def _measure(name: str, path: Path, count: int) -> None:
    reader, _, distributions = READERS[name]
    read = reader(path, count)
    versions = [f"{each} {importlib.metadata.version(each)}" for each in distributions if _is_there(each)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu_began = time.perf_counter(), time.process_time()
    times_s = read()
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, children.ru_maxrss)
    figures = {
        "what": versions[0] if versions else "this program",
        "s": took_s,
        "cpu_s": cpu_s + children.ru_utime + children.ru_stime,
        "peak": peak * UNIT_BYTES,
        "added": (peak - before) * UNIT_BYTES,
        "times_s": times_s,
    }
    print(json.dumps(figures))


def _is_there(distribution: str) -> bool:
    try:
        return bool(importlib.metadata.version(distribution))
    except importlib.metadata.PackageNotFoundError:
        return False


def _run(python: str, name: str, file: Path, frames: int) -> dict[str, Any] | str | None:
    """A reader's figures by an interpreter, or why there are none; None where that does not have it."""
    here = str(Path(__file__).resolve().parents[2])
    finds = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({READERS[name][1]!r}) is None)"
    if subprocess.run([python, "-c", finds], cwd=here, check=False).returncode:
        return None
    words = ["--measure", name, "--file", str(file.resolve()), "--frames", str(frames)]
    command = [python, "-m", "tests.bench.video_reading", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=here)
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["?"])[-1]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _print_line(name: str, found: dict[str, Any], ours: dict[str, Any]) -> None:
    off = max(abs(a - b) for a, b in zip(found["times_s"], ours["times_s"], strict=True))
    peak, added = found["peak"] / 1e6, found["added"] / 1e6
    print(
        f"{name:22} {found['what']:31} {found['s']:7.2f} s ({found['s'] / ours['s']:5.2f} x) "
        f"{found['cpu_s']:7.2f} s of CPU "
        f"{peak:6.0f} MB ({found['peak'] / ours['peak']:4.2f} x) {added:6.0f} MB added "
        f"({found['added'] / ours['added']:4.2f} x), at most {off:.1f} s from ours",
        flush=True,
    )


def main() -> None:
    """Prints a line for each reader, and its ratio to ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--reader", nargs="*", choices=list(READERS), default=list(READERS))
    parser.add_argument("--file", type=Path)
    parser.add_argument("--python", nargs="*", default=[], help="interpreters that have further readers")
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
            pythons = [sys.executable] if name in _ONLY_HERE else [sys.executable, *wanted.python]
            found = [_run(python, name, file, wanted.frames) for python in pythons]
            if not any(found):
                print(f"{name:22} is not installed")
            for each in found:
                if isinstance(each, dict):
                    ours = ours or each
                    _print_line(name, each, ours)
                elif each:
                    print(f"{name:22} failed: {each}")


if __name__ == "__main__":
    main()
