from __future__ import annotations

import os
import sys

import pytest

from app.cli.terminal import Terminal, flush_output, open_closed_streams
from app.core.errors import ErrorText


def test_closed_streams_swallow_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    terminal = Terminal()
    terminal.answer("An answer\n")
    terminal.progress("Loading")
    terminal.note("A note")
    terminal.error(ErrorText("It failed.", detail="because"))
    assert flush_output() is None
    assert not sys.stdout.isatty()


def test_open_streams_stay(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    open_closed_streams()
    assert (sys.stdout, sys.stderr) == before
    Terminal().answer("An answer\n")
    assert capsys.readouterr().out == "An answer\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110 - a device, not a path
def test_what_cannot_be_flushed_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdout", full)
        full.write("more than nothing")
        fault = flush_output()
        assert fault is not None
        assert fault.strerror == "No space left on device"
        assert flush_output() is None
