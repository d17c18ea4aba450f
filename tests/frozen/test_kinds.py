"""Every kind of picture and video that README names is read by what the program brought along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from app.core.paths import SAMPLE_PICTURE, SAMPLE_QUESTION, SAMPLE_VIDEO_QUESTION
from tests.clips_made import circle_frame, write_animation, write_video
from tests.frozen.test_surroundings import PICTURE_ANSWER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.frozen.installed import Installed

PICTURES: dict[str, dict[str, Any]] = {
    "a.jpg": {"quality": 90},
    "a.png": {},
    "a.webp": {"quality": 90},
    "a.bmp": {},
    "a.gif": {},
    "a.tiff": {"compression": "tiff_lzw"},
    "jpeg inside.tif": {"compression": "jpeg"},
    "a.heic": {"quality": 90},
    "a.avif": {"quality": 90},
}
VIDEOS = {
    "h264.mp4": "libx264",
    "hevc.mov": "libx265",
    "vp9.webm": "libvpx-vp9",
    "av1.mkv": "libsvtav1",
    "mpeg4.avi": "mpeg4",
    "animation.gif": "",
    "animation.webp": "",
    "animation.png": "",
}
RATE = 12
FRAMES = 24


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_each_kind_is_described(installed: Installed, tmp_path: Path, name: str) -> None:
    if name.endswith(".heic"):
        import pillow_heif

        pillow_heif.register_heif_opener()
    file = tmp_path / name
    Image.open(SAMPLE_PICTURE).convert("RGB").save(file, **PICTURES[name])
    words = ("--profile", tmp_path / "profile", "ask", file, "-p", SAMPLE_QUESTION, "--temperature", "0", "--quiet")
    done = installed.run(*words)
    assert (done.returncode, done.stdout, done.stderr) == (0, PICTURE_ANSWER, "")


def falling() -> Iterator[NDArray[np.uint8]]:
    """A green circle on its way down."""
    for number in range(FRAMES):
        yield circle_frame(80, 20 + 80 * number / FRAMES, (30, 160, 60))


@pytest.mark.parametrize("name", VIDEOS)
def test_a_video_of_each_kind_is_described(installed: Installed, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    codec = VIDEOS[name]
    if codec:
        options = {"deadline": "realtime", "cpu-used": "8"} if codec == "libvpx-vp9" else {}
        write_video(file, falling(), codec=codec, rate=RATE, options=options)
    else:
        write_animation(file, list(falling()), [80] * FRAMES)
    words = ("--profile", tmp_path / "profile", "ask", file, "-p", SAMPLE_VIDEO_QUESTION, "--temperature", "0")
    done = installed.run(*words, "--frames", "8")
    assert (done.returncode, done.stdout) == (0, "A green circle moves down.\n"), done.stderr
    assert "8 frames from 0.0 s to" in done.stderr
