"""Conversations with the frozen program's demo model, each question a process of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.program import Program


class AskingProgram:
    """One conversation, taken up from question to question through the exported result."""

    def __init__(self, program: Program, model: str | Path = "demo") -> None:
        self._program = program
        self._model = model
        self._file = program.folder / "conversation.json"

    def ask(self, text: str, *files: Path) -> str:
        """The answer in a new conversation."""
        self._file.unlink(missing_ok=True)
        return self.follow_up(text, *files)

    def follow_up(self, text: str, *files: Path) -> str:
        """The answer in the same conversation."""
        words: list[str | Path] = ["--profile", self._program.profile_dir, "ask", "--model", self._model, *files]
        words += ["-p", text, "--max-tokens", "200", "--quiet", "-o", self._file]
        if self._file.exists():
            result = json.loads(self._file.read_text(encoding="utf-8"))
            result["turns"].append({**result["turns"][-1], "question": text, "media": [], "answer": ""})
            self._file.write_text(json.dumps(result), encoding="utf-8")
            words += ["--from", self._file]
        done = self._program.run(*words)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        answer: str = self.last_turn["answer"]
        assert done.stdout == f"{answer}\n"
        return answer

    @property
    def last_turn(self) -> dict[str, Any]:
        """The last question and answer, as they are exported."""
        turn: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))["turns"][-1]
        return turn

    def close(self) -> None:
        """Nothing is left to end."""
