"""``viewfinder models`` as a process of its own, with a Hugging Face cache and a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from app.core.paths import DEMO_MODEL_DIR, SCHEMAS_DIR
from tests.e2e.program import Program
from tests.whole_model import CONFIG, cached, write_whole_model

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads((SCHEMAS_DIR / "models-1.schema.json").read_text(encoding="utf-8"))
REPOSITORY = "Qwen/Qwen3-VL-4B-Instruct"
A, B = "a" * 40, "b" * 40


@pytest.fixture
def here(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    places = {"HOME": str(home), "HF_HOME": str(tmp_path / "hf"), "XDG_CONFIG_HOME": str(home / ".config")}
    return Program(tmp_path, DEMO_MODEL_DIR, places)


def cache_of(here: Program) -> Path:
    return here.folder / "hf" / "hub"


def models(here: Program, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return here.run("--profile", here.profile_dir, "models", *words)


def told(here: Program, *words: str | Path, code: int = 0) -> Any:
    """What it says in JSON, which follows the schema."""
    done = models(here, *words, "--json")
    assert done.returncode == code, done.stderr
    value = json.loads(done.stdout)
    jsonschema.validate(value, SCHEMA, format_checker=jsonschema.FormatChecker())
    return value


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_models_are_listed_found_checked_and_removed(here: Program, tmp_path: Path) -> None:
    files = write_whole_model(tmp_path / "files", parts=2, size_bytes=4_000)
    snapshot = cached(cache_of(here), REPOSITORY, files, A)
    studio = write_whole_model(here.folder / "home" / ".lmstudio" / "models" / "someone" / "Tiny 模型")
    own = write_whole_model(tmp_path / "disk" / "mine")
    here.profile_dir.mkdir()
    (here.profile_dir / "settings.json").write_text(json.dumps({"model_folders": [str(tmp_path / "disk")]}))

    listed = {model["id"]: model for model in told(here, "list")["installed"]}
    assert set(listed) == {"demo", REPOSITORY, str(studio), str(own)}
    assert listed[REPOSITORY]["size_bytes"] == sum(file.stat().st_size for file in files.iterdir())
    assert listed[str(studio)]["source"] == "lm_studio"
    text = models(here, "list")
    assert text.stderr == ""
    assert [line.split()[0] for line in text.stdout.splitlines()[:3]] == ["MODEL", "*", REPOSITORY]

    assert models(here, "path", REPOSITORY).stdout == f"{snapshot}\n"
    assert told(here, "path", f"{REPOSITORY}@{A[:8]}")["model"]["folder"] == str(snapshot)
    checked = told(here, "check", "--hashes", REPOSITORY)["checked"][0]
    assert checked["is_usable"]
    assert set(checked["files"].values()) == {"same"}

    refused = models(here, "remove", REPOSITORY)
    assert (refused.returncode, refused.stdout) == (2, ""), "nobody can be asked"
    assert "Say --yes." in refused.stderr
    removed = told(here, "remove", REPOSITORY, "--yes")["removed"]
    assert removed["freed_bytes"] == listed[REPOSITORY]["size_bytes"]
    assert models(here, "remove", studio, "--yes").stdout.startswith(f"Removed {studio}; ")
    assert not studio.exists()
    assert [model["id"] for model in told(here, "list")["installed"]] == ["demo", str(own)]


def test_a_model_that_is_not_whole_is_not_listed_and_check_says_why(here: Program, tmp_path: Path) -> None:
    snapshot = cached(cache_of(here), REPOSITORY, write_whole_model(tmp_path / "files", parts=3), A)
    (snapshot / "model-00002-of-00003.safetensors").unlink()
    cached(cache_of(here), "someone/other", write_whole_model(tmp_path / "other", CONFIG | {"model_type": "llava"}), B)
    assert [model["id"] for model in told(here, "list")["installed"]] == ["demo"]

    missing = "1 of its 3 weight files are missing, as model-00002-of-00003.safetensors is"
    of_all = {one["id"]: one for one in told(here, "check", code=4)["checked"]}
    assert of_all["demo"]["is_usable"]
    assert missing in of_all[f"{REPOSITORY}@{A[:12]}"]["problem"]["text"]
    assert len(of_all) == 2, "models of other kinds are nobody's concern"
    done = models(here, "check", REPOSITORY)
    assert (done.returncode, done.stderr) == (4, "")
    assert missing in done.stdout
    other = told(here, "check", "someone/other", "gone/gone", code=4)["checked"]
    assert "is a “llava”, not a Qwen3-VL" in other[0]["problem"]["text"]
    assert other[1]["folder"] is None
    assert "not on this machine" in other[1]["problem"]["text"]
    path = models(here, "path", REPOSITORY)
    assert (path.returncode, path.stdout) == (4, "")
    assert missing in path.stderr
    assert told(here, "remove", f"{REPOSITORY}@{A}", "--yes")["removed"]["freed_bytes"] > 0
    assert not snapshot.exists(), "what is not whole can be removed too"


def test_a_model_that_is_not_whole_is_not_asked(here: Program, tmp_path: Path) -> None:
    snapshot = cached(cache_of(here), REPOSITORY, write_whole_model(tmp_path / "files", parts=3), A)
    (snapshot / "model-00002-of-00003.safetensors").unlink()
    missing = "as model-00002-of-00003.safetensors is"
    asked = here.run("--profile", here.profile_dir, "ask", "-p", "x", "--backend", "fake", "--model", REPOSITORY)
    assert asked.returncode == 4
    assert missing in asked.stderr


def test_what_came_of_a_download_is_listed_and_can_be_removed(here: Program) -> None:
    blobs = cache_of(here) / "models--Qwen--Qwen3-VL-4B-Instruct" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / f"{'c' * 64}.viewfinder-part").write_bytes(bytes(2_000))
    assert told(here, "list")["unfinished"] == [{"id": REPOSITORY, "here_bytes": 2_000}]
    assert f"{REPOSITORY}: 2.0 KB are here; “viewfinder models download" in models(here, "list").stdout
    assert told(here, "remove", REPOSITORY, "--yes")["removed"]["freed_bytes"] == 2_000
    assert not blobs.exists()
    assert told(here, "list")["unfinished"] == []


def test_what_is_being_downloaded_is_not_removed_under_it(here: Program) -> None:
    from filelock import FileLock

    blobs = cache_of(here) / "models--Qwen--Qwen3-VL-4B-Instruct" / "blobs"
    locks = cache_of(here) / ".locks" / "models--Qwen--Qwen3-VL-4B-Instruct"
    for folder in (blobs, locks):
        folder.mkdir(parents=True)
    (blobs / f"{'c' * 64}.viewfinder-part").write_bytes(bytes(2_000))
    with FileLock(locks / "viewfinder-fetching.lock"):
        done = models(here, "remove", REPOSITORY, "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"viewfinder: {REPOSITORY} is just being downloaded. Pause that first: Ctrl-C where it runs, or under “Models” "
        "in the window.\n"
    )
    assert told(here, "list")["unfinished"] == [{"id": REPOSITORY, "here_bytes": 2_000}]


def test_a_branch_names_what_is_removed_as_it_names_what_is_found(here: Program, tmp_path: Path) -> None:
    snapshot = cached(cache_of(here), REPOSITORY, write_whole_model(tmp_path / "files"), A)
    assert told(here, "path", f"{REPOSITORY}@main")["model"]["folder"] == str(snapshot)
    assert told(here, "remove", f"{REPOSITORY}@main", "--yes")["removed"]["folder"] == str(snapshot)
    assert not snapshot.exists()


@pytest.mark.parametrize("action", ["path", "check", "remove"])
def test_a_name_that_can_be_none_is_said_to_be_none(here: Program, action: str) -> None:
    for name in ("", "/" + "x" * 5_000):
        done = models(here, action, name)
        assert done.returncode == 4, done.stderr
        assert f"There is no model “{name}”." in done.stdout + done.stderr


def test_nothing_named_is_not_the_folder_one_is_in(here: Program) -> None:
    write_whole_model(here.folder)
    here.profile_dir.mkdir()
    (here.profile_dir / "settings.json").write_text(json.dumps({"model_folders": [str(here.folder)]}))
    assert models(here, "remove", "", "--yes").returncode == 4
    assert (here.folder / "config.json").exists()


def test_a_file_that_was_changed_is_found_by_its_hash(here: Program, tmp_path: Path) -> None:
    snapshot = cached(cache_of(here), REPOSITORY, write_whole_model(tmp_path / "files", size_bytes=1_000), A)
    with (snapshot / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\1")
    assert told(here, "check", REPOSITORY)["checked"][0]["is_usable"], "its length is right"
    checked = told(here, "check", REPOSITORY, "--hashes", code=4)["checked"][0]
    assert [name for name, state in checked["files"].items() if state == "different"] == ["model.safetensors"]
    assert "model.safetensors is not as it was published" in models(here, "check", REPOSITORY, "--hashes").stdout


def test_when_a_model_was_used_is_noted(here: Program, empty_model: Path) -> None:
    snapshot = cached(cache_of(here), REPOSITORY, empty_model, A)
    os.utime(snapshot / "model.safetensors", (1_000_000_000, 1_000_000_000))
    assert told(here, "list")["installed"][1]["last_used"] is None
    words = ["ask", "--backend", "fake", "--model", REPOSITORY, "-p", "What is this?"]
    assert here.run("--profile", here.profile_dir, *words).returncode == 0
    assert told(here, "list")["installed"][1]["last_used"] is not None


def test_what_can_be_downloaded_is_listed_with_how_it_fits(here: Program, tmp_path: Path) -> None:
    cached(cache_of(here), "mlx-community/Qwen3-VL-4B-Instruct-4bit", write_whole_model(tmp_path / "files"), A)
    (here.profile_dir).mkdir()
    (here.profile_dir / "catalogue.toml").write_text("[[models]]\nid = 3\n")
    done = models(here, "list", "--all", "--json")
    assert done.stderr.count("viewfinder: ") == 1, "a bad row is told"
    value = json.loads(done.stdout)
    jsonschema.validate(value, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert {model["id"]: model["fit"] for model in value["installed"]}["demo"] == "fits"
    offered = {model["id"]: model for model in value["catalogue"]}
    assert offered["mlx-community/Qwen3-VL-4B-Instruct-4bit"]["is_installed"]
    assert offered["Qwen/Qwen3-VL-235B-A22B-Thinking"]["memory_bytes"] > 4e11
    text = models(here, "list", "--all").stdout
    assert " about 3 GB " in text
    best = told(here, "recommend", "--backend", "mlx")
    assert best["recommended"]["id"] in offered
    said = models(here, "recommend", "--backend", "mlx")
    assert said.stdout == f"{best['recommended']['id']}\n{best['reason']}\n"


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_before_it_removes_it_asks(here: Program, tmp_path: Path, answer: str, code: int) -> None:
    import pty

    folder = write_whole_model(tmp_path / "model")
    cached(cache_of(here), REPOSITORY, folder, A)
    leader, follower = pty.openpty()
    with here.start("--profile", here.profile_dir, "models", "remove", REPOSITORY, stdin=follower) as process:
        os.write(leader, answer.encode() or b"\x04")
        out, errors = process.communicate(timeout=60)
    os.close(follower)
    os.close(leader)
    assert process.returncode == code, errors
    assert "deleted from the Hugging Face cache" in errors.decode()
    assert "will be free again" in errors.decode()
    assert (cache_of(here) / "models--Qwen--Qwen3-VL-4B-Instruct").exists() == (code != 0)
    assert bool(out) == (code == 0)


@pytest.mark.parametrize("words", [["doctor"], ["models", "list"], ["ask", "--backend", "fake", "-p", "x"]])
def test_an_hf_endpoint_that_is_no_address_harms_nothing_but_what_asks_there(words: list[str], here: Program) -> None:
    bad = here.with_variables(HF_ENDPOINT="http://[::1", HF_HUB_OFFLINE="0", TRANSFORMERS_OFFLINE="0")
    done = bad.run("--profile", bad.profile_dir, *words, *(["--model", str(bad.model)] if "ask" in words else []))
    assert done.returncode == 0, done.stderr
    if words == ["doctor"]:
        assert "Downloads    http://[::1, " in done.stdout
        asked = bad.run("--profile", bad.profile_dir, "models", "download", "house/tiny")
        assert asked.returncode == 1
        assert "The address http://[::1 cannot be used. Correct HF_ENDPOINT, or" in asked.stderr
