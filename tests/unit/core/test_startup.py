from __future__ import annotations

import json
import math
import sys
import time
from typing import TYPE_CHECKING

import pytest

from app.core import startup
from app.core.startup import StartupTrace, process_age

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform not in {"linux", "darwin"}, reason="only these systems tell")
def test_the_system_tells_when_the_process_began(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "_LONGEST_AGE_S", math.inf)  # a run of all tests may be older than any start
    first, source = process_age()
    time.sleep(0.05)
    second, _ = process_age()
    assert first is not None
    assert second is not None
    assert 0.03 < second - first < 1.0
    assert source.startswith("process start")


def test_each_milestone_is_written_at_once_and_only_its_first_time_counts(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    trace = StartupTrace(file, time.monotonic())
    trace.reached("imports_done")
    first = json.loads(file.read_text())
    trace.reached("window_shown")
    trace.reached("imports_done")
    second = json.loads(file.read_text())
    assert list(first["milestones_ms"]) == ["imports_done"]
    assert list(second["milestones_ms"]) == ["imports_done", "window_shown"]
    assert second["milestones_ms"]["imports_done"] == first["milestones_ms"]["imports_done"]
    assert second["milestones_ms"]["window_shown"] >= first["milestones_ms"]["imports_done"] > 0


def test_where_the_system_does_not_tell_the_first_line_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "process_age", lambda: (None, "the program's first line"))
    file = tmp_path / "trace.json"
    StartupTrace(file, time.monotonic() - 2).reached("imports_done")
    trace = json.loads(file.read_text())
    assert trace["since"] == "the program's first line"
    assert 2000 <= trace["milestones_ms"]["imports_done"] < 3000


def test_a_trace_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    trace = StartupTrace(tmp_path / "missing" / "trace.json", time.monotonic())
    trace.reached("imports_done")
    trace.reached("window_shown")
