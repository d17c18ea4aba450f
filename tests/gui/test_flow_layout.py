"""Widgets in lines like words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QWidget

from app.gui.flow_layout import FlowLayout

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class _Block(QWidget):
    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(50, 20)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(50, 20)


def laid_out(qtbot: QtBot, width: int, *, is_centred: bool = False, is_mirrored: bool = False) -> list[tuple[int, int]]:
    window = QWidget()
    qtbot.addWidget(window)
    if is_mirrored:
        window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    layout = FlowLayout(window, spacing_px=10, is_centred=is_centred)
    blocks = [_Block(window) for _ in range(3)]
    for block in blocks:
        layout.addWidget(block)
    blocks[1].hide()
    more = _Block(window)
    layout.addWidget(more)
    window.resize(width, 100)
    window.show()
    assert layout.count() == 4
    return [(block.x(), block.y()) for block in (blocks[0], blocks[2], more)]


@pytest.mark.parametrize(
    ("width", "places"),
    [
        (200, [(0, 0), (60, 0), (120, 0)]),
        (169, [(0, 0), (60, 0), (0, 30)]),
        (60, [(0, 0), (0, 30), (0, 60)]),
    ],
)
def test_it_goes_on_in_the_next_line(qtbot: QtBot, width: int, places: list[tuple[int, int]]) -> None:
    assert laid_out(qtbot, width) == places


def test_it_is_centred_line_by_line(qtbot: QtBot) -> None:
    assert laid_out(qtbot, 130, is_centred=True) == [(10, 0), (70, 0), (40, 30)]


def test_it_begins_on_the_right_where_one_reads_from_there(qtbot: QtBot) -> None:
    assert laid_out(qtbot, 200, is_mirrored=True) == [(150, 0), (90, 0), (30, 0)]


def test_it_knows_its_height_and_gives_its_items_back(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    layout = FlowLayout(window, spacing_px=10)
    for _ in range(3):
        layout.addWidget(_Block(window))
    assert [layout.heightForWidth(width) for width in (500, 120, 50)] == [20, 50, 80]
    assert layout.minimumSize() == QSize(50, 20)
    assert layout.sizeHint() == QSize(170, 20)
    assert layout.itemAt(3) is None
    assert layout.takeAt(0) is not None
    assert layout.count() == 2
