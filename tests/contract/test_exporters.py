"""What every export format promises, whatever it is given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from app.core.results import Result
from app.exporters.saving import save
from app.exporters.table import EXPORTERS, exporter_for
from tests.example_results import RESULTS, media_record, result_of, turn_record

NAMES = sorted(EXPORTERS)


def test_names_and_suffixes_are_told_apart() -> None:
    assert all(name == exporter.name for name, exporter in EXPORTERS.items())
    suffixes = [suffix for exporter in EXPORTERS.values() for suffix in exporter.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(exporter_for(Path(f"a{suffix.upper()}")) for suffix in suffixes)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(result=RESULTS)
def test_any_result_becomes_text_for_a_utf8_file(name: str, result: Result) -> None:
    render = EXPORTERS[name].render
    text = render(result)
    assert text.encode("utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not [
        char for char in text if (ord(char) < 32 or (ord(char) == 127 and name != "json")) and char not in "\t\n"
    ]
    assert render(result) == text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "words",
    [
        "Zwölf Boxkämpfer – “quoted”",
        "看这张图片：有几个形状？",
        "🦊🖼️ e\u0301",
        "مرحبا",
        "a\tb",
        '{"x": [1, 2]}',
        "a \\ b",
    ],
)
def test_words_of_every_script_are_kept(name: str, words: str, tmp_path: Path) -> None:
    result = result_of(turn_record("plain", words, media=(media_record(f"{words}.png"),)))
    text = EXPORTERS[name].render(result)
    kept = words.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") if name == "json" else words
    assert kept in text
    save(result, tmp_path / "out", name)
    assert kept in (tmp_path / "out").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("outcome", ["done", "length", "cancelled", "failed"])
def test_an_empty_answer_is_a_result(name: str, outcome: str) -> None:
    empty = EXPORTERS[name].render(result_of(turn_record(answer="", outcome=outcome)))
    assert "Describe this image." in empty
    assert len({EXPORTERS[name].render(result_of(turn_record(outcome=end))) for end in ("done", outcome)}) in (1, 2)


@pytest.mark.parametrize("name", NAMES)
def test_how_an_answer_ended_is_said(name: str) -> None:
    texts = {
        EXPORTERS[name].render(result_of(turn_record(outcome=end))) for end in ("done", "length", "cancelled", "failed")
    }
    assert len(texts) == 4


@pytest.mark.parametrize("name", NAMES)
def test_a_huge_answer_is_kept_whole(name: str) -> None:
    line = "The 123rd line | with `code` and **weight**."
    text = EXPORTERS[name].render(result_of(turn_record(answer=f"{line}\n" * 25_000)))
    assert text.count(line) == 25_000


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_shows(name: str) -> None:
    turn = turn_record()
    text = EXPORTERS[name].render(result_of(turn))
    changes: dict[str, Any] = {
        "max_tokens": 77, "temperature": 0.33, "top_p": 0.44, "top_k": 55, "min_p": 0.066, "repetition_penalty": 1.23,
        "presence_penalty": 0.98, "seed": 424_242,
    }  # fmt: skip
    for field, value in changes.items():
        changed = replace(turn, sampling=replace(turn.sampling, **{field: value}))
        assert EXPORTERS[name].render(result_of(changed)) != text, field


@pytest.mark.parametrize("name", NAMES)
def test_several_turns_stand_in_order(name: str) -> None:
    text = EXPORTERS[name].render(result_of(*(turn_record(f"question {n}", f"answer {n}") for n in range(12))))
    places = [text.index(f"{word} {n}") for n in range(10) for word in ("question", "answer")]
    assert places == sorted(places)
