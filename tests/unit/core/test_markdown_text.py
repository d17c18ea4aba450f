"""What others wrote stays within its place in a Markdown document, and reads as it was written."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.core.markdown_text import contained, plain, plain_line

READER = MarkdownIt("commonmark").enable("table").enable("strikethrough")
WITHOUT_HTML = MarkdownIt("commonmark", {"html": False})
END = "\n\n## The end\n"

FRAGMENTS = st.sampled_from(
    [
        "a", "b c", "#", "##", "######", " ", "  ", "    ", "\t", "\n", "\n\n", "- ", "* ", "+ ", "1. ", "2) ", "10. ",
        "> ", ">", "```", "````", "~~~", "``", "`", "```py", "---", "===", "***", "|", "| a | b |\n|---|---|\n",
        "<b>", "</b>", "<!--", "-->", "<script>", "<div>\n", "<?", "<![CDATA[", "<a href='x'>", "<http://a.b>", "&lt;",
        "![x](http://a/b.png)", "![", "[x]", "](y)", "[x]: http://a", "\\", "\\`", "\\<", "*", "**", "_", "~~", "$$",
        "    code <b>", "\\\n", "照片",
    ]
)  # fmt: skip
MARKDOWN = st.lists(FRAGMENTS, max_size=14).map("".join)


def flat(tokens: list[Token]) -> list[Token]:
    return [inner for token in tokens for inner in [token, *flat(token.children or [])]]


def code_of(tokens: list[Token]) -> list[str]:
    return [token.content.rstrip() for token in tokens if token.type in {"fence", "code_block"}]


def assert_contained(text: str) -> None:
    written = contained(text, 3)
    tokens = READER.parse(written + END)
    heading = tokens[-3:]
    assert [token.type for token in heading] == ["heading_open", "inline", "heading_close"]
    assert heading[0].level == 0
    assert (heading[0].tag, heading[1].content) == ("h2", "The end")
    every = flat(tokens)
    assert not [token for token in every if token.type in {"html_block", "html_inline", "image"}]
    levels = [int(token.tag[1]) for token in every[:-4] if token.type == "heading_open"]
    assert all(level >= 3 for level in levels)
    assert code_of(WITHOUT_HTML.parse(written)) == code_of(WITHOUT_HTML.parse(text))


@settings(max_examples=400)
@given(MARKDOWN)
@example("```\nopen")
@example("- item\n  ```\n  open")
@example("> ~~~~\n> open")
@example("> - ```\n>   open")
@example("1. a\n\n   ```py\n   open\n   ``")
@example("a ```\n``` `<b>`\n| x |\n|---|\n| ``` |")
@example("| ` | <b> |\n|---|---|\n| ` | x |")
def test_markdown_of_others_cannot_reach_beyond_its_end(text: str) -> None:
    assert_contained(text)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_text_at_all_reaches_beyond_its_end(text: str) -> None:
    written = contained(text, 3)
    assert [token.content for token in READER.parse(written + END)][-2] == "The end"
    assert "\r" not in written


@pytest.mark.parametrize(
    "text",
    [
        "A **cat** on a _mat_, `x < y` and 3 < 4.\n\n1. one\n2. two\n   - deep\n\n> quoted\n\n---\nend",
        "| a | b |\n|---|:-:|\n| `<td>` | **2** |",
        "```html\n<b>kept</b>\n![kept](x)\n```\nafter",
        "    <b>indented code</b>",
        "~~~\n# no heading\n~~~",
        "### Third\n\n#### Fourth",
        "[link](http://example.org) and a `![code](x)`",
        "$$\\frac{a}{b}$$ costs $5",
    ],
)
def test_ordinary_formatting_is_kept_to_the_letter(text: str) -> None:
    assert contained(text, 3) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("```py\nx = 1", "```py\nx = 1\n```"),
        ("```py | x |\n|--|--|\n```", "```py \n|--|--|\n```"),
        ("~~~~\n~~~", "~~~~\n~~~\n~~~~"),
        ("- a\n  ```\n  b", "- a\n  ```\n  b\n  ```"),
        ("> ```\n> b", "> ```\n> b\n> ```"),
        ("- a\n  ```\n  b\nout", "- a\n  ```\n  b\nout"),
        ("<b>x</b>", "\\<b>x\\</b>"),
        ("\\<b>", "\\<b>"),
        ("\\\\<b>", "\\\\\\<b>"),
        ("<!-- hidden", "\\<!-- hidden"),
        ("see ![x](http://a/b.png)", "see \\![x](http://a/b.png)"),
        ("# One\n## Two\ntext", "### One\n#### Two\ntext"),
        ("One\n===\nTwo\n---", "### One\n#### Two"),
        ("two\nlines #\n===", "### two lines \\#"),
        ("- One\n  ===", "- ### One"),
        ("# a\n###### b", "### a\n###### b"),
        ("a\r\nb\rc\x00", "a\nb\nc\ufffd"),
        ("lone \udc80", "lone \ufffd"),
        ("", ""),
    ],
)
def test_what_is_changed(text: str, wanted: str) -> None:
    assert contained(text, 3) == wanted


def read_back(markdown: str) -> str:
    """What a person reads: the text of all paragraphs."""
    paragraphs = []
    for token in READER.parse(markdown):
        assert token.type in {"paragraph_open", "inline", "paragraph_close"}, token.type
        if token.type == "inline":
            words = {"softbreak": "\n", "hardbreak": "\n"}
            assert all(child.type in {"text", *words} for child in token.children or [])
            paragraphs.append("".join(words.get(child.type, child.content) for child in token.children or []))
    return "\n\n".join(paragraphs)


def as_read(text: str) -> str:
    lines = [line.strip(" \t") for line in text.split("\n")]
    return "\n".join(lines)


PLAIN = st.one_of(
    MARKDOWN, st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs", "Zl", "Zp")), max_size=40)
)


@settings(max_examples=300)
@given(PLAIN)
@example("1. x\n2) y\n# z\n- a\n+ b\n===\n> c")
@example("| a |\n|---|")
@example("a\n:-")
@example('{"bbox_2d": [1, 2]} <think> &amp; &#65; **x** __y__ snake_case _z_')
def test_plain_text_reads_as_it_was_written(text: str) -> None:
    read = "\n".join(line.strip(" \t\u00a0") for line in read_back(plain(text)).split("\n"))
    kept = [line for line in as_read(text).split("\n") if line]
    assert [line for line in read.split("\n") if line] == kept


@pytest.mark.parametrize("text", ["0.52 s", "-5 degrees", "+1", "snake_case", "#5", "a-b = c", "3 > 2", "R&D", "50 %"])
def test_plain_leaves_alone_what_means_nothing(text: str) -> None:
    assert plain(text) == text


def test_plain_keeps_indentation_and_line_breaks() -> None:
    assert plain('{\n  "a": 1\n}') == '{\\\n\u00a0\u00a0"a": 1\\\n}'
    assert plain("one\n\ntwo") == "one\n\ntwo"


@given(PLAIN)
def test_a_plain_line_stays_in_its_cell_its_heading_and_its_link(text: str) -> None:
    line = plain_line(text)
    assert "\n" not in line
    words = " ".join(text.split())
    cells = [token for token in READER.parse(f"| a | b |\n|---|---|\n| {line} | end |") if token.type == "inline"]
    assert len(cells) == 4
    assert "".join(child.content for child in cells[2].children or []) == words
    heading = READER.parse(f"# {line}")
    assert "".join(child.content for child in heading[1].children or []) == words
    image = READER.parse(f"![{line}](x.png)")[1].children or []
    assert [child.type for child in image] == ["image"]
    assert image[0].content == line


@pytest.mark.parametrize(
    "text", [">" * 100_000, "`" * 99_999 + " <b>", "- " * 50_000 + "<b>", "<b>\n" * 50_000, "*" * 200_000]
)
def test_endless_repetition_takes_no_endless_time(text: str) -> None:
    assert "\n<b>" not in contained(text, 3)
