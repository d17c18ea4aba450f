"""An error names the place in the document and what is wrong there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from app.core.checked_values import CheckedValue
from app.core.errors import UserError


def checked(value: Any) -> CheckedValue:
    return CheckedValue(value, "This list", "Write it anew.")


def test_values_of_each_kind() -> None:
    value = checked({"a": [{"b": "text", "n": 3, "f": 1.5, "z": None, "t": "2026-01-02T03:04:05Z"}]})
    (item,) = value["a"].items()
    assert item["b"].text() == "text"
    assert item["n"].count(3) == 3
    assert (item["f"].number(), item["n"].number()) == (1.5, 3.0)
    assert item["z"].is_null
    assert item["t"].time() == datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    assert item.keys() == ["b", "n", "f", "z", "t"]
    assert item.get("none") is None
    assert item.get("b") is not None


@pytest.mark.parametrize(
    ("value", "read", "words"),
    [
        ({}, lambda part: part["a"], "“a” is missing"),
        ({"a": {}}, lambda part: part["a"]["b"], "“a.b” is missing"),
        ([], lambda part: part["a"], "it is not an object"),
        ({"a": 1}, lambda part: part["a"].items(), "“a” is not a list"),
        ({"a": [1]}, lambda part: part["a"].items()[0].text(), "“a[0]” is not a text"),
        ({"a": True}, lambda part: part["a"].count(), "“a” is not a whole number from 0"),
        ({"a": -1}, lambda part: part["a"].count(), "“a” is not a whole number from 0"),
        ({"a": 1.0}, lambda part: part["a"].count(), "“a” is not a whole number from 0"),
        ({"a": "1"}, lambda part: part["a"].number(), "“a” is not a number"),
        ({"a": False}, lambda part: part["a"].number(), "“a” is not a number"),
        ({"a": 10**400}, lambda part: part["a"].number(), "“a” is beyond all numbers"),
        ({"a": json.loads("1e999")}, lambda part: part["a"].number(), "“a” is beyond all numbers"),
        ({"a": "tomorrow"}, lambda part: part["a"].time(), "“a” is not a date and time"),
        ({"a": "2026-01-02T03:04:05"}, lambda part: part["a"].time(), "“a” is a time without its zone"),
        ("words", lambda part: part.keys(), "it is not an object"),
    ],
)
def test_what_is_wrong_is_named(value: Any, read: Callable[[CheckedValue], Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        read(checked(value))
    assert caught.value.said.text == f"This list is damaged: {words}."
    assert caught.value.said.hint == "Write it anew."
