"""Starts the program anew for each group of the self-test's parts, and reads how they went.

Whatever a part does to its process, be it a crash inside a driver or a wait without end, is that part's failure: the
others are tried in a new process.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import threading
import time
from collections import deque
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TextIO

from app.cli.trials import PartEnded
from app.core.bundled import own_command, own_working_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from typing_extensions import Self

    from app.cli.trials import Part, Places

PART_S = 180.0
"""The longest that a part may take: the first answer ever on a processor waits for a compiler."""
_END_S = 20.0
_MOST_LINES = 200
_SHOWN_LINES = 3
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
_DUMP_BEGINS = "Fatal Python error"


class Trials:
    """Tries parts in processes of their own. Thread: main; `stop` may be called by a signal's handler.

    Args:
        places: The folders.
        part_s: The longest that one part may take.
        variables: In place of this process's environment.
    """

    def __init__(self, places: Places, part_s: float = PART_S, variables: Mapping[str, str] | None = None) -> None:
        self._places = places
        self._part_s = part_s
        self._variables = {**(os.environ if variables is None else variables), **_OFFLINE}
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False

    def run(self, parts: Sequence[Part]) -> Iterator[PartEnded]:
        """How each part went, in order, as it ends; after `stop` no more."""
        for _, group in itertools.groupby(parts, lambda part: part.group):
            waiting = [part.name for part in group]
            while waiting and not self._is_stopped:
                for ended in self._in_one_process(waiting):
                    waiting.remove(ended.name)
                    yield ended

    def stop(self) -> None:
        """Ends the part that is tried, and lets no other begin."""
        self._is_stopped = True
        if self._process is not None:
            self._process.kill()

    def _in_one_process(self, names: Sequence[str]) -> Iterator[PartEnded]:
        """The parts that one process reaches, in order: at least the first, unless it was stopped."""
        try:
            process = self._process = self._started(names)
        except OSError as error:
            yield _failed(names[0], f"The program cannot be started anew: {error.strerror}.", 0.0)
            return
        if self._is_stopped:  # meanwhile, when there was nothing to kill yet
            process.kill()
        waiting = list(names)
        with _Heard(process) as heard:
            began = time.monotonic()
            while (ended := heard.part(self._part_s)) is not None:
                del waiting[0]
                if not waiting:
                    break
                yield ended
                began = time.monotonic()
            if heard.is_late:
                process.kill()
            code = heard.end()
        if self._is_stopped:
            return
        if ended is None:
            reason = f"It did not end within {self._part_s:.0f} seconds." if heard.is_late else heard.end_text(code)
            yield _failed(waiting[0], reason, time.monotonic() - began)
        elif code:
            yield replace(ended, outcome="failed", detail=f"{ended.detail} But then: {heard.end_text(code)}")
        else:
            yield ended

    def _started(self, names: Sequence[str]) -> subprocess.Popen[str]:
        words = [*own_command(), "--selftest", "--parts", ",".join(names)]
        for option, folder in (("--work-dir", self._places.work_dir), ("--profile", self._places.profile_dir)):
            words += [] if folder is None else [option, str(folder.absolute())]
        return subprocess.Popen(  # noqa: S603 - the program itself
            words,
            cwd=own_working_dir(),
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is for the process that waits, which ends this one
        )


class _Heard:
    """What a process writes, read as it comes; entered while it runs.

    Attributes:
        is_late: Whether a part did not end within its time.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self.is_late = False
        self._words: deque[str] = deque(maxlen=_MOST_LINES)
        self._threads = [
            threading.Thread(target=self._read_lines, args=(process.stdout,), name="selftest-told", daemon=True),
            threading.Thread(target=self._read_words, args=(process.stderr,), name="selftest-words", daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends a process that nobody waits for any more."""
        if self._process.poll() is None:
            self._process.kill()
        self.end()

    def part(self, wait_s: float) -> PartEnded | None:
        """How the next part went; None when no more is told, or not within the time."""
        deadline = time.monotonic() + wait_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                self.is_late = True
                return None
            if line is None:
                return None
            with contextlib.suppress(ValueError, TypeError):  # half a line of one that crashed
                return PartEnded(**json.loads(line))

    def end(self) -> int:
        """Waits for its end, and gives its exit code."""
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        for thread in self._threads:
            thread.join(_END_S)
        return code

    def end_text(self, code: int) -> str:
        """How it ended, and what it said last, without Python's list of what every thread did."""
        lines = [line.strip() for line in self._words if line.strip()]
        before = list(itertools.takewhile(lambda line: not line.startswith(_DUMP_BEGINS), lines))
        return " ".join([_death(code), *before[-_SHOWN_LINES:]])

    def _read_lines(self, stream: TextIO) -> None:
        with stream:
            for line in stream:
                self._lines.put(line)
        self._lines.put(None)

    def _read_words(self, stream: TextIO) -> None:
        with stream:
            self._words.extend(stream)


def _failed(name: str, reason: str, duration_s: float) -> PartEnded:
    return PartEnded(name, "failed", reason, round(duration_s, 3))


def _death(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        try:
            return f"Its process was ended by {signal.Signals(-code).name}."
        except ValueError:
            return f"Its process was ended by signal {-code}."
    return f"Its process ended with code {code}."
