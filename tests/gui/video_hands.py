"""Videos with numbered frames in a window, and what of them is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from tests.clips_made import number_in, numbered, write_video

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from app.gui.viewer.video_foot import VideoFoot
    from tests.gui.window_driver import WindowDriver


def make_clip(path: Path, count: int = 80, *, rate: int = 10, times_ms: Sequence[int] | None = None) -> Path:
    """A video whose frames show their numbers: 8 seconds long unless something else is asked for."""
    write_video(path, numbered(count), rate=rate, times_ms=times_ms, options={"g": "20"})
    return path


def number_on(image: QImage) -> int:
    """The number that a picture of a frame shows."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = bytes(image.constBits())
    width, row_bytes = image.width(), image.bytesPerLine()
    rgb = b"".join(rows[row * row_bytes : row * row_bytes + width * 3] for row in range(image.height()))
    return number_in(rgb, width, image.height())


def foot_of(driver: WindowDriver) -> VideoFoot:
    return driver.parts.viewer.foot


def current_id(driver: WindowDriver) -> str:
    found = driver.parts.tray.current_id
    assert found is not None
    return found


def is_quiet(driver: WindowDriver) -> bool:
    """Whether no frame is being opened, for the viewer or for the strip."""
    is_settling = foot_of(driver).strip._settle.isActive() or driver.content._media_timer.isActive()
    return driver.content.video.is_idle and not driver.desk.frames._wanted and not is_settling


def shown_number(driver: WindowDriver) -> int:
    """The number of the frame that the viewer shows, once it is there and sharp."""
    driver.wait(lambda: is_quiet(driver))
    image = driver.parts.viewer.picture()
    assert image is not None
    return number_on(image)


def open_clip(driver: WindowDriver, clip: Path) -> VideoFoot:
    """Drops a video on the window and waits until it is looked at."""
    assert driver.drop(clip)
    foot = foot_of(driver)
    driver.wait(lambda: driver.parts.viewer.is_video and bool(foot.strip.frames.times_s))
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    driver.wait(lambda: is_quiet(driver))
    return foot
