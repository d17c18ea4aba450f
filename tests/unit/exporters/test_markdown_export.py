"""Markdown results read as a person would want them in a document."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.core.errors import ErrorText
from app.core.results import AdapterRecord, Result, SegmentRecord
from app.core.sampling import Sampling
from app.exporters.markdown_export import render
from tests.example_results import MODEL, RESULTS, media_record, result_of, turn_record

READER = MarkdownIt("commonmark").enable("table")
TRICKY_NAMES = [
    "a [1](x).png", "a b.png", "it's \"so\".png", "图片 (副本).png", "a|b.png", "a`b`.png", "two\nlines.png", "*_~.png",
    "<b>.png", "100%20.png", "a#b?c.png", "&amp;.png", "a\\b.png", "undecodable\udcff.png", "-.png", "1. x.png",
]  # fmt: skip


def flat(tokens: list[Token]) -> list[Token]:
    return [inner for token in tokens for inner in [token, *flat(token.children or [])]]


def headings(text: str) -> list[tuple[str, str]]:
    tokens = READER.parse(text)
    return [
        (token.tag, "".join(child.content for child in following.children or []))
        for token, following in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0
    ]


def test_a_whole_document() -> None:
    settings_text = (
        "temperature 0 (greedy), top-p 1, top-k 0, min-p 0, repetition penalty 1, presence penalty 0, at most 9 tokens"
    )
    record = media_record(path=Path("/pictures/two-shapes.png"))
    result = result_of(
        turn_record(
            media=(record,),
            answer="A **red** circle.",
            sampling=Sampling(9, 0, 1, 0, presence_penalty=0, seed=42),
            max_image_tokens=1024,
        ),
    )
    assert (
        render(result, {record: "two-shapes.png"})
        == """\
# two-shapes.png

## Question

![two-shapes.png](two-shapes.png)

> Describe this image.

## Answer

A **red** circle.

## Settings

