from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import UserError
from app.core.sampling import MAX_SEED, Sampling
from app.core.settings import Settings, read_settings, write_settings

SAMPLES_DIR = Path(__file__).parent / "settings_samples"

samplings = st.builds(
    Sampling,
    max_tokens=st.integers(1, 4096),
    temperature=st.floats(0, 5),
    top_p=st.floats(0, 1),
    top_k=st.integers(0, 1000),
    seed=st.none() | st.integers(0, MAX_SEED),
)
all_settings = st.builds(
    Settings,
    model=st.text(min_size=1).filter(str.strip),
    system=st.text(),
    max_image_tokens=st.none() | st.integers(1, 16384),
    sampling=st.none() | samplings,
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
    ],
)
def test_one_bad_value_costs_only_itself(
    name: str, value: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "settings.json"
    good = {**asdict(Settings(system="Be brief.")), "model": "/models/a"}
    file.write_text(json.dumps({**good, name: value}))
    found = read_settings(file)
    assert found == Settings(**{**good, name: getattr(Settings(), name)})
    assert caplog.messages == [f"The setting {name} cannot be used; its default stands in"]


@pytest.mark.parametrize("version", [-(10**400), -1, 0, 10**400, True, "one", None])
def test_an_odd_version_is_no_obstacle(version: Any, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"version": version, "model": "/models/a"}))
    assert read_settings(file).model == "/models/a"


def test_a_name_that_is_not_utf_8_comes_back(tmp_path: Path) -> None:
    settings = Settings(model="/models/caf\udce9", system="图")
    write_settings(tmp_path / "settings.json", settings)
    assert read_settings(tmp_path / "settings.json") == settings
    assert "图" in (tmp_path / "settings.json").read_text(encoding="utf-8")


def test_keys_of_another_version_stay(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"version": 1, "language": "zh_CN", "model": "demo"}))
    write_settings(file, Settings(model="other"))
    assert json.loads(file.read_text())["language"] == "zh_CN"
    assert read_settings(file).model == "other"


@pytest.mark.parametrize("sample", sorted(SAMPLES_DIR.glob("*.json")), ids=lambda path: path.stem)
def test_a_file_of_each_earlier_version_is_read(sample: Path) -> None:
    sampling = Sampling(max_tokens=256, temperature=0.0, seed=7)
    assert read_settings(sample) == Settings("/models/qwen", "mlx", "Antworte kurz. 简短", None, sampling)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "profile").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot be kept in"):
        write_settings(tmp_path / "profile" / "settings.json", Settings())
