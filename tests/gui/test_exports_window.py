"""Both exports from the menu; a failed save keeps everything."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QFileDialog

from app.backends.fake_backend import FakeScript

if TYPE_CHECKING:
    from tests.gui.window_driver import OpenWindow, WindowDriver


@pytest.fixture
def answered(open_window: OpenWindow, picture: Path) -> WindowDriver:
    driver = open_window(FakeScript(answers=("A **cat**.", "A dog.")), files=(picture,))
    assert not driver.action("exportMarkdownAction").isEnabled()
    driver.wait_for_pictures(1)
    for question in ("What is this?", "And this?"):
        driver.ask(question)
        driver.wait_for_answer()
    return driver


def choose(monkeypatch: pytest.MonkeyPatch, path: Path) -> list[str]:
    """Chooses this file in the next save dialogs; gives the names that were suggested."""
    suggested: list[str] = []

    def get_name(_parent: object, _title: str, name: str, _filter: str) -> tuple[str, str]:
        suggested.append(name.rpartition("/")[2])
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", get_name)
    return suggested


def test_markdown_is_saved_from_the_menu(
    answered: WindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggested = choose(monkeypatch, tmp_path / "answer.md")
    answered.action("exportMarkdownAction").trigger()
    text = (tmp_path / "answer.md").read_text(encoding="utf-8")
    assert suggested == ["four colours.md"]
    assert "A **cat**." in text
    assert "four%20colours.png" in text
    assert not (tmp_path / "answer-files").exists()


def test_pictures_are_copied_beside_markdown_on_request(
    answered: WindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "answer.md")
    answered.action("copyPicturesAction").trigger()
    answered.action("exportMarkdownAction").trigger()
    assert [file.name for file in (tmp_path / "answer-files").iterdir()] == ["four colours.png"]


def test_json_is_saved_from_the_menu_and_gets_its_ending(
    answered: WindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "answer")
    answered.action("exportJsonAction").trigger()
    value = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert value["format"] == "viewfinder.result/1"
    assert [turn["answer"] for turn in value["turns"]] == ["A **cat**.", "A dog."]
    assert value["turns"][0]["media"][0]["name"] == "four colours.png"


def test_a_failed_save_says_why_and_the_answer_stays(
    answered: WindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, tmp_path / "no such folder" / "answer.md")
    before = answered.result.toPlainText()
    answered.action("exportMarkdownAction").trigger()
    assert "does not exist" in answered.parts.notice.text
    assert answered.result.toPlainText() == before
    assert answered.action("exportMarkdownAction").isEnabled()
    choose(monkeypatch, tmp_path / "answer.md")
    answered.action("exportMarkdownAction").trigger()
    assert (tmp_path / "answer.md").is_file()
    assert answered.parts.notice.text == ""


def test_a_dialog_that_is_cancelled_saves_nothing(
    answered: WindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    before = sorted(tmp_path.rglob("*"))
    answered.action("exportJsonAction").trigger()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_name_without_its_ending_never_replaces_another_file(
    answered: WindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.md").write_text("precious", encoding="utf-8")
    choose(monkeypatch, tmp_path / "report")
    answered.action("exportMarkdownAction").trigger()
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == "precious"
    choose(monkeypatch, tmp_path / "v1.2 result")
    answered.action("exportMarkdownAction").trigger()
    assert "A **cat**." in (tmp_path / "v1.2 result.md").read_text(encoding="utf-8")


def test_exports_are_offered_to_go_to_the_chosen_folder(
    answered: WindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[str] = []

    def get_name(_parent: object, _title: str, name: str, _filter: str) -> tuple[str, str]:
        offered.append(name)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", get_name)
    answered.desk.change_settings(replace(answered.desk.settings, export_dir=tmp_path / "chosen"))
    answered.action("exportJsonAction").trigger()
    assert offered == [str(tmp_path / "chosen" / "four colours.json")]


def test_exports_are_offered_where_the_last_one_was_saved_and_never_in_the_program(
    answered: WindowDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[str] = []
    (tmp_path / "saved").mkdir()

    def get_name(_parent: object, _title: str, name: str, _filter: str) -> tuple[str, str]:
        folders.append(name.rpartition("/")[0])
        return str(tmp_path / "saved" / "answer.json"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", get_name)
    answered.content.commands.open_sample()
    answered.action("exportJsonAction").trigger()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(tmp_path / "four colours.png")], ""))
    answered.action("openAction").trigger()
    answered.action("exportJsonAction").trigger()
    assert folders == [str(Path.home()), str(tmp_path / "saved")]
