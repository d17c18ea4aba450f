"""How parts are tried in other processes: those here do what they are told instead of trying anything."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from app.cli import trial_process
from app.cli.trial_process import Trials
from app.cli.trials import PARTS, Places

if TYPE_CHECKING:
    from pathlib import Path

FILES = [part for part in PARTS if part.group == "files"]
PLACES = [part for part in PARTS if part.group == "places"][:3]
PLAYED = """
import json, os, sys, time
names = sys.argv[sys.argv.index("--parts") + 1].split(",")
script = json.load(open({script!r}))
for name in names:
    what = script.get(name, "ok")
    if what == "crash":
        print("first word", file=sys.stderr); print("last word", file=sys.stderr); sys.stderr.flush(); os.abort()
    if what == "leave":
        print("cannot go on", file=sys.stderr); sys.stderr.flush(); os._exit(3)
    if what == "hang":
        print("begun", file=open({begun!r}, "w"), flush=True); time.sleep(600)
    print("chatter of a library")
    values = dict(name=name, outcome="ok", detail=os.environ.get("HF_HUB_OFFLINE"), duration_s=0.1)
    print(json.dumps(values), flush=True)
os._exit(script.get("exit", 0))
"""


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test says what each part's process does."""
    script, program = tmp_path / "script.json", tmp_path / "program.py"
    script.write_text("{}")
    program.write_text(PLAYED.format(script=str(script), begun=str(tmp_path / "begun")))
    monkeypatch.setattr(trial_process, "own_command", lambda: [sys.executable, str(program)])
    return script


def trials(part_s: float = 60.0) -> Trials:
    return Trials(Places(None, None), part_s)


@pytest.mark.usefixtures("played")
def test_every_part_is_told_in_order_and_offline() -> None:
    ended = list(trials().run([*FILES, *PLACES]))
    assert [part.name for part in ended] == [part.name for part in (*FILES, *PLACES)]
    assert {(part.outcome, part.detail) for part in ended} == {("ok", "1")}


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_crash_costs_only_its_part(at: int, played: Path) -> None:
    played.write_text(json.dumps({PLACES[at].name: "crash"}))
    ended = list(trials().run(PLACES))
    assert [part.name for part in ended] == [part.name for part in PLACES]
    assert [part.outcome == "failed" for part in ended] == [index == at for index in range(3)]
    assert ended[at].detail == "Its process was ended by SIGABRT. first word last word"


def test_parts_that_all_crash_are_all_told(played: Path) -> None:
    played.write_text(json.dumps({part.name: "leave" for part in PLACES}))
    ended = list(trials().run(PLACES))
    assert [part.detail for part in ended] == ["Its process ended with code 3. cannot go on"] * 3


def test_a_part_without_end_is_ended(played: Path) -> None:
    played.write_text(json.dumps({PLACES[1].name: "hang"}))
    ended = list(trials(part_s=5.0).run(PLACES))
    assert [part.outcome for part in ended] == ["ok", "failed", "ok"]
    assert ended[1].detail == "It did not end within 5 seconds."
    assert 5 <= ended[1].duration_s < 5 + trial_process._END_S, "it is killed, not waited for"


def test_a_process_that_ends_badly_after_its_last_part_fails_that(played: Path) -> None:
    played.write_text(json.dumps({"exit": 4}))
    ended = list(trials().run(PLACES))
    assert [part.outcome for part in ended] == ["ok", "ok", "failed"]
    assert ended[2].detail == "1 But then: Its process ended with code 4."


def test_a_program_that_cannot_be_started_fails_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_process, "own_command", lambda: [str(tmp_path / "nothing")])
    ended = list(trials().run(PLACES))
    assert [part.outcome for part in ended] == ["failed"] * 3
    assert "cannot be started anew: No such file or directory." in ended[0].detail


def test_stop_ends_what_is_tried_and_tries_no_more(played: Path, tmp_path: Path) -> None:
    played.write_text(json.dumps({PLACES[1].name: "hang"}))
    begun = tmp_path / "begun"
    running = trials()

    def stop_once_begun() -> None:
        deadline = time.monotonic() + 60
        while not begun.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        running.stop()

    stopper = threading.Thread(target=stop_once_begun)
    stopper.start()
    ended = list(running.run([*PLACES, *FILES]))
    stopper.join()
    assert [part.name for part in ended] == [PLACES[0].name]


@pytest.mark.usefixtures("played")
def test_the_environment_is_handed_on() -> None:
    given = Trials(Places(None, None), variables={**os.environ, "HF_HUB_OFFLINE": "0"})
    assert [part.detail for part in given.run(FILES[:1])] == ["1"], "no part goes to the network, whoever allows it"
