"""How a growing Markdown text is read: the same in pieces as at once, and only its end again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it.parser_inline import ParserInline

from app.gui.answers.answer_reader import AnswerReader
from app.gui.answers.answer_syntax import make_parser

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline

    from app.gui.answers.answer_leaves import Leaf

PARSER = make_parser()
RICH = """# Three shapes

| shape | where |
|---|--:|
| red circle | top left |

The **blue square** is *largest*, see `bbox_2d`.
second line

1. one

2. two

   more of two
   1. inner
   2. inner two
3. three
- bullet
  - inner
    goes on
lazy
  - [ ] task
- last

> quote **a**
> b
>
> - in quote
> - second
>   ```py
>   x = 1
>
>   y = 2
>   ```
> 1. z

```python
def f():

    return 1
```

    indented
      code

$$
x = \\frac{1}{2}
$$

Setext
------

- - - nested at once
-

***

10. ten
11. eleven

text 完成。"""
LONG = {
    "list": "- an item of words\n" * 400,
    "numbers": "".join(f"{number}. item {number}\n" for number in range(1, 400)),
    "nested": "".join("  " * (number % 7) + f"- item {number}\n" for number in range(400)),
    "code": "```python\n" + "".join("\n" if n % 9 == 0 else f"    x = f({n})  # c\n" for n in range(500)) + "```\nend",
    "code in a list": "- a\n\n  ```python\n" + "      x = f(1)\n" * 200 + "  ```\n  b\n",
    "code in a quote": "> ```\n" + "> code line\n" * 200 + "> ```\nend",
    "code by indent": "    code line of it\n" * 200 + "\nend",
    "one line of code": "```json\n" + '{"bbox_2d": [1, 2, 3, 4], "label": "a shape"},' * 300 + "\n```\nend",
    "table": "|a|b|c|\n|-|:-|-:|\n" + "| x | y **b** | z |\n" * 200 + "\nend",
    "paragraph": "Some **bold** words and `code` of it that are long. " * 300,
    "chinese": "图中有三个形状：左上角是红色圆形，右上角是绿色三角形，" * 200,
    "quote": "> a line of it\n" * 400,
    "backticks": "`" * 10_000,
    "stars": "*" * 6_000,
    "brackets": "[" * 6_000,
    "dollars": "$a " * 3_000,
    "blank lines": "\n" * 5_000 + "a",
    "spaces": " " * 9_000 + "a",
    "quotes in quotes": ">" * 3_000 + "a",
    "columns": "|a" * 500 + "|\n" + "|-" * 500 + "|\n" + ("|x" * 500 + "|\n") * 20,
    "html": "<div><img src=x>" * 600,
}


NOT_CUT = {"backticks", "stars", "spaces", "columns"}
"""One mark, or nothing, however long: read at a glance."""


def read_in_pieces(text: str, piece_chars: int) -> tuple[list[Leaf], int]:
    """Every leaf of a text that comes in such pieces, and the most letters that were read again."""
    reader = AnswerReader(PARSER)
    leaves: list[Leaf] = []
    most = 0
    ends = [*range(piece_chars, len(text), piece_chars), len(text), len(text)]
    for at, end in enumerate(ends):
        is_all = False
        while not is_all:
            reading = reader.read(text[:end], is_whole=at == len(ends) - 1)
            leaves += reading.leaves[:-1] if reading.is_last_open else reading.leaves
            is_all = reading.is_all
        most = max(most, end - reader.place.offset if at < len(ends) - 1 else 0)
    return leaves, most


def told(leaf: Leaf) -> tuple[object, ...]:
    cells = [[cell.source for cell in row] for row in leaf.rows]
    return (leaf.kind, [box.mark for box in leaf.boxes], leaf.begins, leaf.source or leaf.text, leaf.info, cells)


def outline(text: str) -> list[str]:
    leaves, _ = read_in_pieces(text, 10**9)
    return [f"{' '.join(box.mark for box in leaf.boxes)} {leaf.kind}: {leaf.source or leaf.text}" for leaf in leaves]


def test_leaves_know_what_they_stand_in() -> None:
    assert outline("- a\n  1. b\n\n     c\n  2. d\n\n> - e\n> f\n\n5) g") == [
        "- paragraph: a",
        "- 1. paragraph: b",
        "- 1. paragraph: c",
        "- 2. paragraph: d",
        "> - paragraph: e\nf",
        "5) paragraph: g",
    ]


@pytest.mark.parametrize("piece_chars", [1, 2, 3, 5, 17, 64, 400])
def test_a_text_in_pieces_reads_as_at_once(piece_chars: int) -> None:
    at_once, _ = read_in_pieces(RICH, 10**9)
    in_pieces, _ = read_in_pieces(RICH, piece_chars)
    assert [told(leaf) for leaf in in_pieces] == [told(leaf) for leaf in at_once]
    assert len(at_once) == 28


@pytest.mark.parametrize("name", LONG)
def test_a_block_without_end_is_read_again_only_at_its_end(name: str) -> None:
    text = LONG[name]
    at_once, _ = read_in_pieces(text, 10**9)
    in_pieces, most = read_in_pieces(text, 97)
    assert [told(leaf) for leaf in in_pieces] == [told(leaf) for leaf in at_once]
    assert most < (6_000 if name not in NOT_CUT else len(text) + 1)


def test_nothing_of_long_code_is_lost() -> None:
    for name in ("code", "code in a list", "code in a quote", "code by indent", "one line of code"):
        leaves, _ = read_in_pieces(LONG[name], 50)
        text = "".join(
            ("" if leaf.is_joined or not leaf.is_continued else "\n") + leaf.text
            for leaf in leaves
            if leaf.kind == "code"
        )
        assert len([leaf for leaf in leaves if leaf.kind == "code"]) > 3
        lines = [line.removeprefix("> ").strip() for line in LONG[name].split("\n")]
        wanted = [line for line in lines if line and line not in {"- a", "b", "end"} and "```" not in line]
        assert [line.strip() for line in text.split("\n") if line.strip()] == wanted


def test_numbers_go_on_where_a_list_was_cut() -> None:
    leaves, _ = read_in_pieces(LONG["numbers"], 50)
    assert [leaf.boxes[0].mark for leaf in leaves] == [f"{number}." for number in range(1, 400)]


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "Between $5-$10, or 5$ and 10$.",
        "US$5 = A$7",
        "$HOME and $PATH",
        "From $1,000 to $2,000 and that in $.",
    ],
)
def test_prices_are_no_formulas(text: str) -> None:
    leaves, _ = read_in_pieces(text, 10**9)
    assert [token.type for token in leaves[0].inline] == ["text"]


@pytest.mark.parametrize("text", ["$x$", "$x^2 + 1$", r"\(a\)", r"$\frac{1}{2}$", "$$a$$", r"\[ x \]", "$n = 3$"])
def test_formulas_are_found(text: str) -> None:
    leaves, _ = read_in_pieces(f"so {text} is", 10**9)
    assert "formula" in [token.type for token in leaves[0].inline]


def test_the_end_of_a_formula_is_not_sought_without_end() -> None:
    kinds = [[leaf.kind for leaf in read_in_pieces("\\[\n" + "x\n" * lines + "\\]\n", 10**9)[0]] for lines in (90, 110)]
    assert kinds == [["formula"], ["paragraph"]]


def test_marks_at_the_end_are_not_seen_before_they_are_whole() -> None:
    reader = AnswerReader(PARSER)
    for text, shown in (
        ("Some **bo", "Some bo"),
        ("Some **bold", "Some bold"),
        ("Some `co", "Some co"),
        ("Some **bold *both", "Some bold both"),
        ("Some **", "Some "),
    ):
        leaf = reader.read(text, is_whole=False).leaves[-1]
        assert "".join(token.content for token in leaf.inline).rstrip() == shown.rstrip()
    for plain in ("5*3 is fifteen and", "a*b or", "an * alone", "it's 2**3 is"):
        leaf = AnswerReader(PARSER).read(plain, is_whole=False).leaves[-1]
        assert [token.type for token in leaf.inline] == ["text"], plain
    assert reader.read("5 * 3 is", is_whole=False).leaves[-1].source == "5 * 3 is"


@given(st.text(alphabet="ab `~\n-*|1.>#$[]", max_size=80), st.integers(1, 9))
@settings(deadline=None)
def test_any_text_in_pieces_reads_as_at_once(text: str, piece_chars: int) -> None:
    at_once, _ = read_in_pieces(text, 10**9)
    in_pieces, _ = read_in_pieces(text, piece_chars)
    assert [told(leaf) for leaf in in_pieces] == [told(leaf) for leaf in at_once]


def looks_for(text: str) -> int:
    """The most marks that one step of reading goes over in search of a bracket's end."""
    reader, most, is_all = AnswerReader(make_parser()), 0, False
    with pytest.MonkeyPatch.context() as patch:
        looks: list[int] = []
        real = ParserInline.skipToken

        def count(self: ParserInline, state: StateInline) -> None:
            looks.append(state.pos)
            real(self, state)

        patch.setattr(ParserInline, "skipToken", count)
        while not is_all:
            is_all = reader.read(text, is_whole=True).is_all
            most = max(most, len(looks))
            looks.clear()
    return most


