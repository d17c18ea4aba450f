"""A download that is killed at any moment goes on at the next start; half a model is never taken for a whole one."""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from app.core.checkpoint import find_checkpoint
from app.core.errors import ModelError
from app.core.models.library import installed_models
from app.core.paths import DEMO_MODEL_DIR, SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION
from tests.e2e.chosen_program import frozen_program, installed_runtimes
from tests.e2e.program import ROOT, Program
from tests.hub_server import Fault, HubServer, environment_for
from tests.sharded_demo import sharded_demo

ID = "house/demo"
KILLS = 20
Lives: TypeAlias = Callable[[float], list[str]]
INSTALLED = installed_runtimes()


def is_byte_identical(folder: Path) -> bool:
    return all((folder / name).read_bytes() == content for name, content in sharded_demo().items())


class Observer:
    """Looks all the while for a model that is listed, or found, and is not whole."""

    def __init__(self) -> None:
        self.looks = 0
        self.halves: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def look(self) -> bool:
        """Whether the model is ready."""
        listed = [model for model in installed_models() if model.source == "hugging_face"]
        self.halves += [f"listed {model.folder}" for model in listed if not is_byte_identical(model.folder)]
        try:
            found = find_checkpoint(ID)
        except ModelError:
            return False
        if not is_byte_identical(found.folder):
            self.halves.append(f"found {found.folder}")
        return True

    def _run(self) -> None:
        while not self._ended.wait(0.03):
            self.look()
            self.looks += 1

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def observer() -> Iterator[Observer]:
    one = Observer()
    yield one
    one.end()


@contextmanager
def downloading(hub: HubServer, cache: Path, record: Path) -> Iterator[Lives]:
    """Starts the download anew each time it is called, and kills it after so many seconds; gives what it said."""
    if frozen_program() is not None:
        program = Program(record.parent, DEMO_MODEL_DIR, environment_for(hub, cache))
        yield lambda kill_after_s: frozen_life(program, kill_after_s)
        return
    command = [sys.executable, "-m", "tests.e2e.download_process", hub.url, ID, str(record)]
    environment = {**os.environ, **environment_for(hub, cache), "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield lambda kill_after_s: life(process, kill_after_s)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0


def life(process: subprocess.Popen[str], kill_after_s: float) -> list[str]:
    """One start of the program, killed after a while; what it said."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    number = int(process.stdout.readline().removeprefix("id "))
    killing = threading.Timer(kill_after_s, os.kill, (number, signal.SIGKILL)) if math.isfinite(kill_after_s) else None
    if killing is not None:
        killing.start()
    said: list[str] = []
    while (line := process.stdout.readline().strip()) != "ended":
        assert line, "the process is gone"
        said.append(line)
    if killing is not None:
        killing.cancel()
        killing.join()
    return said


def frozen_life(program: Program, kill_after_s: float) -> list[str]:
    """One start of a frozen program, killed a while after it began to download; what it said, in the same words."""
    with program.start("--profile", program.profile_dir, "models", "download", ID, "--json") as process:
        assert process.stderr is not None
        said = process.stderr.readline().decode()  # it knows what to fetch
        killing = threading.Timer(kill_after_s, process.kill) if math.isfinite(kill_after_s) else None
        if killing is not None:
            killing.start()
        out, errors = process.communicate(timeout=60)
        if killing is not None:
            killing.cancel()
            killing.join()
    lines = [said, *errors.decode().splitlines()]
    if process.returncode == 0:
        return [*lines, f"done {json.loads(out)['downloaded']['size_bytes']}"]
    return lines if process.returncode == -signal.SIGKILL else ["failed", *lines]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes that fork")
def test_it_goes_on_after_twenty_kills_and_is_never_taken_for_whole_before(
    hub: HubServer, tmp_path: Path, observer: Observer
) -> None:
    hub.add(ID, sharded_demo())
    hub.fault("*.safetensors", Fault(bytes_per_s=300_000), times=math.inf, where="store")
    cache, record = tmp_path / "hub-cache", tmp_path / "downloads.json"
    chance = random.Random(20)
    unfinished = 0
    with downloading(hub, cache, record) as live:
        for _ in range(KILLS):
            said = live(chance.uniform(0.0, 0.5))
            assert not any(line.startswith(("failed", "error")) for line in said), said
            if not observer.look():
                unfinished += 1
        assert unfinished >= KILLS - 5
        hub.clear_faults()
        last = live(math.inf)
    assert last[-1].split() == ["done", str(sum(map(len, sharded_demo().values())))]
    assert observer.look()
    assert observer.looks > KILLS
    assert observer.halves == []
    assert not record.exists()
    assert [path for path in cache.rglob("*") if "viewfinder-part" in path.name] == []
    # Each went on where the one before it ended, none from the beginning.
    resumed = 0
    for name in sharded_demo():
        starts = [
            int(one.range.removeprefix("bytes=").removesuffix("-") or 0)
            for one in hub.seen(f"*/{name}", where="store", method="GET")
            if not one.range or one.range.endswith("-")
        ]
        assert starts == sorted(starts), name
        resumed += sum(start > 0 for start in starts)
    assert resumed >= KILLS // 2
    answers(tmp_path, cache)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes that fork")
def test_of_two_programs_at_once_one_may_be_killed(hub: HubServer, tmp_path: Path, observer: Observer) -> None:
    hub.add(ID, sharded_demo())
    hub.fault("*.safetensors", Fault(bytes_per_s=1_000_000), times=math.inf, where="store")
    cache = tmp_path / "hub-cache"
    with (
        downloading(hub, cache, tmp_path / "one.json") as one,
        downloading(hub, cache, tmp_path / "other.json") as other,
    ):
        killed: list[str] = []
        short = threading.Thread(target=lambda: killed.extend(one(1.2)))
        short.start()
        said = other(math.inf)
        short.join()
    assert not any(line.startswith("done") for line in killed)
    assert said[-1].startswith("done")
    assert observer.look()
    assert observer.halves == []
    # What one had was not fetched again by the other, but for what was on the line when it was killed.
    assert hub.sent_bytes < 1.5 * sum(map(len, sharded_demo().values()))


def answers(tmp_path: Path, cache: Path) -> None:
    if not INSTALLED:
        return
    program = Program(tmp_path, DEMO_MODEL_DIR, {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"})
    words = ("ask", "--model", ID, "--backend", INSTALLED[0], SAMPLE_VIDEO, "-p", SAMPLE_VIDEO_QUESTION)
    done = program.run("--profile", program.profile_dir, *words, "--temperature", "0")
    assert (done.returncode, done.stdout) == (0, "A blue circle moves to the right.\n"), done.stderr
