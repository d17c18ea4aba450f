"""``viewfinder --selftest``: tries every part of the program here, and tells of each whether it works."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import __version__
from app.cli.doctor import processor_text, program_text, system_text
from app.cli.interrupts import Interrupts
from app.cli.terminal import Terminal
from app.cli.trial_process import Trials
from app.cli.trials import PARTS, Places, try_parts
from app.cli.usage import DONE, FAILED, INTERRUPTED
from app.core.bundled import bundle_path, is_bundled, own_working_dir
from app.core.paths import profile_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.cli.arguments import SelftestOptions
    from app.cli.trials import PartEnded, WindowParts

FORMAT = "viewfinder.selftest/1"
_WORDS = {"ok": "ok", "failed": "FAILED", "not_applicable": "-"}
_TITLES = {part.name: part.title for part in PARTS}
_WORD_WIDTH = max(map(len, _WORDS.values()))
_TITLE_WIDTH = max(map(len, _TITLES.values()))


def run_selftest(options: SelftestOptions, window: WindowParts) -> int:
    """Tries every part, or in a process that was started for it the parts that were named.

    Args:
        options: What was said.
        window: What tries Qt.

    Returns:
        The exit code: 0 only where no part failed.
    """
    profile_dir = options.common.profile_dir
    if profile_dir is not None:
        profile_dir = profile_at(profile_dir).data_dir  # whole: parts are tried from another folder
    if options.parts:
        with _told_apart() as out:
            return try_parts(options.parts, Places(options.work_dir, profile_dir), window, out)
    terminal = Terminal()
    with contextlib.ExitStack() as folders:
        try:
            work_dir = Path(folders.enter_context(tempfile.TemporaryDirectory(prefix="viewfinder-selftest-")))
        except OSError:  # the part that tries the temporary folder says so
            work_dir = None
        trials = Trials(Places(work_dir, profile_dir))
        run = _Run(terminal, as_json=options.as_json)
        with Interrupts(trials.stop) as interrupts:
            run.begin()
            for ended in trials.run(PARTS):
                run.take(ended)
            if interrupts.is_wanted:
                return INTERRUPTED
        return run.end()


@contextlib.contextmanager
def _told_apart() -> Iterator[Any]:
    """A stream to standard output, to which from now on nothing else of this process goes."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        yield out


@dataclass(slots=True)
class _Run:
    """What was found so far, said as it comes."""

    terminal: Terminal
    as_json: bool
    began_at: datetime = field(default_factory=lambda: datetime.now(timezone.utc).astimezone())
    began: float = field(default_factory=time.perf_counter)
    parts: list[PartEnded] = field(default_factory=list)
    is_written: bool = True

    def begin(self) -> None:
        """Says what is tried, and on what."""
        if not self.as_json:
            self._say(
                f"Viewfinder   {__version__}",
                f"Program      {program_text()}",
                f"Python       {platform.python_version()}",
                f"System       {system_text()}",
                f"Processor    {processor_text()}",
                "",
            )

    def take(self, part: PartEnded) -> None:
        """Says how a part went."""
        self.parts.append(part)
        if not self.as_json:
            word, title = _WORDS[part.outcome].ljust(_WORD_WIDTH), _TITLES[part.name].ljust(_TITLE_WIDTH)
            self._say(f"{word}  {title}  {part.duration_s:5.1f} s  {' '.join(part.detail.split())}")

    def end(self) -> int:
        """Says what came of it and what to do; gives the exit code."""
        failed = [part for part in self.parts if part.outcome == "failed"]
        duration_s = time.perf_counter() - self.began
        if self.as_json:
            self._say(json.dumps(self._document(duration_s, is_passed=not failed), indent=2, ensure_ascii=False))
        else:
            self._say("", *_conclusion(failed, len(self.parts), duration_s))
        return DONE if self.is_written and not failed else FAILED

    def _say(self, *lines: str) -> None:
        text = "".join(f"{line}\n" for line in lines)
        self.is_written = (
            self.terminal.answer_whole(text.encode("utf-8", "backslashreplace").decode()) and self.is_written
        )

    def _document(self, duration_s: float, *, is_passed: bool) -> dict[str, Any]:
        versions: dict[str, str] = {"viewfinder": __version__, "Python": platform.python_version()}
        for part in self.parts:
            versions.update(part.versions)
        return {
            "format": FORMAT,
            "is_passed": is_passed,
            "is_bundled": is_bundled(),
            "program": str(bundle_path() if is_bundled() else own_working_dir()),
            "system": system_text(),
            "processor": processor_text(),
            "device": next((part.device for part in self.parts if part.device), None),
            "versions": versions,
            "began_at": self.began_at.isoformat(timespec="seconds"),
            "duration_s": round(duration_s, 3),
            "parts": [
                {
                    "name": part.name,
                    "title": _TITLES[part.name],
                    "outcome": part.outcome,
                    "duration_s": part.duration_s,
                    "detail": part.detail,
                }
                for part in self.parts
            ],
        }


def _conclusion(failed: Sequence[PartEnded], count: int, duration_s: float) -> list[str]:
    if not failed:
        return [f"All {count} parts are well ({duration_s:.1f} s)."]
    names = ", ".join(_TITLES[part.name] for part in failed)
    verb = "has" if len(failed) == 1 else "have"
    return [
        f"{len(failed)} of {count} parts {verb} failed ({duration_s:.1f} s): {names}.",
        "The reasons stand above. Where they do not help, install Viewfinder again; if that does not help either,",
        "report it with what “viewfinder --selftest --json” prints: it names folders, but no pictures or questions.",
    ]
