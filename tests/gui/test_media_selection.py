"""What a question is about: the pictures selected in the tray, under the numbers that the model reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.backends.fake_backend import FakeScript
from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import CONTROL, PLAIN, SHIFT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver
from tests.gui.tray_rows import click, files, labels, selected_rows, tray_of


def shown_names(driver: WindowDriver) -> list[list[str]]:
    """Names of the pictures in each turn that the model was last given."""
    return [[picture.name for picture in turn.pictures] for turn in driver.backend.seen[-1].turns]


def test_a_drop_selects_what_it_added_up_to_eight(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    pictures = files(tmp_path, 19)
    driver.drop(*pictures[:8])
    driver.wait_for_pictures(8)
    assert selected_rows(driver) == list(range(8))
    assert driver.parts.tray.current_id == driver.desk.pictures.media[0].medium_id
    driver.drop(*pictures[8:10])
    driver.wait_for_pictures(10)
    assert selected_rows(driver) == [8, 9]
    driver.drop(*pictures[10:])
    driver.wait_for_pictures(19)
    assert selected_rows(driver) == [10]


def test_clicks_and_keys_select_as_everywhere(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=tuple(files(tmp_path, 5)))
    driver.wait_for_pictures(5)
    click(driver, 1)
    assert selected_rows(driver) == [1]
    click(driver, 3, CONTROL)
    assert selected_rows(driver) == [1, 3]
    click(driver, 3, CONTROL)
    assert selected_rows(driver) == [1]
    click(driver, 1)
    click(driver, 3, SHIFT)
    assert selected_rows(driver) == [1, 2, 3]
    tray_of(driver).setFocus()
    click(driver, 0)
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Down, SHIFT)
    assert selected_rows(driver) == [0, 1]
    QTest.keyClick(tray_of(driver), Qt.Key.Key_A, CONTROL)
    assert selected_rows(driver) == [0, 1, 2, 3, 4]
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Space, CONTROL)
    assert selected_rows(driver) == [0, 2, 3, 4]


def test_only_the_selected_pictures_go_with_the_question(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=tuple(files(tmp_path, 4)))
    driver.wait_for_pictures(4)
    click(driver, 3)
    click(driver, 1, CONTROL)
    driver.ask("What?")
    driver.wait_for_answer()
    assert shown_names(driver) == [["1.png", "3.png"]]


def test_numbers_go_on_through_the_conversation(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(FakeScript(answers=("One.", "Two.", "Three.")), files=tuple(files(tmp_path, 4)))
    driver.wait_for_pictures(4)
    click(driver, 2)
    driver.wait(lambda: labels(driver) == ["", "", "Image 1", ""])
    driver.ask("First?")
    driver.wait_for_answer()
    click(driver, 3)
    click(driver, 0, CONTROL)
    driver.wait(lambda: labels(driver) == ["Image 2", "", "Image 1", "Image 3"])
    driver.ask("Second?")
    driver.wait_for_answer()
    assert shown_names(driver) == [["2.png"], ["0.png", "3.png"]]
    click(driver, 2)
    driver.ask("Third?")
    driver.wait_for_answer()
    assert shown_names(driver) == [["2.png"], ["0.png", "3.png"], []]
    driver.wait(lambda: labels(driver) == ["Image 2", "", "Image 1", "Image 3"])


def test_nothing_selected_is_said_and_shows_nothing(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(files=(picture,))
    driver.wait_for_pictures(1)
    view = tray_of(driver)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, PLAIN, QPoint(20, view.viewport().height() - 5))
    assert selected_rows(driver) == []
    driver.wait(lambda: driver.parts.prompt.cost_text == "Nothing selected")
    driver.ask("What?")
    driver.wait_for_answer()
    assert shown_names(driver) == [[]]


def test_removing_the_selected_selects_the_next(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=tuple(files(tmp_path, 5)))
    driver.wait_for_pictures(5)
    click(driver, 1)
    click(driver, 2, SHIFT)
    tray_of(driver).setFocus()
    QTest.keyClick(tray_of(driver), Qt.Key.Key_Delete)
    driver.wait(lambda: driver.names == ["0.png", "3.png", "4.png"])
    driver.wait(lambda: selected_rows(driver) == [1])
    assert driver.parts.tray.current_id == driver.desk.pictures.media[1].medium_id


def test_what_was_sent_keeps_its_cost_when_the_budget_changes(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(draw(tmp_path / "large.png", 1600, 1200), draw(tmp_path / "other.png", 1600, 1200)))
    driver.wait_for_pictures(2)
    click(driver, 0)
    driver.ask("What?")
    driver.wait_for_answer()
    driver.choose_budget("Quick")
    model = tray_of(driver).model()

    def lines(row: int) -> str:
        return str(model.index(row, 0).data(Qt.ItemDataRole.AccessibleDescriptionRole))

    driver.wait(lambda: "reduced to 576×416" in lines(1))
    assert lines(0).splitlines() == ["1,230 tok · 1600×1200", "sent at 1312×960", "Image 1"]


def test_what_could_not_be_used_leaves_the_selection_as_it_was(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    driver.drop(*files(tmp_path, 4))
    driver.wait_for_pictures(4)
    click(driver, 1)
    click(driver, 2, CONTROL)
    (tmp_path / "notes.jpg").write_text("no picture")
    driver.drop(tmp_path / "notes.jpg")
    driver.wait(lambda: "notes.jpg" in driver.refusals)
    driver.wait(lambda: selected_rows(driver) == [1, 2])
    driver.drop(tmp_path / "notes.jpg", draw(tmp_path / "more.png"))
    driver.wait(lambda: selected_rows(driver) == [4])
    assert driver.names[4] == "more.png"


def test_removing_selects_the_next_however_the_pictures_came(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=tuple(files(tmp_path, 4)))
    driver.wait_for_pictures(4)
    click(driver, 0)
    driver.drop(draw(tmp_path / "later.png"))
    driver.wait(lambda: selected_rows(driver) == [4])
    driver.wait_for_pictures(5)
    driver.action("removePictureAction").trigger()
    driver.wait(lambda: tray_of(driver).model().rowCount() == 4)
    click(driver, 2)
    driver.action("removePictureAction").trigger()
    driver.wait(lambda: tray_of(driver).model().rowCount() == 3)
    assert selected_rows(driver) == [2]
    assert driver.names == ["0.png", "1.png", "3.png"]


def test_looking_at_the_next_of_the_selected_keeps_them_selected(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=tuple(files(tmp_path, 4)))
    driver.wait_for_pictures(4)
    click(driver, 0)
    click(driver, 2, CONTROL)
    tray, media = driver.parts.tray, driver.desk.pictures.media
    seen = []
    for action in ("nextPictureAction", "nextPictureAction", "previousPictureAction"):
        driver.action(action).trigger()
        seen.append(tray.current_id)
    assert seen == [media[0].medium_id, media[2].medium_id, media[0].medium_id]
    assert selected_rows(driver) == [0, 2]
    click(driver, 0)
    driver.action("nextPictureAction").trigger()
    assert selected_rows(driver) == [1]
