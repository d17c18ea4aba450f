"""Which language the window speaks, and that it speaks it everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QLocale, QObject, QSize, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextBrowser,
    QWidget,
)

from app.backends.fake_backend import FakeScript
from app.core.errors import Sentence
from app.core.settings import Language, Settings
from app.gui.language import chosen_language, speak
from app.gui.models.row_words import row_details, row_text
from app.gui.wording import paragraph, spoken
from tests.gui.conftest import draw
from tests.gui.models_shown import here, models_for, show_models
from tests.gui.window_driver import OpenWindow, WindowDriver

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("english_afterwards")


def read(driver: WindowDriver) -> str:
    """The conversation without what keeps its words on one line."""
    return driver.result.toPlainText().replace("\u2060", "")


@pytest.fixture
def english_afterwards(qapp: QApplication) -> Iterator[None]:
    yield
    speak(qapp, "en")


@pytest.mark.parametrize(
    ("wanted", "system", "spoken_language"),
    [
        ("en", ["zh-Hans-CN", "zh"], "en"),
        ("zh_CN", ["en-GB"], "zh_CN"),
        ("system", ["en-Latn-GB", "en-GB"], "en"),
        ("system", ["zh-Hans-CN", "zh-CN", "zh"], "zh_CN"),
        ("system", ["zh_SG.UTF-8"], "zh_CN"),
        ("system", ["de-DE", "de", "zh-CN", "en-US"], "zh_CN"),
        ("system", ["de-DE", "de"], "en"),
        ("system", ["zh-Hant-TW", "zh-TW", "zh-Hant", "zh"], "zh_CN"),
        ("system", ["zh-Hant-TW", "zh-TW", "zh-Hant", "zh", "en-TW"], "en"),
        ("system", ["zh-Hans-HK", "zh-HK"], "zh_CN"),
        ("system", ["C"], "en"),
        ("system", [], "en"),
    ],
)
def test_the_language_follows_the_choice_and_then_the_system(
    wanted: Language, system: list[str], spoken_language: str
) -> None:
    assert chosen_language(wanted, system) == spoken_language


def test_the_window_speaks_chinese_throughout(open_window: OpenWindow, picture: Path, checkpoint_dir: Path) -> None:
    driver = open_window(files=(picture,), settings=Settings(model=str(checkpoint_dir), language="zh_CN"))
    driver.wait_for_model()
    driver.wait_for_pictures(1)
    menus = [action.text() for action in driver.window.menuBar().actions()]
    assert menus[0] == "文件(&F)"
    assert driver.ask_button.text().startswith("提问")
    assert driver.model_text.endswith("就绪")
    driver.ask("What is this?")
    driver.wait_for_answer()
    driver.wait(lambda: "复制" in read(driver))
    driver.content.open_path(ROOT / "pyproject.toml")
    driver.wait(lambda: bool(driver.refusals))
    assert "“pyproject.toml”不是图片或视频。" in driver.refusals
    assert "支持 JPEG、PNG" in driver.refusals


def test_no_command_under_an_answer_is_broken_between_two_lines(open_window: OpenWindow) -> None:
    driver = open_window(settings=Settings(language="zh_CN"))
    driver.wait_for_model()
    driver.ask("What is this?")
    driver.wait_for_answer()
    driver.wait(lambda: "重新提问" in read(driver))
    document = driver.result.document()
    for width in range(300, 420, 7):
        driver.result.document().setTextWidth(width)
        for block in (document.findBlockByNumber(number) for number in range(document.blockCount())):
            layout = block.layout()
            text = block.text()
            lines = [layout.lineAt(index) for index in range(layout.lineCount())]
            shown = [text[line.textStart() : line.textStart() + line.textLength()] for line in lines]
            if "重" in text:
                assert any("重新提问" in line.replace("\u2060", "") for line in shown), (width, shown)


def test_a_model_that_does_not_load_says_so_in_chinese(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    driver = open_window(FakeScript(fails_to_load=True), settings=Settings(model=str(checkpoint_dir), language="zh_CN"))
    driver.wait(lambda: driver.desk.model.stage == "failed")
    assert "模拟模型无法加载" in driver.parts.notice.text
    assert driver.model_text.endswith("无法使用")
    assert driver.desk.model.error is not None
    assert "The fake model does not load." in driver.desk.report(driver.desk.model.error)


NAMES = (
    r"Viewfinder|Markdown|JSON|Qwen3-VL\S*|Qwen/\S*|token|(?:Top|Min)-[pk]|English|Ctrl|Shift|Alt|Esc|Del|MP"
    r"|hf_…|https://huggingface\.co|/\S+"
    r"|JPEG|PNG|WebP|HEIC|AVIF|TIFF|GIF|BMP|MP4|MOV|MKV|WebM|AVI|four colours\.png|fake(?: 1)?|no device|What is this\?"
)
"""The same in Chinese: names of things and of keys, what the test itself wrote, what the fake backend says."""


def heard_and_read(window: QWidget) -> Iterator[str]:
    """All texts of a window, shown or not yet shown."""
    for item in (window, *window.findChildren(QObject)):
        if isinstance(item, QWidget | QAction):
            yield from (item.toolTip(), item.statusTip(), item.whatsThis())
        if isinstance(item, QWidget):
            yield from (item.accessibleName(), item.accessibleDescription(), item.windowTitle())
        if isinstance(item, QLabel | QAbstractButton | QAction):
            yield item.text()
        if isinstance(item, QLineEdit | QPlainTextEdit | QTextBrowser):
            yield item.placeholderText()
        if isinstance(item, QTextBrowser):
            yield from item.toPlainText().splitlines()
        if isinstance(item, QComboBox):
            yield from (item.itemText(index) for index in range(item.count()))


def test_no_english_is_left(open_window: OpenWindow, picture: Path) -> None:
    script = FakeScript(answers=("红色。",))
    driver = open_window(script, files=(picture,), settings=Settings(language="zh_CN"))
    driver.wait_for_model()
    driver.wait_for_pictures(1)
    driver.ask("What is this?")
    driver.wait_for_answer()
    driver.content.commands.show_settings(True)
    driver.action("commandListAction").trigger()
    for _ in range(3):
        QCoreApplication.processEvents()
    texts = set(heard_and_read(driver.window))
    assert "设置" in texts
    left = {text for text in texts if not re.search("[\u4e00-\u9fff]", text)}
    assert sorted(text for text in left if re.search("[A-Za-z]{2}", re.sub(NAMES, "", text))) == []


@pytest.mark.parametrize("state", ["all", "downloading", "failed", "paused", "empty", "offline", "search"])
def test_no_english_is_left_in_the_models(open_window: OpenWindow, state: str) -> None:
    store, downloads = models_for(state)
    settings = Settings(language="zh_CN", is_offline=state == "offline")
    driver = open_window(settings=settings, models=store, downloads=downloads)
    driver.wait_for_model()
    show_models(state)(driver.window)
    sheet = driver.content.models.sheet
    lines = {row_text(row) for row in sheet.list.rows} | {row_details(row) for row in sheet.list.rows}
    texts = {*heard_and_read(sheet), *(re.sub(r"Qwen3[-\w. ]+", "", line) for line in lines)}
    assert "已安装" in texts
    known = rf"{NAMES}|mlx-community|Qwen3|Volumes|LM Studio|Hugging Face|Hub|thinking|GB|MB|MLX|\d-bit|bf16"
    left = {text for text in texts if re.search("[A-Za-z]{2}", re.sub(known, "", text))}
    assert sorted(text for text in left if not re.search("[\u4e00-\u9fff]", text)) == []


def test_the_next_window_has_another_model_answer_too(open_window: OpenWindow) -> None:
    driver = open_window(models=here())
    driver.wait_for_model()
    driver.action("modelsAction").trigger()
    choose_language(driver, "zh_CN")
    driver.wait(lambda: driver.desk.models.is_looked_at)
    driver.action("modelsAction").trigger()
    assert driver.content.models.sheet.list.rows
    driver.desk.models.use("demo")
    assert driver.desk.settings.model == "demo"


def choose_language(driver: WindowDriver, language: Language) -> None:
    """Chooses in the settings, and goes on with the window that comes."""
    driver.content.commands.show_settings(True)
    box = driver.content.settings.panel.program.language
    box.setCurrentIndex(box.findData(language))
    driver.follow()


def test_another_language_holds_at_once_and_nothing_is_lost(open_window: OpenWindow, tmp_path: Path) -> None:
    pictures = tuple(draw(tmp_path / f"{number}.png") for number in range(3))
    driver = open_window(FakeScript(answers=("Red.", "Blue.")), files=pictures, question="")
    driver.wait_for_model()
    driver.wait_for_pictures(3)
    second = driver.desk.pictures.media[1].medium_id
    driver.parts.tray.select([second])
    driver.ask("What colour?")
    driver.wait_for_answer()
    driver.prompt.setPlainText("Not yet asked")
    driver.window.resize(1010, 700)
    desk = driver.desk
    choose_language(driver, "zh_CN")
    assert driver.desk is desk
    assert driver.window.size() == QSize(1010, 700)
    assert driver.ask_button.text().startswith("提问")
    assert driver.prompt.toPlainText() == "Not yet asked"
    assert driver.parts.tray.selected_ids == (second,)
    driver.wait(lambda: all(driver.parts.tray.thumbnail(medium.medium_id) for medium in desk.pictures.media))
    assert "Red." in driver.result.toPlainText()
    assert "复制" in read(driver)
    assert driver.content.settings.is_open
    driver.wait(lambda: bool(driver.saved) and driver.saved[-1].language == "zh_CN")
    driver.ask("And now?")
    driver.wait(lambda: "Blue." in driver.result.toPlainText())
    choose_language(driver, "en")
    assert driver.ask_button.text().startswith("Ask")
    assert [turn.answer for turn in driver.desk.conversation.turns] == ["Red.", "Blue."]
    assert driver.milestones.count("first_paint") == 1


def test_an_answer_goes_on_in_another_language(open_window: OpenWindow) -> None:
    driver = open_window(FakeScript(answers=("word " * 4000,), piece_delay_s=0.01))
    driver.wait_for_model()
    driver.ask("Tell me.")
    driver.wait(lambda: bool(driver.desk.conversation.turns and driver.desk.conversation.turns[-1].answer))
    choose_language(driver, "zh_CN")
    assert driver.desk.conversation.open_turn is not None
    assert driver.stop_button.isVisible()
    driver.stop_button.click()
    driver.wait_for_answer()
    driver.wait(lambda: "已停止" in driver.result.toPlainText())


def test_the_language_that_is_spoken_already_changes_no_window(open_window: OpenWindow) -> None:
    driver = open_window()
    driver.wait_for_model()
    before = driver.window
    driver.desk.change_settings(replace(driver.desk.settings, appearance="dark"))
    for _ in range(3):
        QCoreApplication.processEvents()
    assert shiboken6.isValid(before)
    assert before.isVisible()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_each_letter_opens_one_command_of_a_menu(open_window: OpenWindow, language: Language) -> None:
    menu_bar = open_window(settings=Settings(language=language)).window.menuBar()
    menus = [menu_bar.actions(), *(menu.actions() for menu in menu_bar.findChildren(QMenu))]
    for actions in menus:
        texts = [action.text() for action in actions if action.text()]
        letters = [found.group(1).lower() for text in texts if (found := re.search(r"&(\w)", text))]
        assert sorted(letters) == sorted(set(letters)), texts


def test_qts_own_words_are_chinese_too(open_window: OpenWindow, checkpoint_dir: Path) -> None:
    driver = open_window(settings=Settings(model=str(checkpoint_dir), language="zh_CN"))
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, driver.window)
    assert "取消" in box.button(QDialogButtonBox.StandardButton.Cancel).text()
    menu = driver.prompt.createStandardContextMenu()
    assert any("粘贴" in action.text() for action in menu.actions())
    menu.deleteLater()


def test_values_within_a_sentence_are_spoken_too(qapp: QApplication) -> None:
    speak(qapp, "zh_CN")
    template = "“{name}” is {kind}, which cannot be opened as a picture."
    document = Sentence(template, name="a{b}", kind=Sentence("a PDF document"))
    assert spoken(document) == "“a{b}”（PDF 文档）无法作为图片打开。"
    assert spoken("The program is closing.") == "程序正在关闭。"
    assert (spoken(""), spoken("not a known text {x}")) == ("", "not a known text {x}")
    speak(qapp, "en")
    assert spoken(document) == "“a{b}” is a PDF document, which cannot be opened as a picture."


def test_chinese_sentences_stand_without_a_space_between_them() -> None:
    assert paragraph("已移除。", "", "可撤销。") == "已移除。可撤销。"
    assert paragraph("Gone.", "Undo.") == "Gone. Undo."


def test_another_language_takes_the_place_of_the_first(qapp: QApplication) -> None:
    for _ in range(3):
        speak(qapp, "zh_CN")
    assert QLocale().language() == QLocale.Language.Chinese
    assert len({id(translator) for translator in qapp.findChildren(QTranslator)}) >= 2
    assert speak(qapp, "en") == "en"
    assert QLocale().language() == QLocale.Language.English
    assert spoken("The program is closing.") == "The program is closing."
    assert qapp.font().families().count("Noto Sans CJK SC") <= 1


@pytest.mark.allows_log
def test_without_a_translation_the_program_speaks_english(
    qapp: QApplication, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speak(qapp, "zh_CN", tmp_path)
    assert spoken("The program is closing.") == "The program is closing."
    assert "There is no translation" in caplog.text
    speak(qapp, "en")


def test_the_process_follows_the_systems_language(tmp_path: Path) -> None:
    code = (
        "from PySide6.QtWidgets import QApplication\n"
        "from app.gui.language import speak\n"
        "from app.gui.wording import spoken\n"
        "print(speak(QApplication([]), 'system'), ascii(spoken('Ask again.')))\n"
    )
    for language, said in (("zh_CN.UTF-8", f"zh_CN {'请重新提问。'!a}"), ("en_GB.UTF-8", "en 'Ask again.'")):
        environment = {**os.environ, "LANG": language, "LC_ALL": language, "LANGUAGE": "", "HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
        )
        if sys.platform == "linux":
            assert done.stdout.strip() == said


@pytest.mark.parametrize(("language", "settings", "stop"), [("en", "Settings…", "Stop"), ("zh_CN", "设置…", "停止")])
def test_a_macs_menu_names_the_settings_as_the_system_does(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, language: Language, settings: str, stop: str
) -> None:
    monkeypatch.setattr("app.gui.language.sys", SimpleNamespace(platform="darwin"))
    for _ in range(2):
        speak(qapp, language)
        assert QCoreApplication.translate("QMenuBar", "Preferences...") == settings
        assert stop in QCoreApplication.translate("Actions", "&Stop").replace("&", "")
    monkeypatch.undo()
    speak(qapp, "en")
    assert QCoreApplication.translate("QMenuBar", "Preferences...") == "Preferences..."


@pytest.mark.parametrize(
    ("languages", "spoken_language"),
    [
        ("zh-Hans-CN zh-CN zh-Hans zh en-CN en", "zh_CN"),
        ("en-CN en zh-Hans-CN zh-Hans zh", "en"),
        ("de-DE de zh-Hans-DE zh-Hans zh en-DE", "zh_CN"),
        ("zh-Hant-TW zh-TW zh-Hant zh en-TW", "en"),
        ("zh-Hant-HK zh-HK zh-Hant zh ja-HK ja", "zh_CN"),
        ("yue-Hant-HK yue en-GB", "en"),
        ("fr-FR fr", "en"),
        ("", "en"),
    ],
)
def test_the_order_of_a_macs_languages_decides(languages: str, spoken_language: str) -> None:
    assert chosen_language("system", languages.split()) == spoken_language
