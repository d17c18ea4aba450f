from __future__ import annotations

import json
import os
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.checkpoint import find_checkpoint
from app.core.errors import ModelError
from app.core.models.last_uses import note_use, read_last_uses
from app.core.models.library import installed_models, unusable_models, why_not_whole
from app.core.models.removal import remove
from app.core.models.weight_files import check_whole
from tests.whole_model import CONFIG, cached, weights, write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.models.library import InstalledModel
    from app.core.models.weight_files import WeightFiles

A, B, C = "a" * 40, "b" * 40, "c" * 40
NAMES = (
    "model_type",
    "text_config",
    "vision_config",
    "image_token_id",
    "eos_token_id",
    "quantization",
    "quantization_config",
    "bits",
    "size",
    "do_sample",
    "temperature",
    "image_processor",
    "weight_map",
    "max_position_embeddings",
)
REPOSITORY = "Qwen/Qwen3-VL-4B-Instruct"
FOLDER = "models--Qwen--Qwen3-VL-4B-Instruct"


@pytest.fixture(autouse=True)
def _apart(hub_cache: Path, home: Path) -> None:
    """Only what a test puts there is found."""


def found(*own_folders: Path) -> dict[str, InstalledModel]:
    models = {model.model_id: model for model in installed_models(own_folders)}
    assert models.pop("demo").can_remove is False
    for model_id, model in models.items():
        checkpoint = find_checkpoint(model_id)
        assert checkpoint.folder.samefile(model.folder), "what is listed is what is loaded"
        assert checkpoint.model_id == model_id
    return models


def test_the_demo_is_always_there() -> None:
    (demo,) = installed_models()
    assert (demo.model_id, demo.name, demo.source) == ("demo", "Demo model", "demo")
    assert demo.runtimes == ("mlx", "transformers")
    assert 1e6 < demo.size_bytes < 1e8


def test_a_repository_in_the_cache_is_usable_without_copying(hub_cache: Path, tmp_path: Path) -> None:
    files = write_whole_model(tmp_path / "files", parts=2)
    snapshot = cached(hub_cache, REPOSITORY, files, A)
    model = found()[REPOSITORY]
    assert (model.folder, model.revision, model.source) == (snapshot, A, "hugging_face")
    assert model.name == "Qwen3-VL-4B-Instruct"
    assert model.quantisation == "bf16"
    assert model.size_bytes == sum(file.stat().st_size for file in files.iterdir())
    assert model.config == CONFIG


def test_each_whole_revision_is_listed_and_the_plain_name_is_the_main_branch(hub_cache: Path, tmp_path: Path) -> None:
    old = write_whole_model(tmp_path / "old", size_bytes=32)
    new = write_whole_model(tmp_path / "new", size_bytes=64)
    cached(hub_cache, REPOSITORY, new, B)
    cached(hub_cache, REPOSITORY, old, A, is_main=False)
    models = found()
    assert set(models) == {REPOSITORY, f"{REPOSITORY}@{A[:12]}"}
    assert models[REPOSITORY].revision == B
    assert find_checkpoint(f"{REPOSITORY}@{A}").revision == A
    assert find_checkpoint(f"{REPOSITORY}@main").revision == B


def test_a_main_branch_that_is_not_whole_leaves_the_name_to_the_newest_that_is(hub_cache: Path, tmp_path: Path) -> None:
    whole = write_whole_model(tmp_path / "whole")
    cached(hub_cache, REPOSITORY, whole, A, is_main=False)
    newer = cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "newer", size_bytes=32), C, is_main=False)
    broken = cached(hub_cache, REPOSITORY, whole, B)
    (broken / "model.safetensors").unlink()
    os.utime(newer.parent / A, (1_000_000_000, 1_000_000_000))
    models = found()
    assert {name: model.revision for name, model in models.items()} == {
        REPOSITORY: C,
        f"{REPOSITORY}@{A[:12]}": A,
    }
    with pytest.raises(ModelError, match="has no weights"):
        find_checkpoint(f"{REPOSITORY}@{B}")


def test_a_commit_fetched_without_a_branch_has_the_plain_name(hub_cache: Path, tmp_path: Path) -> None:
    cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "files"), A, is_main=False)
    assert found()[REPOSITORY].revision == A


