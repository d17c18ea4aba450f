"""Rows of the tray: found, clicked and read as a person does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView

from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import PLAIN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import WindowDriver


def tray_of(driver: WindowDriver) -> QListView:
    return driver.child(QListView, "mediaTray")


def click(driver: WindowDriver, row: int, keys: Qt.KeyboardModifier = PLAIN) -> None:
    view = tray_of(driver)
    index = view.model().index(row, 0)
    view.scrollTo(index)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, keys, view.visualRect(index).center())


def selected_rows(driver: WindowDriver) -> list[int]:
    return sorted(index.row() for index in tray_of(driver).selectionModel().selectedIndexes())


def labels(driver: WindowDriver) -> list[str]:
    """What each row's tag says."""
    model = tray_of(driver).model()
    rows = [model.index(row, 0).data(Qt.ItemDataRole.UserRole) for row in range(model.rowCount())]
    return [row.label for row in rows]


def files(folder: Path, count: int) -> list[Path]:
    return [draw(folder / f"{number}.png") for number in range(count)]