| Setting | Value |
| --- | --- |
| Model | demo (bf16, revision sha256:0123) |
| Backend | mlx (mlx 0.32.4, mlx-vlm 0.7.10) |
| Token budget per picture | 1,024 |
| Picture | two-shapes.png: 640 x 480 pixels, seen at 640 x 480, 300 tokens |
| Sampling | SETTINGS |
| Seed | 42 |
| Tokens | 312 in the prompt (200 reused), 40 in the answer |
| Time | 0.52 s to the first token, 3.10 s in all, 30.1 tokens a second |
| Asked | 2026-03-04 15:06:07+08:00 |
| Program | Viewfinder 0.1.0 |
""".replace("SETTINGS", settings_text)
    )


def test_the_adapter_is_named_with_its_place_and_digest() -> None:
    model = replace(MODEL, adapter=AdapterRecord("receipts", Path("/loras/receipts"), "ef" * 32))
    text = render(replace(result_of(), model=model))
    assert f"| Adapter | receipts (/loras/receipts, SHA-256 {'ef' * 32}) |" in text
    assert "| Adapter |" not in render(result_of())


def test_several_questions_are_numbered_and_pictures_counted() -> None:
    first, second = media_record("a.png"), media_record("b.png", sha256="cd" * 32)
    text = render(
        result_of(turn_record(media=(first,)), turn_record("And this?", media=(second,)), system="Be brief.\nAlways."),
        {first: "a.png", second: "b.png"},
    )
    assert headings(text) == [
        ("h1", "a.png, b.png"), ("h2", "Instruction"), ("h2", "Question 1"), ("h2", "Answer 1"), ("h2", "Question 2"),
        ("h2", "Answer 2"), ("h2", "Settings"),
    ]  # fmt: skip
    assert "![Image 1: a.png](a.png)" in text
    assert "![Image 2: b.png](b.png)" in text
    assert "> Be brief.\\\n> Always." in text
    assert len([token for token in READER.parse(text) if token.type == "table_open"]) == 2


@pytest.mark.parametrize("name", TRICKY_NAMES)
def test_a_picture_with_any_name_is_linked_named_and_listed(name: str) -> None:
    path = Path("/pictures") / name.replace("/", "_")
    record = media_record(name, path)
    text = render(result_of(turn_record(media=(record,))))
    shown = " ".join(name.replace("\udcff", "\ufffd").split())
    images = [token for token in flat(READER.parse(text)) if token.type == "image"]
    assert len(images) == 1
    assert images[0].children is not None
    assert "".join(child.content for child in images[0].children) == shown
    assert unquote(str(images[0].attrs["src"]), errors="surrogateescape") == str(path)
    assert headings(text)[0] == ("h1", shown)
    cells = ["".join(child.content for child in token.children or []) for token in READER.parse(text) if token.children]
    assert f"{shown}: 640 x 480 pixels, seen at 640 x 480, 300 tokens" in cells


def test_a_pasted_picture_is_named_and_not_linked() -> None:
    record = media_record("Pasted [1]")
    text = render(result_of(turn_record(media=(record,))), {})
    assert "*Pasted \\[1\\] (not in a file)*" in text
    assert not [token for token in flat(READER.parse(text)) if token.type == "image"]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("length", "*The answer was cut off at the limit of 1,024 tokens.*"),
        ("cancelled", "*The answer was stopped before its end.*"),
        ("failed", "*The answer failed; this is as far as it came.*"),
    ],
)
def test_how_the_answer_ended_is_said_after_it(outcome: str, words: str) -> None:
    assert f"A red circle.\n\n{words}\n\n## Settings" in render(result_of(turn_record(outcome=outcome)))
    assert f"*There is no answer.*\n\n{words}" in render(result_of(turn_record(answer=" \n", outcome=outcome)))


@pytest.mark.parametrize(
    "answer",
    [
        "```python\nprint(1)", "~~~~\n# open", "- item\n  ```\n  open", "> ```\n> open", "<!-- open", "<details>",
        "<script>alert(1)", "| a |\n|---|\n| `", "# Settings\n## Settings", "text\n===", "    code", "1. a\n   - b",
        "[Settings]: http://x", "***", "\\", "`open", "<pre>\n\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("outcome", ["done", "cancelled"])
def test_no_answer_swallows_or_mimics_the_rest(answer: str, outcome: str) -> None:
    text = render(result_of(turn_record(answer=answer, outcome=outcome)))
    mine = [heading for heading in headings(text) if heading[0] in {"h1", "h2"}]
    assert mine == [("h1", "Conversation"), ("h2", "Question"), ("h2", "Answer"), ("h2", "Settings")]
    tokens = READER.parse(text)
    assert tokens[-1].type == "table_close"
    assert not [token for token in flat(tokens) if token.type in {"html_block", "html_inline"}]


@settings(max_examples=150)
@given(RESULTS)
def test_any_result_keeps_the_documents_own_structure(result: Result) -> None:
    text = render(result, {})
    mine = [name for tag, name in headings(text) if tag == "h2"]
    wanted = [] if not result.system.strip() else ["Instruction"]
    for number in range(1, len(result.turns) + 1):
        which = f" {number}" if len(result.turns) > 1 else ""
        wanted += [f"Question{which}", f"Answer{which}"]
    assert mine == [*wanted, "Settings"]
    assert READER.parse(text)[-1].type == "table_close"
    assert not [token for token in flat(READER.parse(text)) if token.type in {"html_block", "html_inline", "image"}]


def test_an_answers_own_headings_stand_below_the_documents() -> None:
    text = render(result_of(turn_record(answer="# Title\n\ntext\n\n## Part")))
    assert headings(text)[3:5] == [("h3", "Title"), ("h4", "Part")]


def test_a_long_video_is_told_whole_first_and_then_by_its_parts() -> None:
    parts = (
        SegmentRecord(0.0, 360.0, answer="# One\nA door.", outcome="done"),
        SegmentRecord(358.0, 720.0, outcome="failed", error=ErrorText("Damaged *here*.", "Copy it.")),
        SegmentRecord(718.0, 1080.0),
    )
    text = render(result_of(turn_record(answer="All in all.\n\n### Timeline", segments=parts)))
    order = ["All in all.", "### Timeline", "### Parts", "**0:00 – 6:00**", "#### One", "**5:58 – 12:00**", "it failed"]
    places = [text.index(words) for words in [*order, r"Damaged \*here\*", "**11:58 – 18:00**", "it was stopped"]]
    assert places == sorted(places)
    stopped = render(result_of(turn_record(answer="", outcome="cancelled", segments=parts)))
    assert "were not put together" in stopped
    assert "There is no answer" not in stopped