def test_a_cache_without_links_is_read_too(hub_cache: Path) -> None:
    write_whole_model(hub_cache / "models--Qwen--Qwen3-VL-4B-Instruct" / "snapshots" / A)
    assert found()[REPOSITORY].revision == A


def test_blobs_shared_across_repositories_are_read_through_both_links(hub_cache: Path, tmp_path: Path) -> None:
    files = write_whole_model(tmp_path / "files")
    for repository in (REPOSITORY, "someone/Copy"):
        snapshot = cached(hub_cache, repository, files, A)
        blob = (snapshot / "model.safetensors").resolve()
        shared = hub_cache / "blobs" / "ab" / ("ab" * 32)
        shared.parent.mkdir(parents=True, exist_ok=True)
        blob.replace(shared)
        blob.symlink_to(os.path.relpath(shared, blob.parent))
    assert set(found()) == {REPOSITORY, "someone/Copy"}


def test_no_partial_model_is_listed_at_any_moment_of_its_coming(hub_cache: Path, tmp_path: Path) -> None:
    files = write_whole_model(tmp_path / "files", parts=3)
    needed = sorted(files.iterdir())
    snapshot = hub_cache / "models--Qwen--Qwen3-VL-4B-Instruct" / "snapshots" / A
    snapshot.mkdir(parents=True)
    for file in needed:
        assert found() == {}
        assert why_not_whole(snapshot) is not None
        data = file.read_bytes()
        (snapshot / file.name).write_bytes(data[: len(data) // 2])
        assert found() == {}
        (snapshot / file.name).write_bytes(data)
    assert set(found()) == {REPOSITORY}
    assert why_not_whole(snapshot) is None


def test_lm_studios_folder_is_found_where_it_says(home: Path, tmp_path: Path) -> None:
    today = write_whole_model(home / ".lmstudio" / "models" / "lmstudio-community" / "Qwen3-VL-4B-Instruct-MLX-4bit")
    older = write_whole_model(home / ".cache" / "lm-studio" / "models" / "someone" / "older")
    moved = write_whole_model(tmp_path / "disk" / "someone" / "moved")
    (home / ".lmstudio" / "settings.json").write_text(json.dumps({"downloadsFolder": str(tmp_path / "disk")}))
    pointed = write_whole_model(tmp_path / "lms" / "models" / "someone" / "pointed")
    (home / ".lmstudio-home-pointer").write_text(f"{tmp_path / 'lms'}\n")
    chosen = write_whole_model(tmp_path / "chosen" / "someone" / "chosen")
    settings = home / ".config" / "LM Studio" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"downloadsFolder": str(tmp_path / "chosen")}))
    models = found()
    assert set(models) == {str(folder) for folder in (today, older, moved, pointed, chosen)}
    assert {model.source for model in models.values()} == {"lm_studio"}
    assert models[str(today)].name == "Qwen3-VL-4B-Instruct-MLX-4bit"


@pytest.mark.parametrize(
    "text", ["", "relative/path", "[1]", "\0", "{", '{"downloadsFolder": 3}', '{"downloadsFolder": "x"}']
)
def test_lm_studios_files_may_hold_anything(home: Path, text: str) -> None:
    (home / ".lmstudio").mkdir()
    (home / ".lmstudio" / "settings.json").write_text(text)
    (home / ".lmstudio-home-pointer").write_text(text)
    assert found() == {}


def test_folders_of_ones_own_may_be_models_or_hold_them(tmp_path: Path) -> None:
    itself = write_whole_model(tmp_path / "itself")
    deep = write_whole_model(tmp_path / "disk" / "one" / "two" / "three")
    write_whole_model(tmp_path / "disk" / "one" / "two" / "too" / "deep" / "model")
    write_whole_model(tmp_path / "disk" / ".hidden")
    write_whole_model(itself / "a part of it")
    link = tmp_path / "disk" / "link"
    link.symlink_to(itself)
    models = found(tmp_path / "disk", itself, tmp_path / "gone")
    assert set(models) == {str(deep), str(itself)}
    assert models[str(deep)].source == "folder"


