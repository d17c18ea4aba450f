from __future__ import annotations

from app.core.errors import ErrorText, UserError, describe_error


def test_an_error_with_words_keeps_them() -> None:
    error = UserError("It is empty.", "Choose another.", "0 bytes")
    assert describe_error(error) == ErrorText("It is empty.", "Choose another.", "0 bytes", "input")


def test_an_unforeseen_error_has_a_hint_that_is_right_without_a_window_and_keeps_its_trace() -> None:
    said = describe_error(KeyError("lost"))
    assert str(said) == "Something went wrong inside the program. Try again; the log has the details."
    assert said.detail.endswith("KeyError: 'lost'\n")


def test_too_little_memory_has_words_of_its_own() -> None:
    assert describe_error(MemoryError()).text == "There was not enough memory."
