"""Programs in colours: each can be read, none changes a letter."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFont, QPalette

from app.gui.answers.answer_look import AnswerLook, code_ground
from app.gui.answers.code_colours import _LANGUAGES, MEANINGS, _lexer, coloured, meaning_colour
from app.gui.contrast import TEXT_RATIO, contrast
from app.gui.palettes import DARK, LIGHT, filled

pytestmark = pytest.mark.usefixtures("qtbot")


def palettes() -> list[QPalette]:
    return [filled(LIGHT), filled(DARK), QPalette("#ffffff"), QPalette("#222226")]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("meaning", MEANINGS)
def test_every_colour_can_be_read_on_the_ground_of_code(number: int, meaning: str) -> None:
    palette = palettes()[number]
    ground = code_ground(palette)
    assert contrast(meaning_colour(meaning, palette), ground) >= TEXT_RATIO
    assert contrast(palette.color(QPalette.ColorRole.Text), ground) >= TEXT_RATIO
    look = AnswerLook(QFont(), palette)
    for style in (look.dim, look.command("copy:1"), look.linked(look.words, "https://a.b")):
        assert contrast(look.on_code(style).foreground().color(), ground) >= TEXT_RATIO


def test_a_program_has_its_meanings() -> None:
    program = 'def area(x):\n    return "a" + 1  # why\n'
    found = {piece.strip(): meaning for piece, meaning in coloured(program, "python")}
    assert found["def"] == "keyword"
    assert found["area"] == "name"
    assert found['"a"'] == "string"
    assert found["1"] == "number"
    assert found["# why"] == "comment"


@pytest.mark.parametrize("language", ["", "text", "no such language", "../../x", "PYTHON"])
def test_a_language_that_is_not_known_changes_nothing(language: str) -> None:
    assert "".join(piece for piece, _ in coloured("def f(): pass", language)) == "def f(): pass"


@pytest.mark.parametrize("language", ["typescript", "csharp", "make", "java", "json"])
def test_lines_that_would_keep_a_lexer_busy_do_not(language: str) -> None:
    began = time.thread_time()
    for text in ("a.b" * 1_000, "_" * 3_000, '"a\\' * 1_000, "\n" * 40, "a\n" * 40, "int a " * 60):
        assert "".join(piece for piece, _ in coloured(text, language)) == text
    assert time.thread_time() - began < 0.4, "a bound for slow machines; such lines took a second each"


def test_every_language_that_is_coloured_has_a_lexer() -> None:
    for language in sorted(_LANGUAGES):
        assert "".join(piece for piece, _ in coloured("x = 1", language)) == "x = 1"
        assert _lexer(language) is not None, language


def test_a_long_line_of_json_is_coloured() -> None:
    assert len(list(coloured('{"label": "a shape"}, ' * 60, "json"))) > 100


@given(st.text(max_size=60), st.sampled_from(["python", "json", "html", "c++", "bash", "sql", "diff", "yaml"]))
def test_no_letter_is_lost(text: str, language: str) -> None:
    assert "".join(piece for piece, _ in coloured(text, language)) == text