@pytest.mark.parametrize("mark", ["![", "![a ", "[a ", "[*a_ ", "![*a_`$ ", "![a]("])
@pytest.mark.parametrize("close", ["", "]", "](b)"])
def test_the_ends_of_brackets_are_sought_with_work_in_proportion(mark: str, close: str) -> None:
    for count in (20, 140, 149, 600):
        text = mark * count + close * count
        assert looks_for(text) <= 10 * min(len(text), 6_000) + 200, count


@pytest.mark.parametrize(
    "text",
    [
        "[one](https://a.b/c) and " * 100,
        "[![a picture](https://a.b/c.png)](https://a.b/d) " * 50,
        "from [0, 1) to " * 20 + "[one](https://a.b/c)",
        "x[i][j] = a[b[c[i]]] + " * 60 + "[one](https://a.b/c)",
    ],
)
def test_brackets_that_a_person_writes_are_links_still(text: str) -> None:
    tokens = [token.type for leaf in read_in_pieces(text, 10**9)[0] for token in leaf.inline]
    assert tokens.count("link_open") == text.count("](https") - text.count("![")


def test_a_paragraph_with_too_many_brackets_takes_no_links_from_another() -> None:
    leaves, _ = read_in_pieces("[a](b)\n\n" + "![a " * 200 + "[a](b)\n\n[a](b)", 10**9)
    assert ["link_open" in [token.type for token in leaf.inline] for leaf in leaves] == [True, False, True]
    assert "".join(token.content for token in leaves[1].inline) == "![a " * 200 + "[a](b)"


@pytest.mark.parametrize(
    "text",
    ["- abc\n", "1. a\n", "> a\n\n", "# a\n", "a\n\n", "---\n", "  - a\n- b\n", "|a|\n|-|\n\n", "```\na\n```\n"],
)
def test_a_step_reads_few_leaves_however_short_they_are(text: str) -> None:
    reader, sizes, is_all = AnswerReader(PARSER), [], False
    while not is_all:
        reading = reader.read(text * 500, is_whole=True)
        sizes.append(len(reading.leaves))
        is_all = reading.is_all
    assert max(sizes) <= 61
    assert sum(sizes) >= 500