@pytest.mark.parametrize("inside", ["", FOLDER, f"{FOLDER}/snapshots/{'a' * 40}"])
def test_a_cache_on_another_disk_is_read_as_one(tmp_path: Path, inside: str) -> None:
    disk = tmp_path / "disk"
    snapshot = cached(disk, REPOSITORY, write_whole_model(tmp_path / "files"), A)
    model = found(disk / inside)[str(snapshot)]
    assert (model.name, model.revision, model.source) == ("Qwen3-VL-4B-Instruct", A, "hugging_face")
    remove(model)
    assert list(disk.iterdir()) == [], "blobs and all"


def test_what_is_found_twice_is_listed_once(hub_cache: Path, home: Path, tmp_path: Path) -> None:
    snapshot = cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "files"), A)
    studio = home / ".lmstudio" / "models" / "Qwen" / "linked"
    studio.parent.mkdir(parents=True)
    studio.symlink_to(snapshot)
    assert set(found(hub_cache, home / ".lmstudio")) == {REPOSITORY}


@pytest.mark.parametrize(
    ("config", "names", "runtimes"),
    [
        ({}, ("model.visual.a",), ("mlx", "transformers")),
        ({"quantization": {"bits": 4, "group_size": 64}}, ("vision_tower.a",), ("mlx",)),
        ({"quantization": {"bits": 4}, "quantization_config": {"bits": 4}}, ("vision_tower.a",), ("mlx",)),
        ({}, ("language_model.model.a",), ("mlx",)),
        ({"model_type": "qwen3_5"}, ("model.visual.a",), ("mlx",)),
        ({"model_type": "qwen3_5_moe"}, ("model.visual.a",), ("mlx",)),
    ],
)
def test_which_backends_can_read_it(
    tmp_path: Path, config: dict[str, Any], names: tuple[str, ...], runtimes: tuple[str, ...]
) -> None:
    write_whole_model(tmp_path / "m", CONFIG | config)
    (tmp_path / "m" / "model.safetensors").write_bytes(weights(64, names))
    assert found(tmp_path / "m")[str(tmp_path / "m")].runtimes == runtimes


@pytest.mark.parametrize(
    ("config", "kind", "words"),
    [
        ({"model_type": "llava"}, "BF16", "not a Qwen3-VL"),
        ({"quantization_config": {"quant_method": "fp8"}}, "F8_E4M3", r"no backend reads \(fp8\)"),
        ({"quantization_config": {"quant_method": "awq", "bits": 4}}, "I32", r"no backend reads \(awq\)"),
        ({"quantization": {"bits": 8}}, "F8_E8M0", r"no backend reads \(F8_E8M0\)"),
        ({"model_file": "own.py"}, "BF16", "its own program code"),
    ],
)
def test_what_cannot_be_used_is_not_listed_but_told(
    tmp_path: Path, config: dict[str, Any], kind: str, words: str
) -> None:
    folder = write_whole_model(tmp_path / "m", CONFIG | config)
    (folder / "model.safetensors").write_bytes(weights(64, kind=kind))
    assert found(tmp_path / "m") == {}
    fault = why_not_whole(folder)
    assert fault is not None
    assert fault.kind == "model"
    with pytest.raises(AssertionError if fault is None else ModelError, match=words):
        raise ModelError(fault.text)


def test_a_change_is_seen_and_nothing_else_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_whole_model(tmp_path / "m")
    read: list[Path] = []

    def counted(folder: Path) -> WeightFiles:
        read.append(folder)
        return check_whole(folder)

    monkeypatch.setattr("app.core.models.library.check_whole", counted)
    assert set(found(folder)) == {str(folder)}
    read.clear()
    assert set(found(folder)) == {str(folder)}
    assert read == []
    (folder / "model.safetensors").write_bytes(b"short")
    assert found(folder) == {}
    assert read == [folder]


