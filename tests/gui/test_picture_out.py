"""The picture that is looked at, handed to other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDrag, QGuiApplication, QImage
from PySide6.QtTest import QTest

from tests.gui.keys_and_clicks import CONTROL
from tests.gui.viewer_hands import drag
from tests.gui.viewer_pixels import NOISE, source_of

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow


def test_copy_gives_the_file_and_the_picture(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    canvas = driver.parts.viewer.canvas
    driver.wait(lambda: driver.parts.viewer.picture() is not None)  # its thumbnail alone is copied as a file
    canvas.turn(1)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_C, CONTROL)
    mime = QGuiApplication.clipboard().mimeData()
    assert [url.toLocalFile() for url in mime.urls()] == [str(picture)]
    image = mime.imageData()
    assert isinstance(image, QImage)
    assert image.convertToFormat(QImage.Format.Format_RGB32) == QImage(str(picture)).convertToFormat(
        QImage.Format.Format_RGB32
    )
    QGuiApplication.clipboard().clear()
    driver.action("copyPictureAction").trigger()
    assert QGuiApplication.clipboard().mimeData().hasImage()


def test_a_pasted_picture_is_copied_as_an_image_and_dragged_as_a_file_of_its_name(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    driver.desk.pictures.add_sources([source_of(NOISE, "Pasted picture 1.png")])
    driver.wait_for_pictures(1)
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    driver.action("copyPictureAction").trigger()
    copied = QGuiApplication.clipboard().mimeData()
    assert (copied.hasImage(), copied.urls()) == (True, [])
    files: list[Path] = []
    images: list[bool] = []

    def note(self: QDrag, _actions: Qt.DropAction, _default: Qt.DropAction) -> Qt.DropAction:
        files.extend(Path(url.toLocalFile()) for url in self.mimeData().urls())
        images.append(self.mimeData().hasImage())
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr("app.gui.viewer.picture_out.QDrag.exec", note)
    canvas = driver.parts.viewer.canvas
    for _ in range(2):
        drag(canvas, (200, 150), (260, 150))
    first, second = files
    assert (first, images) == (second, [True, True])
    assert first.name == "Pasted picture 1.png"
    image = QImage(str(first))
    assert (image.width(), image.height()) == (700, 500)
    driver.close()
    assert not first.exists()


def test_dragging_the_picture_out_offers_a_copy_of_the_file(
    open_window: OpenWindow, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    driver.wait(lambda: driver.parts.viewer.picture() is not None)
    offered: list[tuple[list[str], Qt.DropAction, bool, bool]] = []

    def taken_back(self: QDrag, actions: Qt.DropAction, _default: Qt.DropAction) -> Qt.DropAction:
        files = [url.toLocalFile() for url in self.mimeData().urls()]
        offered.append((files, actions, driver.drop(mime=self.mimeData()), self.pixmap().isNull()))
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr("app.gui.viewer.picture_out.QDrag.exec", taken_back)
    canvas = driver.parts.viewer.canvas
    middle = canvas.picture_rect().center()
    drag(canvas, (middle.x(), middle.y()), (middle.x() + 60, middle.y()))
    assert offered == [([str(picture)], Qt.DropAction.CopyAction, False, False)]
    assert driver.names == [picture.name]
    assert picture.is_file()
