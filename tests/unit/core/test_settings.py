from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import UserError
from app.core.sampling import MAX_SEED, Sampling
from app.core.settings import VERSION, Given, ModelSettings, Settings, read_settings, write_settings

SAMPLES_DIR = Path(__file__).parent / "settings_samples"

samplings = st.builds(
    Sampling,
    max_tokens=st.integers(1, 4096),
    temperature=st.floats(0, 5),
    top_p=st.floats(0, 1),
    top_k=st.integers(0, 1000),
    seed=st.none() | st.integers(0, MAX_SEED),
)
model_settings = st.builds(
    ModelSettings,
    sampling=st.none() | samplings,
    system=st.text(),
    max_image_tokens=st.none() | st.integers(1, 16384),
    weight_bits=st.sampled_from([None, 8, 4]),
    context_tokens=st.none() | st.integers(2_048, 1_048_576),
    adapter=st.sampled_from([None, Path("/loras/receipts"), Path("/loras/照片")]),
).filter(lambda own: own != ModelSettings())
model_ids = st.text(min_size=1).filter(str.strip)
all_settings = st.builds(
    Settings,
    model=model_ids,
    models=st.dictionaries(model_ids, model_settings, max_size=3),
    appearance=st.sampled_from(["system", "light", "dark"]),
    language=st.sampled_from(["system", "en", "zh_CN"]),
    export_dir=st.none() | st.just(Path("/photos/aus gewählt 图")),
    is_history_kept=st.booleans(),
    unload_after_min=st.none() | st.integers(1, 1440),
    hub_endpoint=st.sampled_from(["", "https://hf-mirror.com", "http://127.0.0.1:8080/hub"]),
    hub_proxy=st.sampled_from(["", "http://proxy:3128", "socks5://me:word@proxy:1"]),
    is_offline=st.booleans(),
    models_dir=st.sampled_from([None, Path("/models"), Path("/模型/a b")]),
    model_folders=st.lists(st.sampled_from([Path("/models"), Path("/模型/a b")]), unique=True).map(tuple),
)


@given(settings=all_settings)
def test_what_is_written_is_read(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("settings") / "settings.json"
    write_settings(file, settings)
    assert read_settings(file) == settings


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "settings.json") == Settings()


@pytest.mark.allows_log
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_damaged_file_is_kept_aside_and_never_erased(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    for number in ("", "2", "3"):
        file.write_bytes(content)
        assert read_settings(file) == Settings()
        assert not file.exists()
        assert (tmp_path / f"settings.json.bad{number}").read_bytes() == content


@pytest.mark.allows_log
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", 3),
        ("model", " "),
        ("backend", None),
        ("models", ["demo"]),
        ("models", {"demo": "hot"}),
        ("appearance", "pink"),
        ("appearance", ["dark"]),
        ("language", "tlh"),
        ("language", None),
        ("export_dir", "here"),
        ("export_dir", ""),
        ("export_dir", "/a\0b"),
        ("export_dir", 7),
        ("is_history_kept", 0),
        ("is_history_kept", "yes"),
        ("unload_after_min", 0),
        ("unload_after_min", 100_000),
        ("unload_after_min", "5"),
        ("unload_after_min", 5.0),
        ("hub_endpoint", "ftp://mirror"),
        ("hub_endpoint", 3),
        ("hub_proxy", "no proxy at all"),
        ("hub_proxy", None),
        ("is_offline", 1),
        ("models_dir", "models"),
        ("models_dir", "/a\0b"),
        ("models_dir", ["/models"]),
        ("model_folders", "/models"),
    ],
)
def test_one_bad_value_costs_only_itself(
    name: str, value: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "settings.json"
    good: dict[str, Any] = {
        "model": "/models/a",
        "backend": "mlx",
        "models": {"demo": ModelSettings(system="Be brief.")},
        "appearance": "dark",
        "language": "zh_CN",
        "export_dir": Path("/photos"),
        "is_history_kept": False,
    }
    write_settings(file, Settings(**good))
    file.write_text(json.dumps({**json.loads(file.read_text()), name: value}))
    found = read_settings(file)
    assert found == Settings(**{**good, name: getattr(Settings(), name)})
    assert caplog.messages == [f"The setting {name} cannot be used; its default stands in"]


@pytest.mark.allows_log
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("system", ["x"]),
        ("max_image_tokens", 0),
        ("max_image_tokens", True),
        ("max_image_tokens", 12.5),
        ("sampling", "hot"),
        ("sampling", {"temperature": "hot"}),
        ("sampling", {"temperature": 99}),
        ("sampling", {"top_k": 1.5}),
        ("sampling", {"seed": -1}),
        ("sampling", {"temperature": 10**400}),
        ("sampling", {"top_p": -(10**400)}),
        ("sampling", {"seed": 10**400}),
        ("max_image_tokens", -(10**400)),
        ("weight_bits", 3),
        ("weight_bits", "4bit"),
        ("weight_bits", 4.0),
        ("context_tokens", 2_047),
        ("context_tokens", 1_048_577),
        ("context_tokens", "8192"),
        ("context_tokens", True),
        ("adapter", "lora"),
        ("adapter", "/a\0b"),
        ("adapter", 3),
    ],
)
def test_one_bad_value_of_a_model_costs_only_itself(
    name: str, value: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "settings.json"
    good: dict[str, Any] = {"system": "Be brief.", "max_image_tokens": 7, "sampling": asdict(Sampling(top_k=3))}
    file.write_text(json.dumps({"models": {"a": {**good, name: value}, "b": good}}))
    found = read_settings(file)
    whole = {**good, "sampling": Sampling(top_k=3)}
    assert found.of("b") == ModelSettings(**whole)
    assert found.of("a") == ModelSettings(**{**whole, name: getattr(ModelSettings(), name)})
    assert caplog.messages == [f"The setting {name} of a model cannot be used; its default stands in"]


def test_each_model_has_choices_of_its_own() -> None:
    brief, long = ModelSettings(system="Be brief."), ModelSettings(Sampling(max_tokens=9), "Be long.", None)
    settings = replace(Settings("a").with_own(brief), model="b")
    assert settings.own == ModelSettings()
    settings = replace(settings.with_own(long), model="a")
    assert (settings.own, settings.of("b")) == (brief, long)
    assert settings.with_own(ModelSettings()).models == {"b": long}


@pytest.mark.parametrize("version", [-(10**400), -1, 0, 10**400, True, "one", None])
def test_an_odd_version_is_no_obstacle(version: Any, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"version": version, "model": "/models/a"}))
    assert read_settings(file).model == "/models/a"


