"""JSON results follow their schema and come back as they were."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.core.errors import UserError
from app.core.paths import SCHEMAS_DIR
from app.core.results import AdapterRecord, Result
from app.core.sampling import Sampling
from app.exporters.json_export import FORMAT, read_result, read_result_file, render
from tests.example_results import FIGURES, MODEL, RESULTS, media_record, result_of, turn_record

SCHEMA = json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
EXAMPLE = result_of(
    turn_record(
        media=(media_record(path=Path("/pictures/two shapes [1].png")), media_record("pasted")), max_image_tokens=1024
    ),
    turn_record("How many?", "Two.", sampling=Sampling(seed=7), outcome="length"),
    system="Be brief.",
)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["format"]["const"] == FORMAT == SCHEMA["$id"]


@settings(max_examples=150)
@given(RESULTS)
def test_every_result_follows_the_schema_and_comes_back_the_same(result: Result) -> None:
    text = render(result)
    VALIDATOR.validate(json.loads(text))
    assert read_result(text) == result


def test_the_text_is_for_people_and_for_version_control() -> None:
    text = render(EXAMPLE)
    assert text.startswith('{\n  "format": "viewfinder.result/1",\n  "program": {\n')
    assert text.endswith("}\n")
    assert "\\u" not in render(result_of(turn_record("看图 🖼️")))
    assert list(json.loads(text)) == [
        "format", "program", "created_at", "model", "backend", "system", "turns",
    ]  # fmt: skip


def test_everything_needed_to_ask_again_is_there() -> None:
    turn = json.loads(render(EXAMPLE))["turns"][1]
    assert turn["sampling"] == {
        "max_tokens": 1024, "temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0.0, "repetition_penalty": 1.0,
        "presence_penalty": 1.5, "seed": 7,
    }  # fmt: skip
    assert turn["finish_reason"] == "length"
    media = json.loads(render(EXAMPLE))["turns"][0]["media"]
    assert [item["path"] for item in media] == [str(Path("/pictures/two shapes [1].png").absolute()), None]


def test_the_adapter_is_recorded_and_a_digest_that_is_none_is_named() -> None:
    model = replace(MODEL, adapter=AdapterRecord("receipts", Path("/loras/receipts"), "ef" * 32))
    text = render(replace(result_of(), model=model))
    assert json.loads(text)["model"]["adapter"] == {
        "name": "receipts",
        "path": "/loras/receipts",
        "sha256": "ef" * 32,
    }
    assert "adapter" not in json.loads(render(result_of()))["model"]
    with pytest.raises(UserError, match=r"“model\.adapter\.sha256” is not a SHA-256 digest"):
        read_result(text.replace("ef" * 32, "ef"))


def test_a_path_is_written_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    text = render(result_of(turn_record(media=(media_record(path=Path("a.png")),))))
    assert json.loads(text)["turns"][0]["media"][0]["path"] == str(Path.cwd() / "a.png")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_no_number_is_null_and_comes_back_as_nothing_reached(value: float) -> None:
    text = render(result_of(turn_record(figures=replace(FIGURES, tokens_per_s=value))))
    VALIDATOR.validate(json.loads(text))
    assert read_result(text).turns[0].figures.tokens_per_s == 0.0


def test_half_a_surrogate_pair_is_escaped_and_comes_back() -> None:
    result = result_of(turn_record(media=(media_record("caf\udce9.png", Path("/p/caf\udce9.png")),)))
    text = render(result)
    assert "caf\\udce9.png" in text
    assert read_result(text.encode("utf-8").decode("utf-8")) == result


def test_times_of_odd_zones_are_still_rfc_3339() -> None:
    local = timezone(timedelta(hours=8, minutes=5, seconds=43))
    result = result_of(created_at=datetime(1900, 1, 1, tzinfo=local))
    VALIDATOR.validate(json.loads(render(result)))
    assert read_result(render(result)) == result


def test_a_file_with_a_byte_order_mark_zulu_time_and_more_keys_is_read() -> None:
    value = json.loads(render(EXAMPLE))
    value["created_at"] = "2026-03-04T07:06:07Z"
    value["later"] = value["turns"][0]["later"] = {"x": 1}
    assert read_result("\ufeff" + json.dumps(value)) == EXAMPLE


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    value = json.loads(render(EXAMPLE))
    change(value)
    return json.dumps(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is not whole JSON"),
        ("# Markdown", "it is not whole JSON"),
        (render(EXAMPLE)[:500], "it is not whole JSON"),
        ("[" * 100_000, "it is not whole JSON"),
        ('{"format": NaN}', "it is not whole JSON"),
        ("[]", "is not a Viewfinder result"),
        ("{}", "is not a Viewfinder result"),
        ('{"format": "other/1"}', "is not a Viewfinder result"),
        ('{"format": "viewfinder.result/2"}', "newer form, viewfinder.result/2"),
        (changed(lambda v: v.pop("model")), "“model” is missing"),
        (changed(lambda v: v["turns"][1].pop("answer")), "“turns[1].answer” is missing"),
        (changed(lambda v: v.update(turns=[])), "“turns” holds no question"),
        (changed(lambda v: v["turns"][0].update(finish_reason="bored")), "“turns[0].finish_reason” is none of done"),
        (
            changed(lambda v: v["turns"][0]["sampling"].update(top_p=7)),
            "“turns[0].sampling” is out of range. The top-p",
        ),
        (
            changed(lambda v: v["turns"][0]["sampling"].update(seed=-1)),
            "“turns[0].sampling.seed” is not a whole number",
        ),
        (changed(lambda v: v["turns"][0]["sampling"].update(max_tokens=True)), "max_tokens” is not a whole number"),
        (changed(lambda v: v["turns"][0]["media"][0].update(sha256="12")), "media[0].sha256” is not a SHA-256"),
        (
            changed(lambda v: v["turns"][0]["media"][0].update(kind="sound")),
            "media[0].kind” is neither “image” nor “video”",
        ),
        (
            changed(lambda v: v["turns"][0]["media"][0]["size"].update(width_px=0)),
            "width_px” is not a whole number from 1",
        ),
        (changed(lambda v: v.update(created_at="2026-03-04T07:06:07")), "“created_at” is a time without its zone"),
        (changed(lambda v: v["turns"][0].update(max_image_tokens=0)), "max_image_tokens” is not a whole number from 1"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        read_result(text)
    assert words in caught.value.said.text
    assert caught.value.said.hint


@settings(max_examples=200)
@given(st.data())
def test_a_value_of_any_other_kind_anywhere_is_a_user_error_or_harmless(data: st.DataObject) -> None:
    value = json.loads(render(EXAMPLE))
    place: Any = value
    while True:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(st.sampled_from([None, True, -1, 0, 1.5, "", "x", [], {}, [[]], {"a": 1}, 10**30]))
        break
    try:
        found = read_result(json.dumps(value))
    except UserError:
        return
    assert isinstance(found, Result)
    VALIDATOR.validate(json.loads(render(found)))


def test_reading_files(tmp_path: Path) -> None:
    path = tmp_path / "结果 [1].json"
    path.write_text(render(EXAMPLE), encoding="utf-8")
    assert read_result_file(path) == EXAMPLE
    for name, content, words in (
        ("picture.json", b"\x89PNG\xff\xfe", "“picture.json” is not a Viewfinder result"),
        ("empty.json", b"", "is not a Viewfinder result"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=words):
            read_result_file(tmp_path / name)
    with pytest.raises(UserError, match="does not exist"):
        read_result_file(tmp_path / "gone.json")
    with pytest.raises(UserError, match="is not a file"):
        read_result_file(tmp_path)
    with (tmp_path / "long.json").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(UserError, match="too large"):
        read_result_file(tmp_path / "long.json")
