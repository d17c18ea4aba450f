"""Every preset that is shipped can be used, and a bad one says what is wrong with it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from app.core.checked_values import read_toml
from app.core.errors import UserError
from app.core.paths import PRESETS_DIR, SCHEMAS_DIR
from app.core.presets import Blank, ShortPlace, list_presets, read_preset
from app.core.sampling import GREEDY, Sampling

FILES = sorted(PRESETS_DIR.iterdir())
SCHEMA = json.loads((SCHEMAS_DIR / "preset-1.schema.json").read_text(encoding="utf-8"))
EXACT = {"read_text", "spot_text", "key_values", "boxes", "points", "count", "document_markdown", "document_html"} | {
    "timeline",
    "find_moment",
    "read_video_text",
    "events",
}
"""Tasks with one right answer: always the likeliest token, and no penalty on text that rightly repeats."""


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_follows_the_schema_and_is_named_by_its_id(path: Path) -> None:
    assert path.suffix == ".toml"
    Draft202012Validator(SCHEMA).validate(read_toml(path))
    assert read_preset(path).preset_id == path.stem


def test_ids_titles_and_places_are_unique() -> None:
    presets = list_presets()
    assert len(presets) == len(FILES) >= 8
    for values in ({p.preset_id for p in presets}, {p.title for p in presets}, {p.order for p in presets}):
        assert len(values) == len(presets)
    assert [preset.order for preset in presets] == sorted(preset.order for preset in presets)
    assert presets[0].question() == "Describe this image."
    chips = [preset.chip for preset in presets if preset.chip is not None]
    assert len({chip.order for chip in chips}) == len(chips)
    for kind in ("picture", "video"):
        titles = [preset.chip.title for preset in presets if preset.chip is not None and kind in preset.media]
        assert len(set(titles)) == len(titles) >= 4


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_asks_a_whole_question_with_every_blank(path: Path) -> None:
    preset = read_preset(path)
    plain = preset.question()
    assert plain == plain.strip() != ""
    for blank in preset.blanks:
        assert blank.default in plain
        filled = preset.question({blank.name: " “{x}” \\1 照片 "})
        assert "“{x}” \\1 照片" in filled
        assert preset.question({blank.name: "  "}) == plain
    spans = preset.filled_spans(f"  {plain}\n")
    assert spans is not None
    assert sorted(f"  {plain}"[start:end] for start, end in spans) == sorted(blank.default for blank in preset.blanks)
    assert preset.filled_spans(preset.question({blank.name: "a\n(b)" for blank in preset.blanks})) is not None
    assert preset.filled_spans(f"And now: {plain}") is None
    assert [other for other in list_presets() if other.filled_spans(plain) is not None] == [preset]
    assert not re.search(r"\{[a-z_]+\}", plain)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_sampling_is_in_range_and_leaves_the_rest_alone(path: Path) -> None:
    preset = read_preset(path)
    own = Sampling(max_tokens=99, temperature=1.1, top_p=0.5, top_k=7, min_p=0.1, repetition_penalty=1.2, seed=5)
    found = preset.sampling_from(own).checked()
    assert found.seed == 5
    if preset.preset_id in EXACT:
        assert found == Sampling(
            **{**{n: getattr(GREEDY, n) for n in GREEDY.__slots__}, "max_tokens": found.max_tokens, "seed": 5}
        )
    if not preset.sampling:
        assert found == own


GOOD = 'id = "one"\ntitle = "One"\norder = 1\nprompt = "Find {things} as {\\"a\\": 1}."\n'
BLANK = '[[blanks]]\nname = "things"\ntitle = "Things"\ndefault = "cats"\n'


def test_a_preset_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(GOOD.replace("one", "two").replace("1\n", "2\n") + BLANK)
    chip = 'is_prompt_fixed = true\nmedia = ["video"]\n[chip]\ntitle = "1"\norder = 7\n'
    (tmp_path / "one.toml").write_text(GOOD + chip + BLANK + "is_default_fixed = true\n[sampling]\ntop_k = 3\n")
    (tmp_path / "three.toml").write_text(
        GOOD.replace("one", "three").replace("1\n", "3\n") + "[chip]\norder = 0\n" + BLANK
    )
    (tmp_path / "notes.txt").write_text("left alone")
    one, two, three = list_presets(tmp_path)
    assert (one.preset_id, two.preset_id, three.preset_id) == ("one", "two", "three")
    assert one.blanks == (Blank("things", "Things", "cats", is_default_fixed=True),)
    assert two.blanks == (Blank("things", "Things", "cats"),)
    assert (one.chip, two.chip, three.chip) == (ShortPlace("1", 7), None, ShortPlace("One", 0))
    assert (one.is_prompt_fixed, two.is_prompt_fixed) == (True, False)
    assert (sorted(one.media), sorted(two.media)) == (["video"], ["picture", "video"])
    assert one.question({"things": "dogs"}) == 'Find dogs as {"a": 1}.'
    assert one.sampling_from(Sampling()) == Sampling(top_k=3)
    assert list_presets(tmp_path / "none") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id = ", "it is not TOML"),
        ("", "is missing"),
        (GOOD, "“prompt” and the blanks do not agree about “things”"),
        (GOOD.replace("{things}", "cats") + BLANK, "do not agree about “things”"),
        (GOOD + BLANK + BLANK, "“blanks” has one name twice"),
        (GOOD.replace('"one"', '"One!"') + BLANK, "“id” is not made of small letters"),
        (GOOD.replace('"One"', '" "') + BLANK, "“title” is empty"),
        (GOOD.replace("order = 1", 'order = "1"') + BLANK, "“order” is not a whole number"),
        (GOOD + "colour = 1\n" + BLANK, "“colour” is none of blanks, chip, id"),
        (GOOD + BLANK + "[sampling]\ntemprature = 0\n", "“sampling.temprature” is none of"),
        (GOOD + BLANK + "[sampling]\ntop_k = 0.5\n", "“sampling.top_k” is not a whole number"),
        (GOOD + BLANK + "[sampling]\ntop_p = 7\n", "“sampling” is out of range. The top-p"),
        (GOOD + BLANK + "[sampling]\nmin_p = nan\n", "“sampling.min_p” is beyond all numbers"),
        (GOOD + "blanks = 3\n", "“blanks” is not a list"),
        (GOOD + "is_prompt_fixed = 1\n" + BLANK, "“is_prompt_fixed” is neither true nor false"),
        (GOOD + BLANK + 'is_default_fixed = "no"\n', "“blanks[0].is_default_fixed” is neither true nor false"),
        (GOOD + '[chip]\ntitle = "1"\n' + BLANK, "“chip.order” is missing"),
        (GOOD + '[chip]\ntitle = ""\norder = 1\n' + BLANK, "“chip.title” is empty"),
        (GOOD + 'media = ["sound"]\n' + BLANK, "“media” is none of picture, video"),
        (GOOD + "media = []\n" + BLANK, "“media” is none of picture, video"),
        (GOOD + 'media = "video"\n' + BLANK, "“media” is not a list"),
        (GOOD + "[chip]\norder = 1\nplace = 1\n" + BLANK, "“chip.place” is none of order, title"),
    ],
)
def test_a_bad_file_is_named_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(UserError) as caught:
        list_presets(tmp_path)
    assert caught.value.said.text.startswith("The preset bad.toml ")
    assert words in caught.value.said.text
    assert caught.value.said.hint


def test_two_of_one_id_and_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD + BLANK)
    (tmp_path / "b.toml").write_text(GOOD + BLANK)
    with pytest.raises(UserError, match=r"b\.toml has the id “one” of another"):
        list_presets(tmp_path)
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match=r"a\.toml is damaged: it is not TOML"):
        list_presets(tmp_path)
    (tmp_path / "a.toml").unlink()
    (tmp_path / "a.toml").mkdir()
    with pytest.raises(UserError, match=r"a\.toml cannot be read"):
        list_presets(tmp_path)
