"""Every model that is offered follows the schema, and a bad row of a person's file costs only that row."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.core.checked_values import read_toml
from app.core.models.catalogue import Catalogue, read_catalogue
from app.core.models.told_sizes import ToldSize, keep_told_size
from app.core.paths import CATALOGUE_FILE, SCHEMAS_DIR

SCHEMA = json.loads((SCHEMAS_DIR / "catalogue-1.schema.json").read_text(encoding="utf-8"))
ROW = """
[[models]]
id = "someone/Qwen3-VL-8B-mine"
family = "Qwen3-VL"
size = "8B"
runtime = "mlx"
bits = 6
"""


BAD_ROWS = [
    (ROW.replace('"8B"', '"9B"'), "“models[0].size” is no size of Qwen3-VL that is known"),
    (ROW.replace("bits = 6", "bits = 7"), "“models[0].bits” is none of 2, 3, 4"),
    (ROW.replace('"mlx"', '"llama"'), "“models[0].runtime” is none of mlx, transformers"),
    (ROW.replace("someone/", "https://x/"), "“models[0].id” is no repository such as"),
    (ROW.replace("someone/", "../"), "“models[0].id” is no repository such as"),
    (ROW + "colour = 1\n", "“models[0].colour” is none of about_gb, bits"),
    (ROW + "rank = 0\n", "“models[0].rank” is not a whole number from 1"),
    (ROW + "about_gb = -1\n", "“models[0].about_gb” is not more than nothing"),
    (ROW + 'kind = "base"\n', "“models[0].kind” is none of instruct, thinking"),
    (ROW + 'good_at = " "\n', "“models[0].good_at” is empty"),
    (ROW.replace("bits = 6", ""), "“models[0].bits” is missing"),
    ('[[sizes]]\nfamily = "A"\nsize = "1"\ngood_at = {}\n', "“sizes[0].good_at.instruct” is missing"),
    (
        '[[sizes]]\nfamily = "A"\nsize = "1"\ngood_at = { instruct = "x" }\ntext_config = {}\nvision_config = {}\n',
        "“sizes[0]” does not tell all figures",
    ),
]


def read_toml_text(text: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "catalogue.toml"
        file.write_text(text, encoding="utf-8")
        return read_toml(file)


def catalogue_with(folder: Path, text: str) -> Catalogue:
    own = folder / "catalogue.toml"
    own.write_text(text, encoding="utf-8")
    return read_catalogue(own)


def test_the_file_follows_its_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(read_toml(CATALOGUE_FILE))


def test_the_person_s_example_follows_the_schema_too(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(ROW, encoding="utf-8")
    Draft202012Validator(SCHEMA).validate(read_toml(own))


def test_each_repository_stands_there_once_and_says_what_it_is_good_at() -> None:
    catalogue = read_catalogue()
    assert catalogue.faults == ()
    assert len({model.model_id.casefold() for model in catalogue.models}) == len(catalogue.models)
    assert len({(model.name, model.runtime) for model in catalogue.models}) == len(catalogue.models)
    for model in catalogue.models:
        assert model.good_at.endswith(".")
        assert not model.is_size_measured
        assert model.download_bytes > 10**8
    ranks = [(model.runtime, model.rank) for model in catalogue.models if model.rank]
    assert len(set(ranks)) == len(ranks)


def test_every_released_size_is_there_for_both_runtimes_with_the_holes_that_there_are() -> None:
    there = {model.model_id for model in read_catalogue().models}
    for size in ("2B", "4B", "8B", "32B", "30B-A3B", "235B-A22B"):
        for kind in ("Instruct", "Thinking"):
            assert f"Qwen/Qwen3-VL-{size}-{kind}" in there
            assert f"mlx-community/Qwen3-VL-{size}-{kind}-4bit" in there or (size, kind) == ("235B-A22B", "Thinking")
    for size in ("2B", "4B", "8B", "30B-A3B"):
        assert f"mlx-community/Qwen3-VL-{size}-Thinking-8bit" in there
    assert "mlx-community/Qwen3-VL-32B-Instruct-8bit" in there
    for missing in ("32B-Thinking-8bit", "235B-A22B-Instruct-8bit", "235B-A22B-Thinking-4bit"):
        assert f"mlx-community/Qwen3-VL-{missing}" not in there


def test_newer_families_are_marked_and_never_recommended() -> None:
    newer = [model for model in read_catalogue().models if model.is_newer_family]
    assert {model.family for model in newer} == {"Qwen3.5", "Qwen3.6"}
    assert all(model.runtime == "mlx" and not model.rank for model in newer)
    assert next(model.name for model in newer if model.size == "9B") == "Qwen3.5 9B, 4-bit"


def test_a_model_is_found_by_its_repository() -> None:
    catalogue = read_catalogue()
    found = catalogue.find("MLX-community/qwen3-vl-4b-instruct-4BIT")
    assert found is not None
    assert (found.name, found.kind, found.weight_bits) == ("Qwen3-VL 4B Instruct, 4-bit", "instruct", 4)
    official = catalogue.find("Qwen/Qwen3-VL-8B-Thinking")
    assert official is not None
    assert (official.name, official.runtime) == ("Qwen3-VL 8B Thinking", "transformers")
    assert catalogue.find("demo") is None


def test_a_person_s_file_adds_rows_and_replaces_one(tmp_path: Path) -> None:
    own = ROW + ROW.replace("someone/Qwen3-VL-8B-mine", "qwen/qwen3-vl-2b-instruct") + "about_gb = 1.5\n"
    catalogue = catalogue_with(tmp_path, own)
    assert catalogue.faults == ()
    mine = catalogue.find("someone/Qwen3-VL-8B-mine")
    assert mine is not None
    assert mine.is_own
    assert mine.name == "Qwen3-VL 8B Instruct, 6-bit"
    assert 7.5e9 < mine.download_bytes < 8.5e9
    assert catalogue.models[-1] == mine
    replaced = catalogue.find("Qwen/Qwen3-VL-2B-Instruct")
    assert replaced is not None
    assert (replaced.is_own, replaced.download_bytes) == (True, 1_500_000_000)
    assert len(catalogue.models) == len(read_catalogue().models) + 1


def test_a_person_s_file_may_bring_sizes_of_its_own(tmp_path: Path) -> None:
    size = next(part for part in read_toml(CATALOGUE_FILE)["sizes"] if part["size"] == "8B")
    figures = "\n".join(
        f"{key} = {{ {', '.join(f'{name} = {json.dumps(value)}' for name, value in size[key].items())} }}"
        for key in ("text_config", "vision_config")
    )
    own = f'[[sizes]]\nfamily = "Mine"\nsize = "9B"\ngood_at = {{ instruct = "All." }}\n{figures}\n'
    catalogue = catalogue_with(tmp_path, own + ROW.replace('"Qwen3-VL"', '"Mine"').replace('"8B"', '"9B"'))
    mine = catalogue.find("someone/Qwen3-VL-8B-mine")
    assert mine is not None
    assert (mine.name, mine.good_at) == ("Mine 9B Instruct, 6-bit", "All.")


@pytest.mark.parametrize(("row", "words"), BAD_ROWS)
def test_a_bad_row_costs_only_itself(tmp_path: Path, row: str, words: str) -> None:
    good = ROW.replace("-mine", "-good")
    catalogue = catalogue_with(tmp_path, row + good)
    assert len(catalogue.faults) == 1
    assert catalogue.faults[0].text.startswith("The catalogue catalogue.toml is damaged: ")
    assert words in catalogue.faults[0].text
    assert catalogue.faults[0].hint == "Correct the file, or remove it."
    assert catalogue.find("someone/Qwen3-VL-8B-good") is not None
    assert catalogue.find("someone/Qwen3-VL-8B-mine") is None


def test_the_schema_refuses_what_is_refused_here() -> None:
    rows = [row for row, words in BAD_ROWS if "that is known" not in words and "all figures" not in words]
    assert len(rows) >= 10
    for row in rows:
        assert not Draft202012Validator(SCHEMA).is_valid(read_toml_text(row))
    assert Draft202012Validator(SCHEMA).is_valid(read_toml_text(ROW))


@pytest.mark.parametrize("text", ["id = ", "models = 3", "rows = []", "\x00"])
def test_a_file_that_is_no_catalogue_costs_nothing_else(tmp_path: Path, text: str) -> None:
    catalogue = catalogue_with(tmp_path, text)
    assert len(catalogue.faults) == 1
    assert catalogue.models == read_catalogue().models


def test_one_repository_twice_is_told(tmp_path: Path) -> None:
    catalogue = catalogue_with(tmp_path, ROW + ROW)
    assert ["stands there twice" in fault.text for fault in catalogue.faults] == [True]
    assert catalogue.find("someone/Qwen3-VL-8B-mine") is not None


def test_no_file_or_one_that_cannot_be_read(tmp_path: Path) -> None:
    assert read_catalogue(tmp_path / "none.toml") == read_catalogue()
    (fault,) = read_catalogue(tmp_path).faults
    assert "cannot be read" in fault.text


def test_a_size_that_the_hub_told_takes_the_place_of_the_estimate(tmp_path: Path) -> None:
    file, name = tmp_path / "profile" / "model-sizes.json", "Qwen/Qwen3-VL-4B-Instruct"
    keep_told_size(file, name, ToldSize("a" * 40, 8_887_654_321))
    keep_told_size(file, "other/model", ToldSize("b" * 40, 5))
    keep_told_size(file, "other/model", ToldSize("c" * 40, 6))
    catalogue = read_catalogue(None, file)
    model = catalogue.find(name)
    assert model is not None
    assert (model.download_bytes, model.is_size_measured, model.revision) == (8_887_654_321, True, "a" * 40)
    assert sum(model.is_size_measured for model in catalogue.models) == 1


@pytest.mark.allows_log
@pytest.mark.parametrize("text", ["", "[]", '{"sizes": 3}', '{"sizes": {"Qwen/Qwen3-VL-4B-Instruct": {"bytes": "x"}}}'])
def test_a_damaged_file_of_told_sizes_is_as_none(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "model-sizes.json"
    file.write_text(text, encoding="utf-8")
    assert read_catalogue(None, file) == read_catalogue()
    assert all("cannot be read" in message for message in caplog.messages)