def test_the_last_use_is_what_was_noted_or_when_another_program_read_it(tmp_path: Path) -> None:
    folder = write_whole_model(tmp_path / "m")
    weights_file = folder / "model.safetensors"
    os.utime(weights_file, (1_000_000_000, 1_000_000_000))
    assert found(folder)[str(folder)].last_used is None, "nobody read it since it was written"
    os.utime(weights_file, (1_000_500_000, 1_000_000_000))
    assert found(folder)[str(folder)].last_used == datetime.fromtimestamp(1_000_500_000, timezone.utc)
    file = tmp_path / "profile" / "models.json"
    note_use(file, str(folder))
    model = next(model for model in installed_models([folder], read_last_uses(file)) if model.model_id != "demo")
    assert model.last_used is not None
    assert abs(model.last_used.timestamp() - time.time()) < 60


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1, "b": "x", "c": "2026-01-01T00:00:00"}'])
def test_a_note_of_uses_that_cannot_be_read_is_begun_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "models.json"
    file.write_text(text)
    assert read_last_uses(file) == {}
    note_use(file, "demo")
    assert set(read_last_uses(file)) == {"demo"}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "x"]), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(
        [
            "config.json",
            "generation_config.json",
            "preprocessor_config.json",
            "video_preprocessor_config.json",
            "processor_config.json",
            "model.safetensors.index.json",
        ]
    ),
    change=st.dictionaries(st.sampled_from(NAMES), ANY_JSON, max_size=3),
    whole=ANY_JSON,
    is_changed=st.booleans(),
)
def test_whatever_a_folder_holds_it_costs_no_other_model(
    tmp_path: Path, name: str, change: dict[str, Any], whole: Any, is_changed: bool
) -> None:
    folder = write_whole_model(tmp_path / "m")
    for old in ("generation_config", "preprocessor_config", "video_preprocessor_config", "processor_config"):
        (folder / f"{old}.json").unlink(missing_ok=True)
    (folder / "model.safetensors.index.json").unlink(missing_ok=True)
    value = {**(CONFIG if name == "config.json" else {}), **change} if is_changed else whole
    (folder / name).write_text(json.dumps(value), encoding="utf-8")
    ids = [model.model_id for model in installed_models([folder])]
    assert ids[0] == "demo"
    assert (why_not_whole(folder) is None) == (len(ids) == 2)
    unusable_models([folder])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.json", "[" * 100_000),
        ("config.json", json.dumps(CONFIG | {"image_token_id": float("inf")})),
        ("config.json", json.dumps(CONFIG | {"vision_config": 1})),
        ("config.json", json.dumps(CONFIG | {"text_config": [1]})),
        ("config.json", json.dumps(CONFIG | {"quantization": "x"})),
        ("generation_config.json", "[" * 100_000),
        ("generation_config.json", '{"top_k": Infinity}'),
        ("preprocessor_config.json", '{"size": {"longest_edge": NaN}}'),
        ("model.safetensors.index.json", "[" * 100_000),
    ],
)
def test_a_file_that_nobody_foresaw_is_told(tmp_path: Path, name: str, text: str) -> None:
    folder = write_whole_model(tmp_path / "m")
    (folder / name).write_text(text, encoding="utf-8")
    fault = why_not_whole(folder)
    assert fault is not None
    assert fault.kind == "model"
    assert found(folder) == {}


def test_places_that_are_no_folders_cost_no_other_model(hub_cache: Path, tmp_path: Path) -> None:
    cached(hub_cache, REPOSITORY, write_whole_model(tmp_path / "files"), A)
    (hub_cache / "models--a--file").write_text("")
    (hub_cache / "models--").mkdir()
    (hub_cache / "models--only").mkdir()
    (hub_cache / "models--a--b" / "snapshots").mkdir(parents=True)
    (hub_cache / "models--a--b" / "snapshots" / "file").write_text("")
    (hub_cache / "models--a--c" / "snapshots").mkdir(parents=True)
    (hub_cache / "models--a--c" / "snapshots" / A).symlink_to("nowhere")
    (hub_cache / "models--a--d" / "snapshots" / A / "config.json").mkdir(parents=True)
    (hub_cache / "models--a--d" / "refs" / "main").mkdir(parents=True)
    circle = hub_cache / "models--a--e" / "snapshots" / A / "config.json"
    circle.parent.mkdir(parents=True)
    circle.symlink_to("config.json")
    assert set(found(hub_cache, tmp_path / "gone", circle)) == {REPOSITORY}
    assert unusable_models([hub_cache]) == ()