def test_a_name_that_is_not_utf_8_comes_back(tmp_path: Path) -> None:
    own = {"/models/caf\udce9": ModelSettings(system="图")}
    settings = Settings(model="/models/caf\udce9", models=own, export_dir=Path("/caf\udce9"))
    write_settings(tmp_path / "settings.json", settings)
    assert read_settings(tmp_path / "settings.json") == settings
    assert "图" in (tmp_path / "settings.json").read_text(encoding="utf-8")


def test_keys_of_another_version_stay(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"version": VERSION, "size": "large", "model": "demo"}))
    write_settings(file, Settings(model="other"))
    assert json.loads(file.read_text())["size"] == "large"
    assert read_settings(file).model == "other"


SAMPLED = ModelSettings(Sampling(max_tokens=256, temperature=0.0, seed=7), "Antworte kurz. 简短", None)


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_file_of_each_version_is_read(version: int) -> None:
    found = read_settings(SAMPLES_DIR / f"version{version}.json")
    assert (found.model, found.backend, found.own) == ("/models/qwen", "mlx", SAMPLED)
    if version > 1:
        other = ModelSettings(max_image_tokens=640)
        assert found == Settings(
            *("/models/qwen", "mlx", {"/models/qwen": SAMPLED, "demo": other}), "dark", "zh_CN", Path("/photos"), False
        )


def test_what_an_earlier_version_wrote_moves_to_its_new_place(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_bytes((SAMPLES_DIR / "version1.json").read_bytes())
    write_settings(file, replace(read_settings(file), appearance="light"))
    assert read_settings(file).own == SAMPLED
    assert not {"sampling", "system", "max_image_tokens"} & set(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.allows_log
def test_an_earlier_file_whose_model_is_no_text_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"version": 1, "model": ["a"], "backend": "mlx", "system": "Be brief."}))
    assert read_settings(file) == Settings(backend="mlx")


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot be kept in"):
        write_settings(tmp_path / "profile" / "settings.json", Settings())


def test_what_the_command_line_says_holds_for_one_start() -> None:
    stored = Settings("a", "mlx").with_own(ModelSettings(system="Be brief."))
    for line in (
        Given(),
        Given("b"),
        Given("a", "fake"),
        Given(weight_bits=4),
        Given("b", "fake", 8),
        Given("b", context_tokens=4_096),
        Given(adapter=Path("/loras/receipts")),
        Given("b", adapter="none"),
    ):
        started = line.over(stored)
        assert (started.model, started.backend) == (line.model or "a", line.backend or "mlx")
        assert started.own.weight_bits == line.weight_bits
        assert started.own.context_tokens == line.context_tokens
        assert started.own.adapter == (line.adapter if isinstance(line.adapter, Path) else None)
        assert line.kept(started, stored) == stored
        darker = line.kept(replace(started, appearance="dark"), stored)
        assert darker == replace(stored, appearance="dark")


def test_an_adapter_that_is_left_off_for_one_start_is_kept() -> None:
    stored = Settings("a").with_own(ModelSettings(adapter=Path("/loras/receipts")))
    line = Given(adapter="none")
    started = line.over(stored)
    assert started.own.adapter is None
    assert line.kept(started, stored) == stored
    other = started.with_own(ModelSettings(adapter=Path("/loras/plants")))
    assert line.kept(other, stored) == other


def test_what_is_changed_after_the_start_is_kept() -> None:
    stored = Settings("a", "mlx")
    line = Given("b", "fake", 4)
    changed = replace(line.over(stored), model="c", backend="transformers").with_own(ModelSettings(weight_bits=8))
    kept = line.kept(changed, stored)
    assert (kept.model, kept.backend) == ("c", "transformers")
    assert (kept.of("b").weight_bits, kept.of("c").weight_bits) == (None, 8)
    eight = line.over(stored).with_own(ModelSettings(weight_bits=8))
    assert line.kept(eight, stored).of("b").weight_bits == 8


@pytest.mark.allows_log
def test_a_bad_folder_of_models_costs_only_itself(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"model_folders": ["/a", "here", 3, None, "/a", "/b\0", "/c"]}))
    assert list(read_settings(file).model_folders) == [Path("/a"), Path("/c")]


def test_a_proxys_password_is_in_no_printed_form() -> None:
    assert "word" not in repr(Settings(hub_proxy="http://me:word@proxy:1"))


@pytest.mark.skipif(os.name == "nt", reason="permissions of another kind")
def test_a_file_with_a_proxys_password_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    write_settings(file, Settings(hub_proxy="http://proxy:1"))
    file.chmod(0o644)
    write_settings(file, Settings(hub_proxy="http://proxy:1"))
    assert file.stat().st_mode & 0o777 == 0o644
    write_settings(file, Settings(hub_proxy="http://me:word@proxy:1"))
    assert file.stat().st_mode & 0o777 == 0o600
