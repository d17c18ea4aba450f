"""The real program in a process of its own, with a throw-away profile."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import chosen_program

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 120
NEEDS_SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals to one program")


@dataclass(frozen=True)
class Program:
    """Starts the chosen program, by default ``python -m app``, in a folder that is also its working directory.

    Attributes:
        folder: Working directory; holds the profile too.
        model: Value of --model for the fake backend.
        variables: Environment variables on top of the tests' own.
        before: Words of another program that starts this one.
    """

    folder: Path
    model: Path
    variables: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()

    @property
    def profile_dir(self) -> Path:
        return self.folder / "profile"

    def scripted(self, **script: Any) -> Program:
        """The program with a fake backend that does what the script says; see FakeScript."""
        file = self.folder / "script.json"
        file.write_text(json.dumps(script))
        return self.with_variables(VIEWFINDER_FAKE_SCRIPT=str(file))

    def with_variables(self, **variables: str) -> Program:
        return replace(self, variables={**self.variables, **variables})

    def command(self, *words: str | Path) -> list[str]:
        return [*self.before, *chosen_program.start_words(), *map(str, words)]

    def environment(self) -> dict[str, str]:
        python_path = {} if chosen_program.frozen_program() else {"PYTHONPATH": str(ROOT)}
        return {**chosen_program.inherited_variables(), "LANG": "C.UTF-8", **python_path, **self.variables}

    def run(self, *words: str | Path, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        """Runs a command to its end."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            self.command(*words),
            input=data,
            capture_output=True,
            cwd=self.folder,
            env=self.environment(),
            timeout=LIMIT_S,
            check=False,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: str | Path, **streams: Any) -> subprocess.Popen[bytes]:
        """Starts a command."""
        pipe = subprocess.PIPE
        given = {"stdin": subprocess.DEVNULL, "stdout": pipe, "stderr": pipe, **streams}
        return subprocess.Popen(self.command(*words), cwd=self.folder, env=self.environment(), **given)

    def ask(self, *words: str | Path, stdin: str | bytes = "") -> subprocess.CompletedProcess[str]:
        """Asks the fake backend."""
        return self.run(*self.ask_words(*words), stdin=stdin)

    def start_asking(self, *words: str | Path, **streams: Any) -> subprocess.Popen[bytes]:
        """Begins asking the fake backend."""
        return self.start(*self.ask_words(*words), **streams)

    def ask_words(self, *words: str | Path) -> list[str | Path]:
        return ["--profile", self.profile_dir, "ask", "--backend", "fake", "--model", self.model, *words]
