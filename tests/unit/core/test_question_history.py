"""Earlier questions: going back and forth without losing a word, and the file they are kept in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import UserError
from app.core.question_history import (
    LONGEST_KEPT,
    MOST_QUESTIONS,
    Draft,
    KeptQuestions,
    QuestionHistory,
    joined,
    read_questions,
    write_questions,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_older_and_newer_and_back_to_what_was_being_written() -> None:
    history = QuestionHistory(["one", "two"])
    assert history.step(1, "half a") is None
    assert history.step(-1, "half a") == "two"
    assert history.step(-1, "two") == "one"
    assert history.step(-1, "one") is None
    assert history.step(1, "one") == "two"
    assert history.step(1, "two") == "half a"


def test_what_was_changed_on_the_way_is_still_there() -> None:
    history = QuestionHistory(["one", "two"])
    history.step(-1, "draft")
    assert history.step(-1, "two, changed") == "one"
    assert history.step(1, "one") == "two, changed"
    assert history.asked("two, changed") == "draft"
    assert tuple(history.questions) == ("one", "two", "two, changed")
    assert history.step(-1, "") == "two, changed"
    assert history.step(-1, "two, changed") == "two"


def test_a_question_asked_again_stands_once_at_its_last_place() -> None:
    history = QuestionHistory()
    for text in ("one", "two", "one", " ", ""):
        assert history.asked(text) == ""
    assert tuple(history.questions) == ("two", "one")


def test_what_a_task_took_the_place_of_is_found_by_going_back() -> None:
    history = QuestionHistory(["one"])
    history.set_aside("half a question")
    history.set_aside("  ")
    history.set_aside("one")
    assert history.step(-1, "Describe this image.") == "half a question"
    assert history.step(-1, "half a question") == "one"
    assert tuple(history.questions) == ("one",)
    history.asked("half a question")
    assert tuple(history.questions) == ("one", "half a question")
    assert history.step(-1, "") == "half a question"
    assert history.step(-1, "half a question") == "one"


def test_questions_of_earlier_runs_stand_before_those_of_this_one() -> None:
    history = QuestionHistory()
    history.asked("now")
    history.add_earlier(["before", "now"])
    assert tuple(history.questions) == ("before", "now")
    history.forget()
    assert tuple(history.questions) == ()
    assert history.step(-1, "x") is None


@given(st.lists(st.text(max_size=3), max_size=300))
def test_the_newest_are_kept_each_once(questions: list[str]) -> None:
    kept = joined(questions)
    assert len(set(kept)) == len(kept) <= MOST_QUESTIONS
    assert set(kept) <= set(questions)
    if questions:
        assert kept[-1] == questions[-1]


@given(st.lists(st.text(max_size=20)), st.lists(st.sampled_from([-1, 1]), max_size=20), st.text())
def test_no_way_back_and_forth_loses_the_draft(questions: list[str], steps: list[int], draft: str) -> None:
    history = QuestionHistory(questions)
    shown = draft
    for by in steps:
        found = history.step(by, shown)
        shown = shown if found is None else found
    while (found := history.step(1, shown)) is not None:
        shown = found
    assert shown == draft


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "new" / "questions.json"
    kept = KeptQuestions(("这是什么？", "a\nb", "half \ud83d"), Draft("unfinished", "count"))
    write_questions(file, kept)
    assert read_questions(file) == kept
    assert read_questions(tmp_path / "none.json") == KeptQuestions()


def test_the_file_is_bounded_and_goes_when_there_is_nothing(tmp_path: Path) -> None:
    file = tmp_path / "questions.json"
    many = tuple(f"question {number}" for number in range(MOST_QUESTIONS + 5))
    write_questions(file, KeptQuestions((*many, "x" * (LONGEST_KEPT + 1)), Draft("y" * (LONGEST_KEPT + 1), "count")))
    kept = read_questions(file)
    assert kept.questions == many[-(MOST_QUESTIONS - 1) :]
    assert kept.draft == Draft()
    write_questions(file, KeptQuestions())
    assert not file.exists()


@pytest.mark.allows_log
@pytest.mark.parametrize("content", ["", "[]", "{}", '{"questions": [1]}', "[" * 100_000, "\xff"])
def test_a_damaged_file_is_kept_aside(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "questions.json"
    file.write_bytes(content.encode("latin-1"))
    assert read_questions(file) == KeptQuestions()
    assert not file.exists()
    assert (tmp_path / "questions.json.bad").read_bytes() == content.encode("latin-1")
    assert "kept as questions.json.bad" in caplog.text


@pytest.mark.allows_log
def test_no_question_stands_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "questions.json"
    file.write_text(json.dumps({"questions": ["a secret"], "draft": 1}), encoding="utf-8")
    with caplog.at_level("DEBUG"):
        read_questions(file)
    assert caplog.text
    assert "secret" not in caplog.text


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="Earlier questions cannot be kept"):
        write_questions(tmp_path / "file" / "questions.json", KeptQuestions(("one",)))
