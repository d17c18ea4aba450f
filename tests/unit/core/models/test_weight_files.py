from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

import pytest

from app.core.errors import ModelError
from app.core.models.weight_files import INDEX_FILE, check_whole, read_header, read_weight_files, wanted_files
from app.core.paths import DEMO_MODEL_DIR
from tests.whole_model import weights, write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

PARTS = [f"model-0000{part}-of-00003.safetensors" for part in (1, 2, 3)]


def test_the_demo_is_whole() -> None:
    found = check_whole(DEMO_MODEL_DIR)
    assert [file.name for file in found.files] == ["model.safetensors"]
    assert found.types == {"BF16"}
    assert "model.visual.pos_embed.weight" in found.tensors


def test_a_model_in_parts_is_whole_with_all_of_them(tmp_path: Path) -> None:
    write_whole_model(tmp_path, parts=3)
    found = check_whole(tmp_path)
    assert [file.name for file in found.files] == PARTS
    assert found.tensors == {f"model.visual.{number}" for number in range(3)}


@pytest.mark.parametrize("has_index", [True, False])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_missing_is_named(tmp_path: Path, part: str, has_index: bool) -> None:
    write_whole_model(tmp_path, parts=3)
    if not has_index:
        (tmp_path / INDEX_FILE).unlink()
    (tmp_path / part).unlink()
    with pytest.raises(ModelError, match=f"1 of its 3 weight files are missing, as {part} is"):
        check_whole(tmp_path)


def test_a_part_whose_link_leads_nowhere_is_missing(tmp_path: Path) -> None:
    write_whole_model(tmp_path, parts=3)
    (tmp_path / PARTS[1]).unlink()
    (tmp_path / PARTS[1]).symlink_to("gone")
    with pytest.raises(ModelError, match=f"as {PARTS[1]} is"):
        check_whole(tmp_path)


@pytest.mark.parametrize("bytes_more", [-1, -64, 1, 1000])
def test_a_file_of_another_length_than_it_says_is_told(tmp_path: Path, bytes_more: int) -> None:
    write_whole_model(tmp_path, size_bytes=64)
    file = tmp_path / "model.safetensors"
    whole = file.stat().st_size
    with file.open("r+b") as stream:
        stream.truncate(whole + bytes_more)
    with pytest.raises(ModelError, match=f"is {whole + bytes_more:,} bytes long, but should be {whole:,}"):
        check_whole(tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\xff" * 64,
        (200).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{x",
        (9).to_bytes(8, "little") + b'{"a": {}}',
        (8).to_bytes(8, "little") + b'{"a": 1}',
        (1 << 63).to_bytes(8, "little"),
    ],
)
def test_a_file_that_is_no_safetensors_is_damaged(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        read_header(tmp_path / "model.safetensors")


@pytest.mark.parametrize("name", ["tokenizer.json", "chat_template.jinja"])
def test_what_else_a_model_needs_is_told(tmp_path: Path, name: str) -> None:
    write_whole_model(tmp_path)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelError, match=r"has no (tokenizer\.json|chat template)"):
        check_whole(tmp_path)
    assert read_weight_files(tmp_path).types == {"BF16"}


@pytest.mark.parametrize(
    "index",
    [
        "",
        "[]",
        "{}",
        '{"weight_map": {}}',
        '{"weight_map": {"a": 1}}',
        '{"weight_map": {"a": "../other/model.safetensors"}}',
        '{"weight_map": {"a": "/etc/passwd"}}',
        '{"weight_map": {"a": "pytorch_model.bin"}}',
    ],
)
def test_an_index_that_cannot_be_used_is_told(tmp_path: Path, index: str) -> None:
    write_whole_model(tmp_path)
    (tmp_path / INDEX_FILE).write_text(index)
    with pytest.raises(ModelError, match=r"The index .* cannot be read"):
        check_whole(tmp_path)


def test_files_of_another_model_beside_the_indexed_ones_are_not_wanted(tmp_path: Path) -> None:
    write_whole_model(tmp_path)
    (tmp_path / "adapter.safetensors").write_bytes(b"x")
    (tmp_path / INDEX_FILE).write_text(json.dumps({"weight_map": {"a": "model.safetensors"}}))
    assert wanted_files(tmp_path) == ("model.safetensors",)
    assert check_whole(tmp_path).tensors == {"model.visual.a"}


def test_looking_leaves_no_time_of_access(tmp_path: Path) -> None:
    import os

    file = tmp_path / "model.safetensors"
    file.write_bytes(weights())
    os.utime(file, (1_000_000_000, 1_000_000_000))  # so long ago that the next access would be noted everywhere
    read_header(file)
    assert file.stat().st_atime == 1_000_000_000


@pytest.mark.parametrize("what", ["os.open", "app.core.models.weight_files._ends_as_json"])
def test_what_may_not_be_read_is_not_called_damaged(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> NoReturn:
        raise PermissionError(13, "Permission denied", str(path))

    write_whole_model(tmp_path)
    monkeypatch.setattr(what, refuse)
    with pytest.raises(ModelError, match=r"cannot be read\. Check its permissions"):
        check_whole(tmp_path)
