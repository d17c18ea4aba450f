"""After a download the program makes no connection at all: real processes in which every try is noted and refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.core.paths import DEMO_MODEL_DIR, SAMPLE_PICTURE
from tests.e2e.chosen_program import installed_runtimes
from tests.e2e.cut_off import CutOff, cut_off
from tests.e2e.program import Program
from tests.e2e.real_display import NEEDS_DISPLAY, Hands, ask_and_export, killed_at_end, quit_by_keys, until
from tests.e2e.test_window_process import wait_for
from tests.hub_server import environment_for
from tests.sharded_demo import sharded_demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hub_server import HubServer

INSTALLED = installed_runtimes()
NEEDS_RUNTIME = pytest.mark.skipif(not INSTALLED, reason="no runtime is installed")
REPOSITORY = "house/tiny"


@pytest.fixture
def here(hub: HubServer, tmp_path: Path) -> Program:
    """The program with a model that it downloaded; nothing says that it is offline."""
    hub.add(REPOSITORY, sharded_demo())
    home = tmp_path / "home"
    home.mkdir()
    places = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "HF_HOME": str(tmp_path / "hf")}
    places["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    program = Program(tmp_path, DEMO_MODEL_DIR, {**places, **environment_for(hub, tmp_path / "hub-cache")})
    done = program.run("--profile", program.profile_dir, "models", "download", REPOSITORY)
    assert done.returncode == 0, done.stderr
    assert hub.seen()
    return program


@pytest.fixture
def alone(here: Program) -> Iterator[CutOff]:
    """The same where each try to reach the network is noted and refused."""
    with cut_off(here) as alone:
        yield alone


def test_a_try_is_noted_and_refused(alone: CutOff) -> None:
    program = alone.program
    done = program.run("--profile", program.profile_dir, "models", "download", "house/other")
    assert done.returncode != 0
    assert alone.tries(), "else the tests below could not fail"


@NEEDS_RUNTIME
def test_a_downloaded_model_answers_without_a_connection(alone: CutOff, hub: HubServer) -> None:
    asked_before = len(hub.seen())
    program = alone.program
    words: list[str | Path] = ["--profile", program.profile_dir]
    words += ["ask", "--backend", INSTALLED[0], "--model", REPOSITORY]
    done = program.run(*words, SAMPLE_PICTURE, "-p", "Describe this image.", "--temperature", "0")
    assert done.returncode == 0, done.stderr
    assert re.search(r"circle|square|triangle|star", done.stdout)
    assert alone.tries() == ""
    assert len(hub.seen()) == asked_before


@pytest.mark.parametrize("is_offline", [False, True])
def test_what_is_here_is_told_without_a_connection(alone: CutOff, is_offline: bool) -> None:
    here = alone.program
    here.profile_dir.mkdir(exist_ok=True)
    (here.profile_dir / "settings.json").write_text(json.dumps({"is_offline": is_offline}))
    for words in (["list", "--all"], ["recommend"], ["path", REPOSITORY], ["check", "--hashes"], ["list", "--json"]):
        done = here.run("--profile", here.profile_dir, "models", *words)
        assert done.returncode == 0, (words, done.stderr)
    assert here.run("--profile", here.profile_dir, "doctor").returncode == 0
    if is_offline:
        done = here.run("--profile", here.profile_dir, "models", "download", "house/other")
        assert "offline" in done.stderr
        done = here.run("--profile", here.profile_dir, "models", "download", REPOSITORY)
        assert done.returncode == 0, "what is here whole needs no connection"
        path = here.run("--profile", here.profile_dir, "models", "path", REPOSITORY)
        assert done.stdout == path.stdout
        assert "is here already" in done.stderr
    done = here.run("--profile", here.profile_dir, "models", "remove", REPOSITORY, "--yes")
    assert done.returncode == 0, done.stderr
    assert alone.tries() == ""


@NEEDS_DISPLAY
@NEEDS_RUNTIME
@pytest.mark.parametrize("is_offline", [False, True])
def test_the_window_answers_without_a_connection(
    alone: CutOff, hub: HubServer, display: str, tmp_path: Path, is_offline: bool
) -> None:
    here = alone.program
    here.profile_dir.mkdir(exist_ok=True)
    (here.profile_dir / "settings.json").write_text(json.dumps({"is_offline": is_offline}))
    asked_before = len(hub.seen())
    on_display = here.with_variables(
        DISPLAY=display, QT_QPA_PLATFORM="xcb", XDG_CURRENT_DESKTOP="", QT_QPA_PLATFORMTHEME=""
    )
    trace, exported = tmp_path / "trace.json", tmp_path / "answer.json"
    words: list[str | Path] = ["--profile", here.profile_dir, "--startup-trace", trace, "--backend", INSTALLED[0]]
    words += ["--model", REPOSITORY, SAMPLE_PICTURE, "-p", "Describe this image."]
    hands = Hands(display)
    with killed_at_end(on_display.start(*words)) as window:
        wait_for("model_ready", trace, window)
        window_id = hands.do("search", "--sync", "--onlyvisible", "--name", "Viewfinder").split()[0]
        until(lambda: ask_and_export(hands, window_id, exported), "the answer was not exported")
        assert inet_sockets(window.pid) == []
        _, errors = quit_by_keys(hands, window_id, window)
    assert (window.returncode, errors) == (0, b"")
    result = json.loads(exported.read_text(encoding="utf-8"))
    assert result["turns"][0]["answer"]
    model = result["model"]
    assert (model["id"], model["revision"]) == (REPOSITORY, hub.repositories[REPOSITORY].branches["main"])
    assert alone.tries() == ""
    assert len(hub.seen()) == asked_before


def inet_sockets(pid: int) -> list[str]:
    """The sockets of a process that could reach a network, also those that no Python made."""
    mine = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
        except OSError:  # closed meanwhile
            continue
        if found is not None:
            mine.add(found[1])
    kinds = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")
    lines = [line for kind in kinds for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]]
    return [line for line in lines if line.split()[9] in mine]
