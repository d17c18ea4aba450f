"""A picture of 100 megapixels: opened beside the main thread, panned and zoomed smoothly, given back afterwards."""

from __future__ import annotations

import gc
import os
import statistics
import time
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.core import picture_levels
from app.core.errors import UserError
from app.gui.tray.offered import Offered
from app.gui.viewer import media_viewer
from app.gui.viewer.picture_canvas import PictureCanvas
from tests.gui.conftest import draw
from tests.gui.heartbeat import Heartbeat, calmest
from tests.gui.keys_and_clicks import LEFT, PLAIN
from tests.gui.viewer_pixels import painted_picture, settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from app.core.picture_levels import PictureLevels
    from app.core.pictures import PictureSource
    from tests.gui.window_driver import OpenWindow, WindowDriver

WIDTH, HEIGHT = 12_000, 8_400
pytestmark = pytest.mark.alone
OPEN_MS = 60_000
MOST_MEDIAN_S, MOST_WORST_S = 0.016, 0.050


def rows_of(top: int, bottom: int) -> NDArray[np.uint8]:
    """These rows of the large picture: red grows to the right, blue falls, green tells the band of 600 rows."""
    across = (np.arange(WIDTH) * 255 // WIDTH).astype(np.uint8)
    rows = np.empty((bottom - top, WIDTH, 3), np.uint8)
    rows[..., 0], rows[..., 2] = across, 255 - across
    rows[..., 1] = (np.arange(top, bottom) // 600 * 18).astype(np.uint8)[:, None]
    return rows


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 100 megapixels in which every place can be told from others."""
    file = tmp_path_factory.mktemp("large") / "large.png"
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for top in range(0, HEIGHT, 600):
        image.paste(Image.fromarray(rows_of(top, top + 600)), (0, top))
    image.save(file, compress_level=1)
    return file


@pytest.fixture
def paint_times(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of the main thread's own work in each paint: what others do on a busy machine does not count."""
    times: list[float] = []
    paint = PictureCanvas.paintEvent

    def timed(self: PictureCanvas, event: QPaintEvent) -> None:
        before = time.thread_time()
        paint(self, event)
        times.append(time.thread_time() - before)

    monkeypatch.setattr(PictureCanvas, "paintEvent", timed)
    return times


def opened_whole(open_window: OpenWindow, file: Path, *more: Path) -> WindowDriver:
    """A window that looks at the picture with every pixel of it."""
    driver = open_window(files=(file, *more))
    canvas = driver.parts.viewer.canvas
    driver.window.resize(1280, 820)
    driver.qtbot.waitUntil(lambda: canvas.images is not None and canvas.images.largest_scale > 0.3, timeout=OPEN_MS)
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    canvas.zoom_to_actual_size()
    assert "opening it at full size…" in driver.parts.viewer.caption
    driver.qtbot.waitUntil(lambda: canvas.images is not None and canvas.images.largest_scale == 1, timeout=OPEN_MS)
    assert "full size" not in driver.parts.viewer.caption
    return driver


def resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as statistics_of_memory:  # noqa: PTH123 - a file of the kernel
        return int(statistics_of_memory.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_a_hundred_megapixels_pan_and_zoom_smoothly(
    open_window: OpenWindow, large: Path, paint_times: list[float]
) -> None:
    driver = opened_whole(open_window, large)
    canvas = driver.parts.viewer.canvas
    found = {}
    for scale in (0.2, 0.5, 1.0, 1.5, 8.0):
        assert canvas.framing is not None
        canvas._frame(canvas.framing.fitted().scaled(scale))
        settle(canvas)
        paint_times.clear()
        start = canvas.framing.corner
        QTest.mousePress(canvas, LEFT, PLAIN, QPoint(400, 300))
        for step in range(60):
            x = 400 - step * 24 if step < 30 else 400 - (60 - step) * 24
            QTest.mouseMove(canvas, QPoint(x, 300 - step * 9))
            canvas.repaint()
        QTest.mouseRelease(canvas, LEFT, PLAIN, QPoint(400, 300))
        assert canvas.framing.corner != start
        found[f"panned at {scale}"] = list(paint_times)
        paint_times.clear()
        for _ in range(30):
            here = QPointF(300, 250)
            event = QWheelEvent(
                here, here, QPoint(), QPoint(0, 20), Qt.MouseButton.NoButton, PLAIN, Qt.ScrollPhase.NoScrollPhase, False
            )
            QApplication.sendEvent(canvas, event)
            canvas.repaint()
        found[f"zoomed from {scale}"] = list(paint_times)
    figures = {what: (statistics.median(times), max(times)) for what, times in found.items()}
    assert all(len(times) >= 30 for times in found.values())
    assert [what for what, (median, _) in figures.items() if median > MOST_MEDIAN_S] == [], figures
    assert [what for what, (_, worst) in figures.items() if worst > MOST_WORST_S] == [], figures


def test_the_main_thread_never_stalls_while_it_is_opened_and_given_back(
    open_window: OpenWindow, large: Path, tmp_path: Path
) -> None:
    driver = open_window(files=(draw(tmp_path / "small.png"),))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    canvas = driver.parts.viewer.canvas

    def look() -> list[str]:
        with Heartbeat() as heartbeat:
            driver.desk.pictures.offer(Offered((large,)))
            driver.qtbot.waitUntil(
                lambda: canvas.images is not None and canvas.images.width_px == WIDTH, timeout=OPEN_MS
            )
            driver.qtbot.waitUntil(lambda: driver.parts.viewer.picture() is not None, timeout=OPEN_MS)
            canvas.zoom_to_actual_size()
            driver.qtbot.waitUntil(
                lambda: canvas.images is not None and canvas.images.largest_scale == 1, timeout=OPEN_MS
            )
            driver.wait(lambda: canvas.is_settled)
            driver.parts.tray.step(1)
            driver.wait(lambda: bool(canvas._leaving) or canvas.images is None or canvas.images.width_px != WIDTH)
            driver.wait(lambda: not canvas._leaving)
        return heartbeat.own_stalls

    assert not calmest(look)


def test_what_is_seen_far_inside_is_the_picture(open_window: OpenWindow, large: Path) -> None:
    driver = opened_whole(open_window, large)
    canvas = driver.parts.viewer.canvas
    for place in ((11_000, 8_100), (40, 30), (6_000, 3_010)):
        assert canvas.framing is not None
        x, y = canvas.framing.point_at(*canvas.framing.area.centre)
        canvas._frame(canvas.framing.panned(x - place[0], y - place[1]))
        part, (left, top) = painted_picture(canvas)
        wanted = rows_of(top, top + part.shape[0])[:, left : left + part.shape[1]]
        assert np.array_equal(part, wanted)


def test_the_pixels_go_back_to_the_system_when_another_picture_is_looked_at(
    open_window: OpenWindow, large: Path, tmp_path: Path
) -> None:
    driver = opened_whole(open_window, large, draw(tmp_path / "small.png"))
    canvas = driver.parts.viewer.canvas
    images = canvas.images
    assert images is not None
    held = [weakref.ref(level) for level in images.levels]
    strips = images.levels[0]._strips
    assert sum(strip[0].sizeInBytes() for strip in strips) == WIDTH * HEIGHT * 3
    before = resident_mb() if os.path.exists("/proc/self/statm") else 0.0  # noqa: PTH110 - see above
    del images, strips
    driver.parts.tray.select([driver.desk.pictures.media[1].medium_id])
    driver.wait(lambda: not canvas._leaving)
    gc.collect()
    assert [reference for reference in held if reference() is not None] == []
    if before:
        assert resident_mb() < before - 0.9 * WIDTH * HEIGHT * 4 / 1e6
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    assert canvas.framing is not None
    assert canvas.framing.is_fitted
    driver.qtbot.waitUntil(lambda: driver.parts.viewer.picture() is not None, timeout=OPEN_MS)


def test_a_picture_beyond_the_limit_says_how_much_of_it_is_shown(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_viewer, "FIRST_PIXELS", 480_000)
    monkeypatch.setattr(media_viewer, "FULL_PIXELS", 1_080_000)
    driver = open_window(files=(draw(tmp_path / "wide.png", 1600, 1200),))
    canvas = driver.parts.viewer.canvas
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    assert "shown at" not in driver.parts.viewer.caption
    canvas.zoom_to_actual_size()
    driver.wait(lambda: "shown at 75 % of its size" in driver.parts.viewer.caption)


def test_a_file_that_is_gone_when_more_of_it_is_needed_stays_as_it_is(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_viewer, "FIRST_PIXELS", 480_000)
    file = draw(tmp_path / "gone.png", 1600, 1200)
    driver = open_window(files=(file,))
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    file.unlink()
    driver.parts.viewer.canvas.zoom_to_actual_size()
    driver.wait(lambda: "“gone.png” does not exist" in driver.refusals)
    assert driver.names == ["gone.png"]
    assert "shown at 50 % of its size" in driver.parts.viewer.caption
    driver.parts.viewer.canvas.zoom_in()
    settle(driver.parts.viewer.canvas)


def test_a_picture_whose_thumbnail_alone_opens_stays_and_is_tried_again_when_looked_at_again(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: PictureSource, _max_pixels: int, _is_wanted: Callable[[], bool]) -> PictureLevels:
        raise UserError(f"“{source.name}” does not fit into memory.", "Close something.")

    monkeypatch.setattr("app.engine.views.open_levels", fail)
    driver = open_window(files=(draw(tmp_path / "large.png", 1600, 1200), draw(tmp_path / "other.png")))
    driver.wait(lambda: "“large.png” does not fit into memory. Close something." in driver.refusals)
    driver.wait_for_pictures(2)
    assert driver.names == ["large.png", "other.png"]
    assert driver.parts.viewer.picture() is None
    assert "% of its size" in driver.parts.viewer.caption
    monkeypatch.undo()
    for row in (1, 0):
        driver.parts.tray.select([driver.desk.pictures.media[row].medium_id])
        driver.wait(lambda: driver.parts.viewer.picture() is not None)
    assert "of its size" not in driver.parts.viewer.caption


def test_more_pixels_are_asked_for_once_and_not_of_a_picture_left_behind(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_viewer, "FIRST_PIXELS", 480_000)
    asked: list[tuple[str, int]] = []
    real = picture_levels.open_levels

    def noted(source: PictureSource, max_pixels: int, is_wanted: Callable[[], bool]) -> PictureLevels:
        asked.append((source.name, max_pixels))
        if source.name == "late.png" and max_pixels > 480_000:
            time.sleep(0.2)
            raise UserError("“late.png” is damaged.", "Copy it again.")
        return real(source, max_pixels, is_wanted)

    monkeypatch.setattr("app.engine.views.open_levels", noted)
    driver = open_window(files=(draw(tmp_path / "late.png", 1600, 1200), draw(tmp_path / "other.png", 1600, 1200)))
    driver.wait_for_pictures(2)
    viewer = driver.parts.viewer
    driver.parts.tray.select([driver.desk.pictures.media[0].medium_id])
    driver.wait(lambda: viewer.picture() is not None)
    viewer.canvas.zoom_to_actual_size()
    driver.wait(lambda: ("late.png", media_viewer.FULL_PIXELS) in asked)
    viewer.canvas.zoom_in()
    viewer.canvas.zoom_in()
    driver.parts.tray.select([driver.desk.pictures.media[1].medium_id])
    driver.wait(lambda: viewer.picture() is not None)
    assert [pixels for name, pixels in asked if name == "late.png"].count(media_viewer.FULL_PIXELS) == 1
    driver.wait(lambda: asked[-1][0] == "other.png")
    viewer.canvas.zoom_to_actual_size()
    driver.wait(lambda: viewer.canvas.images is not None and viewer.canvas.images.largest_scale == 1)
    assert "full size" not in viewer.caption
