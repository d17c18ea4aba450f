"""``viewfinder models download`` as a process of its own, from a server of ours on loopback."""

from __future__ import annotations

import json
import math
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from app.core.paths import DEMO_MODEL_DIR, SCHEMAS_DIR
from tests.e2e.program import NEEDS_SIGNALS, Program
from tests.hub_server import Fault, environment_for
from tests.sharded_demo import sharded_demo

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.hub_server import HubServer

SCHEMA = json.loads((SCHEMAS_DIR / "models-1.schema.json").read_text(encoding="utf-8"))
REPOSITORY = "house/tiny"


@pytest.fixture
def here(hub: HubServer, tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    places = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "HF_HOME": str(tmp_path / "hf")}
    places["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    return Program(tmp_path, DEMO_MODEL_DIR, {**places, **environment_for(hub, tmp_path / "hub-cache")})


def models(here: Program, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return here.run("--profile", here.profile_dir, "models", *words)


def told(here: Program, *words: str | Path) -> Any:
    done = models(here, *words, "--json")
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    jsonschema.validate(value, SCHEMA, format_checker=jsonschema.FormatChecker())
    return value


def test_a_model_is_downloaded_once_and_then_here(here: Program, hub: HubServer) -> None:
    commit = hub.add(REPOSITORY, sharded_demo())
    done = models(here, "download", REPOSITORY)
    assert done.returncode == 0, done.stderr
    snapshot = here.folder / "hub-cache" / "models--house--tiny" / "snapshots" / commit
    assert done.stdout == f"{snapshot}\n"
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"{REPOSITORY}: 8.6 MB in ")
    assert lines[0].endswith(f"revision {commit[:12]}")
    assert all(" of 8.6 MB" in line for line in lines[1:]), "how far it is, also where nothing can be rewritten"
    assert told(here, "list")["installed"][1]["id"] == REPOSITORY
    checked = told(here, "check", REPOSITORY, "--hashes")["checked"][0]
    assert set(checked["files"].values()) == {"same"}

    asked_before = len(hub.seen(where="store"))
    again = told(here, "download", f"{hub.url}/{REPOSITORY}")
    assert again["downloaded"] == {
        "id": REPOSITORY,
        "revision": commit,
        "folder": str(snapshot),
        "size_bytes": again["downloaded"]["size_bytes"],
    }
    assert len(hub.seen(where="store")) == asked_before, "nothing is fetched twice"
    assert "all of it is here already" in models(here, "download", REPOSITORY).stderr


@NEEDS_SIGNALS
def test_ctrl_c_pauses_and_the_same_command_goes_on(here: Program, hub: HubServer) -> None:
    hub.add(REPOSITORY, sharded_demo())
    hub.fault("*model-*", Fault(bytes_per_s=300_000), times=math.inf, where="store")
    parts = here.folder / "hub-cache" / "models--house--tiny" / "blobs"
    with here.start("--profile", here.profile_dir, "models", "download", REPOSITORY) as process:
        deadline = time.monotonic() + 60
        while sum(part.stat().st_size for part in parts.glob("*part")) < 200_000:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b""), errors
    words = f"Paused; what came is kept. “viewfinder models download {REPOSITORY}” goes on from there.\n"
    assert errors.decode().endswith(words)
    listed = told(here, "list")
    assert [model["id"] for model in listed["installed"]] == ["demo"]
    assert [one["id"] for one in listed["unfinished"]] == [REPOSITORY]
    assert "is only downloaded in part" in models(here, "path", REPOSITORY).stderr
    hub.clear_faults()
    done = models(here, "download", REPOSITORY)
    assert done.returncode == 0, done.stderr
    assert " are here already" in done.stderr.splitlines()[0]
    folder = here.folder / done.stdout.strip()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        name: content for name, content in sharded_demo().items() if (folder / name).exists()
    }


def test_hashes_of_a_cache_without_links_are_asked_of_the_hub(here: Program, hub: HubServer) -> None:
    commit = hub.add(REPOSITORY, sharded_demo())
    snapshot = here.folder / "hub-cache" / "models--house--tiny" / "snapshots" / commit
    snapshot.mkdir(parents=True)
    for name, content in sharded_demo().items():
        (snapshot / name).write_bytes(content)
    checked = told(here, "check", REPOSITORY, "--hashes")["checked"][0]
    assert set(checked["files"].values()) == {"same"}
    damaged = bytearray((snapshot / "model-00003-of-00006.safetensors").read_bytes())
    damaged[-1] ^= 1
    (snapshot / "model-00003-of-00006.safetensors").write_bytes(damaged)
    done = models(here, "check", REPOSITORY, "--hashes")
    assert (done.returncode, done.stderr) == (4, "")
    assert "model-00003-of-00006.safetensors is not as it was published" in done.stdout
    hub.stop()
    alone = models(here, "check", REPOSITORY, "--hashes")
    assert alone.returncode == 0, "whole, as far as it can be told"
    assert "cannot be asked for" in alone.stderr
    assert "files came without a hash to compare with" in alone.stdout


@pytest.mark.parametrize(
    ("model", "code", "words"),
    [
        ("house/gone", 4, "house/gone"),
        ("not a name", 4, "is not the name of a repository"),
        ("house/other", 4, "house/other"),
    ],
)
def test_what_cannot_be_downloaded_is_refused_with_a_sentence(
    here: Program, hub: HubServer, model: str, code: int, words: str
) -> None:
    hub.add("house/other", {**sharded_demo(), "config.json": json.dumps({"model_type": "llava"}).encode()})
    done = models(here, "download", model)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1 or "  " in done.stderr
    assert hub.seen(where="store") == []


def test_offline_nothing_is_asked(here: Program, hub: HubServer) -> None:
    hub.add(REPOSITORY, sharded_demo())
    here.profile_dir.mkdir()
    (here.profile_dir / "settings.json").write_text(json.dumps({"is_offline": True}))
    done = models(here, "download", REPOSITORY)
    assert (done.returncode, done.stdout) == (1, "")
    assert "offline" in done.stderr
    assert hub.seen() == []


def test_on_a_terminal_bytes_and_time_left_are_rewritten_in_place(here: Program, hub: HubServer) -> None:
    import pty

    hub.add(REPOSITORY, sharded_demo())
    hub.fault("*model-*", Fault(bytes_per_s=600_000), times=math.inf, where="store")
    leader, follower = pty.openpty()
    said = b""
    with here.start("--profile", here.profile_dir, "models", "download", REPOSITORY, stderr=follower) as process:
        os.close(follower)
        while True:
            try:
                piece = os.read(leader, 65_536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            said += piece
        process.communicate(timeout=60)
    os.close(leader)
    assert process.returncode == 0, said
    assert b"\r\x1b[K" in said
    assert b" left" in said
    assert b"MB/s" in said


def test_the_demo_model_needs_no_download(here: Program, hub: HubServer) -> None:
    done = models(here, "download", "demo")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "viewfinder: The demo model comes with the program, so there is nothing to download. "
    )
    assert hub.seen() == []
