"""The foot of the conversation: tasks, budget, what is missing, and that nothing jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from spoken_texts import TASKS, task_texts

from app.backends.fake_backend import FakeScript
from app.core.presets import list_presets
from app.core.settings import ModelSettings, Settings
from app.gui.questions.budget_choice import BALANCED_TOKENS, FINE_TOKENS, QUICK_TOKENS
from app.gui.questions.task_words import localized
from tests.gui.conftest import draw
from tests.gui.keys_and_clicks import CONTROL, PLAIN, SHIFT, click, press
from tests.gui.window_driver import SLOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gui.window_driver import OpenWindow, WindowDriver

COMMON = ["describe", "read_text", "chart_table", "boxes"]


def chip(driver: WindowDriver, preset_id: str) -> QToolButton:
    return driver.child(QToolButton, f"taskChip_{preset_id}")


def selected(driver: WindowDriver) -> str:
    return driver.prompt.textCursor().selectedText()


# Tasks


def test_the_common_tasks_stand_in_the_row_as_their_files_say(open_window: OpenWindow) -> None:
    driver = open_window()
    shown = [driver.child(QToolButton, f"taskChip_{preset_id}") for preset_id in COMMON]
    assert [button.text() for button in shown] == ["Describe", "Read text", "Table", "Locate"]
    assert [button.x() for button in shown] == sorted(button.x() for button in shown)


def test_what_is_looked_up_is_what_is_collected_for_translation() -> None:
    looked_up = set()

    def translate(context: str, words: str) -> str:
        looked_up.add((context, words))
        return words

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QCoreApplication, "translate", translate)
        assert [localized(preset) for preset in list_presets()] == list(list_presets())
    assert looked_up == {(TASKS, words) for words in task_texts()}


def test_a_task_fills_the_box_with_its_blank_to_type_over(open_window: OpenWindow) -> None:
    driver = open_window()
    click(chip(driver, "boxes"))
    assert driver.prompt.hasFocus()
    assert selected(driver) == "person, car, animal"
    assert chip(driver, "boxes").isChecked()
    QTest.keyClicks(driver.prompt, "two red ")
    driver.prompt.insertPlainText("🚗🚗")
    assert 'categories: "two red 🚗🚗". Report' in driver.prompt.toPlainText()
    assert chip(driver, "boxes").isChecked()
    press(Qt.Key.Key_Backtab, SHIFT)
    assert driver.prompt.hasFocus()
    assert selected(driver) == "two red 🚗🚗"
    press(Qt.Key.Key_Tab)
    assert not driver.prompt.hasFocus()


def test_a_task_is_chosen_only_while_the_text_is_its_own(open_window: OpenWindow) -> None:
    driver = open_window()
    click(chip(driver, "describe"))
    assert chip(driver, "describe").isChecked()
    QTest.keyClicks(driver.prompt, " Be brief.")
    assert not chip(driver, "describe").isChecked()
    for _ in range(len(" Be brief.")):
        press(Qt.Key.Key_Backspace)
    assert chip(driver, "describe").isChecked()
    click(chip(driver, "read_text"))
    assert (chip(driver, "describe").isChecked(), chip(driver, "read_text").isChecked()) == (False, True)
    click(chip(driver, "read_text"))
    assert chip(driver, "read_text").isChecked()


def test_a_task_never_throws_away_what_was_typed(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("A cat.",)))
    driver.wait_for_model()
    QTest.keyClicks(driver.prompt, "What is on the ")
    click(chip(driver, "describe"))
    assert driver.prompt.toPlainText() == "Describe this image."
    press(Qt.Key.Key_Z, CONTROL)
    assert driver.prompt.toPlainText() == "What is on the "
    assert not chip(driver, "describe").isChecked()
    click(chip(driver, "describe"))
    press(Qt.Key.Key_Return, CONTROL)
    driver.wait_for_answer()
    press(Qt.Key.Key_Up)
    assert driver.prompt.toPlainText() == "Describe this image."
    assert chip(driver, "describe").isChecked()
    press(Qt.Key.Key_Up)
    assert driver.prompt.toPlainText() == "What is on the "
    assert not chip(driver, "describe").isChecked()


def test_a_blank_that_was_filled_is_found_again_after_another_task(open_window: OpenWindow) -> None:
    driver = open_window()
    click(chip(driver, "boxes"))
    QTest.keyClicks(driver.prompt, "my own things")
    click(chip(driver, "describe"))
    click(chip(driver, "read_text"))
    assert driver.prompt.toPlainText() == "Read all the text in the image."
    press(Qt.Key.Key_Up)
    assert '"my own things"' in driver.prompt.toPlainText()
    assert chip(driver, "boxes").isChecked()
    press(Qt.Key.Key_Up)
    assert '"my own things"' in driver.prompt.toPlainText()


def test_a_tasks_sampling_holds_for_its_own_question_alone(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("A cat.",)))
    driver.wait_for_model()
    own = driver.desk.settings.own
    click(chip(driver, "read_text"))
    press(Qt.Key.Key_Return, CONTROL)
    driver.wait_for_answer()
    driver.ask("And what else?")
    driver.wait_for_answer()
    click(chip(driver, "read_text"))
    QTest.keyClicks(driver.prompt, " Briefly.")
    press(Qt.Key.Key_Return, CONTROL)
    driver.wait(lambda: len(driver.backend.seen) == 3)
    driver.wait_for_answer()
    temperatures = [request.sampling.temperature for request in driver.backend.seen]
    assert temperatures == [0.0, 0.7, 0.7]
    assert driver.backend.seen[0].sampling.max_tokens == 4096
    assert driver.desk.settings.own == own
    assert driver.desk.retry(driver.desk.conversation.turns[0].request_id)
    driver.wait_for_answer()
    assert driver.backend.seen[-1].sampling.temperature == 0.0


def test_every_task_is_in_the_menu_and_the_chosen_one_is_ticked(open_window: OpenWindow) -> None:
    driver = open_window()
    more = driver.child(QToolButton, "moreTasks")
    driver.choose(more, "Count")
    assert driver.prompt.toPlainText() == "How many objects are there?"
    assert selected(driver) == "objects"
    assert more.isChecked()
    menu = more.menu()
    menu.popup(QPoint(0, 0))
    fitting = [preset.title for preset in list_presets() if "picture" in preset.media]
    others = [preset.title for preset in list_presets() if "picture" not in preset.media]
    assert [action.text() for action in menu.actions()] == [*fitting, "", *others]
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Count"]
    QTest.keyClick(menu, Qt.Key.Key_Escape)


def test_tasks_for_videos_stand_in_the_row_while_one_is_selected(open_window: OpenWindow) -> None:
    driver = open_window()
    chips = driver.parts.prompt.chips
    chips.resize(1_000, chips.height())

    def shown() -> list[str]:
        buttons = [button for button in chips.findChildren(QToolButton) if button.isVisible()]
        return [button.text() for button in sorted(buttons, key=lambda button: button.x())]

    pictures = ["Describe", "Read text", "Table", "Locate"]
    videos = ["Describe", "Timeline", "Find a moment", "Read text"]
    assert shown() == [*pictures, "More"]
    chips.show_kinds({"video"})
    assert shown() == [*videos, "More"]
    click(chip(driver, "timeline"))
    assert "0:00 – 0:06" in driver.prompt.toPlainText()
    assert chip(driver, "timeline").isChecked()
    menu = driver.child(QToolButton, "moreTasks").menu()
    menu.popup(QPoint(0, 0))
    titles = [action.text() for action in menu.actions()]
    assert titles[:3] == ["Describe the video", "Timeline", "Find a moment"]
    assert titles.index("") < titles.index("Compare pictures")
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    chips.show_kinds({"picture"})
    assert shown() == [*pictures, "More"]
    assert driver.child(QToolButton, "moreTasks").isChecked()
    chips.show_kinds({"picture", "video"})
    assert shown() == [*videos, "Table", "Locate", "More"]
    chips.show_kinds(set())
    assert shown() == [*pictures, "More"]


def test_the_arrow_keys_go_through_the_tasks_for_videos(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.parts.prompt.chips.show_kinds({"video", "picture"})
    driver.prompt.setFocus()
    press(Qt.Key.Key_Backtab, SHIFT)
    assert chip(driver, "describe_video").hasFocus()
    press(Qt.Key.Key_Right)
    assert chip(driver, "timeline").hasFocus()


def test_chips_without_room_fold_into_the_menu(open_window: OpenWindow) -> None:
    driver = open_window()
    chips = driver.parts.prompt.chips
    more = driver.child(QToolButton, "moreTasks")

    def shown() -> list[str]:
        return [preset_id for preset_id in COMMON if chip(driver, preset_id).isVisible()]

    assert shown() == COMMON
    click(chip(driver, "boxes"))
    width = more.sizeHint().width() + chip(driver, "describe").sizeHint().width() + 20
    chips.resize(width, chips.height())
    assert shown() == ["describe"]
    assert more.isChecked()
    assert more.geometry().right() < width
    chips.resize(more.sizeHint().width(), chips.height())
    assert shown() == []
    assert more.isVisible()


def test_the_arrow_keys_go_through_the_chips_and_tab_passes_them_in_one(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.prompt.setFocus()
    press(Qt.Key.Key_Backtab, SHIFT)
    assert chip(driver, "describe").hasFocus()
    press(Qt.Key.Key_Right)
    assert chip(driver, "read_text").hasFocus()
    press(Qt.Key.Key_Left)
    press(Qt.Key.Key_Left)
    assert driver.child(QToolButton, "moreTasks").hasFocus()
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Tab)
    assert driver.prompt.hasFocus()
    press(Qt.Key.Key_Backtab, SHIFT)
    press(Qt.Key.Key_Space)
    assert driver.prompt.toPlainText() == "Describe this image."


def test_tasks_that_cannot_be_read_say_why(open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.core import presets
    from app.core.errors import UserError

    def fail() -> None:
        raise UserError("The preset x.toml is damaged.", "Correct the file, or remove it.")

    monkeypatch.setattr(presets, "list_presets", fail)
    driver = open_window(question="My words.")
    assert driver.parts.notice.text == ""
    assert driver.parts.prompt.chips.findChild(QToolButton, "taskChip_describe") is None
    driver.prompt.setFocus()
    press(Qt.Key.Key_Backtab, SHIFT)
    more = driver.child(QToolButton, "moreTasks")
    assert more.hasFocus()
    more.menu().aboutToShow.emit()
    assert "The preset x.toml is damaged." in driver.parts.notice.text
    assert driver.prompt.toPlainText() == "My words."
    monkeypatch.undo()
    driver.choose(more, "Describe")
    assert driver.prompt.toPlainText() == "Describe this image."
    assert more.isChecked()


# The budget


def test_the_budget_changes_every_figure_at_once(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window(files=(draw(tmp_path / "large.png", 1600, 1200),))
    driver.wait_for_model()
    driver.wait_for_pictures(1)
    driver.wait(lambda: "reduced to 1312×960 · 1,230 tokens" in driver.parts.viewer.caption)
    budget = driver.parts.prompt.budget
    assert budget.text() == "Fine ▾"
    budget.menu().popup(QPoint(0, 0))
    entries = [action.text() for action in budget.menu().actions()]
    QTest.keyClick(budget.menu(), Qt.Key.Key_Escape)
    assert entries == [
        "Quick: up to 256 tokens per picture\t234 tokens",
        "Balanced: up to 640 tokens per picture\t609 tokens",
        "Fine: up to 1,280 tokens per picture\t1,230 tokens",
        "Whole: as many tokens as each picture needs\t1,900 tokens",
    ]
    settings_at = driver.parts.prompt.settings_button.geometry()
    driver.choose_budget("Quick")
    driver.wait(lambda: "reduced to 576×416 · 234 tokens" in driver.parts.viewer.caption)
    assert driver.parts.prompt.cost_text == "1 picture · 234 tokens of 262,144"
    assert budget.text() == "Quick ▾"
    driver.choose_budget("Balanced")
    assert driver.parts.prompt.settings_button.geometry() == settings_at
    driver.choose_budget("Whole")
    driver.wait(lambda: "1600×1200 seen whole · 1,900 tokens" in driver.parts.viewer.caption)
    assert driver.desk.settings.own.max_image_tokens is None
    driver.ask("What?")
    driver.wait_for_answer()
    assert driver.desk.conversation.turns[-1].max_image_tokens is None
    assert (QUICK_TOKENS, BALANCED_TOKENS, FINE_TOKENS) == (256, 640, 1280)


def test_a_model_that_knows_english_alone_is_asked_in_english() -> None:
    def translate(_context: str, words: str) -> str:
        return f"[{words}]"

    describe = list_presets()[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QCoreApplication, "translate", translate)
        assert localized(describe).prompt == "[Describe this image.]"
        english = localized(describe, is_asked_in_english=True)
    assert (english.title, english.prompt) == ("[Describe]", "Describe this image.")


def test_a_budget_of_ones_own_stays(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    driver = open_window(settings=Settings(model=str(checkpoint_dir)).with_own(ModelSettings(max_image_tokens=99)))
    assert driver.parts.prompt.budget.text() == "≤ 99 ▾"
    driver.choose_budget("up to 99")
    assert driver.desk.settings.own.max_image_tokens == 99
    driver.choose_budget("Balanced")
    driver.wait(lambda: bool(driver.saved))
    assert driver.saved[-1].own.max_image_tokens == 640


# The box


def test_the_box_grows_with_its_text_and_then_scrolls(open_window: OpenWindow) -> None:
    driver = open_window()
    box = driver.prompt
    bar = box.verticalScrollBar()
    heights = []
    for lines in range(1, 12):
        box.setPlainText("\n".join(["a word"] * lines))
        QApplication.processEvents()
        heights.append(box.height())
        assert (bar.maximum() > 0) == (lines > 8)
    assert heights[0] == heights[1]
    assert heights[1:8] == sorted(set(heights[1:8]))
    assert heights[7] == heights[10]
    box.setPlainText("字" * 200)
    QApplication.processEvents()
    assert box.height() > heights[1]
    assert bar.maximum() == 0
    box.setPlainText("字" * 2000)
    QApplication.processEvents()
    assert bar.isVisible()
    box.clear()
    QApplication.processEvents()
    assert box.height() == heights[0]
    assert not bar.isVisible()


def test_words_are_dropped_into_the_box(open_window: OpenWindow) -> None:
    driver = open_window(question="Before. ")
    mime = QMimeData()
    mime.setText("dropped words")
    target = driver.prompt.viewport()
    keys, button, action = PLAIN, Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(200, 8), action, mime, button, keys)
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(200, 8), action, mime, button, keys))
    assert driver.prompt.toPlainText() == "Before. dropped words"
    assert driver.desk.pictures.media == ()


def test_files_dropped_anywhere_on_the_panel_are_left_to_the_window(open_window: OpenWindow) -> None:
    panel = open_window().parts.prompt
    takers = [widget for widget in (panel, *panel.findChildren(QWidget)) if widget.acceptDrops()]
    assert takers == [panel.edit, panel.edit.viewport()]


# States


def test_the_button_says_what_is_missing(open_window: OpenWindow, tmp_path: Path) -> None:
    driver = open_window()
    driver.wait_for_model()
    button = driver.ask_button
    assert button.accessibleDescription() == "Type a question first."
    assert "Type a question first." in button.toolTip()
    driver.prompt.setPlainText("What?")
    assert button.accessibleDescription() == "Send the question"
    QApplication.sendEvent(driver.prompt, QInputMethodEvent("zhe", []))
    assert button.accessibleDescription() == "Finish the word first."
    QApplication.sendEvent(driver.prompt, QInputMethodEvent("", []))
    other = open_window(settings=Settings(model=str(tmp_path)), question="What?")
    other.wait(lambda: other.desk.model.stage == "failed")
    assert other.ask_button.accessibleDescription() == "There is no model to ask: choose one under “Models”."
    assert not other.ask_button.isEnabled()


def test_the_button_says_that_a_question_may_be_asked_while_the_model_loads(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(load_delay_s=30), question="What?")
    driver.wait(lambda: driver.desk.model.stage == "loading")
    assert driver.ask_button.accessibleDescription() == "Ask now: the answer comes once the model is loaded."
    assert driver.ask_button.isEnabled()


def test_nothing_jumps_when_the_state_changes(open_window: OpenWindow, picture: Path) -> None:
    driver = open_window(FakeScript(answers=SLOW.answers, piece_delay_s=0.02, prefill_delay_s=0.1), files=(picture,))
    driver.wait_for_pictures(1)
    driver.wait_for_model()
    panel = driver.parts.prompt

    def places() -> dict[str, QRect]:
        QApplication.processEvents()
        widgets: dict[str, QWidget] = {
            "panel": panel,
            "chips": panel.chips,
            "box": driver.prompt,
            "budget": panel.budget,
            "settings": panel.settings_button,
            "answers": driver.result,
        }
        return {name: widget.geometry() for name, widget in widgets.items()}

    before, ask_at = places(), driver.ask_button.geometry()
    driver.prompt.setPlainText("What?")
    assert places() == before
    driver.ask_button.click()
    driver.wait(lambda: driver.desk.conversation.turns[-1].phase == "reading_prompt")
    assert places() == before
    assert driver.stop_button.geometry() == ask_at
    driver.wait(lambda: bool(driver.desk.conversation.turns[-1].answer))
    assert places() == before
    driver.stop_button.click()
    driver.wait_for_answer()
    assert places() == before
    assert driver.ask_button.geometry() == ask_at


@pytest.mark.parametrize("size", [(1280, 820), (900, 620), (640, 480)])
def test_everything_fits_in_the_panel(open_window: OpenWindow, size: tuple[int, int]) -> None:
    driver = open_window(question="字" * 300)
    driver.window.resize(*size)
    QApplication.processEvents()
    panel = driver.parts.prompt
    for widget in (panel.chips, driver.prompt, panel.budget, panel.settings_button, driver.ask_button):
        place = QRect(widget.mapTo(driver.window, QPoint(0, 0)), widget.size())
        assert driver.window.rect().contains(place), widget.objectName()
        assert place.height() >= widget.minimumSizeHint().height() or widget is driver.prompt
    assert driver.result.height() >= 40


def test_what_the_empty_box_says_is_painted_anew(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.wait_for_model()
    driver.content.refresh_media()  # what waits to be shown would say again that nothing is here
    driver.parts.prompt.settings_button.setFocus()  # in its own focus the box paints its caret now and then
    painted: list[QEvent.Type] = []

    class Noting(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt names it
            painted.append(event.type())
            return False

    QApplication.processEvents()
    noting = Noting(driver.window)
    driver.prompt.viewport().installEventFilter(noting)
    driver.parts.prompt.show_media_count(1)
    QApplication.processEvents()
    assert driver.prompt.placeholderText() == "Ask about what you see…"
    assert QEvent.Type.Paint in painted


def test_the_keyboard_stays_on_ask_while_it_can_be_used(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.prompt.setPlainText("What?")
    driver.wait(driver.ask_button.isEnabled)
    driver.ask_button.setFocus()
    driver.content.refresh_media()
    assert driver.ask_button.hasFocus()
    driver.parts.prompt.edit.clear()
    assert driver.prompt.hasFocus()
