from __future__ import annotations

import logging
import queue
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from app import entry
from app.core.checkpoint import read_checkpoint
from app.core.errors import UserError
from app.core.events import EngineEvent, MemoryUsed, ModelFailed
from app.core.logs import Logs
from app.core.paths import profile_at
from app.core.report import Private, report_text
from app.core.startup import StartupTrace
from app.engine.engine import Engine

CONFIG = (
    '{"model_type": "qwen3_vl", "vision_config": {}, "image_token_id": 1, "video_token_id": 2, "eos_token_id": 3,'
    ' "dtype": "float32"}'
)


@pytest.mark.parametrize(("line", "code"), [("--version", 0), ("ask --help", 0), ("ask", 2), ("--nonsense", 2)])
def test_main_gives_the_exit_code_and_does_not_end_the_process(
    line: str, code: int, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("faulthandler.enable", lambda: None)  # pytest's own stays
    assert entry.main(line.split()) == code
    said = capfd.readouterr()
    assert bool(said.out) == (code == 0)
    assert bool(said.err) == (code != 0)


def test_without_a_home_a_sentence_says_what_to_do(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> NoReturn:
        raise UserError("There is no home.", "Name a folder with --profile DIR.")

    monkeypatch.setattr("faulthandler.enable", lambda: None)
    monkeypatch.setattr(entry, "default_profile", fail)
    assert entry.main(["doctor"]) == 2
    assert capfd.readouterr() == ("", "viewfinder: There is no home. Name a folder with --profile DIR.\n")


def test_where_no_backend_can_run_each_load_says_why(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(CONFIG)
    (tmp_path / "model.safetensors").touch()
    events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
    engine = Engine(lambda: entry._make_backend("abacus"), events.put)
    for _ in range(2):
        engine.load(read_checkpoint(tmp_path, "demo"))
        while isinstance(event := events.get(timeout=10), MemoryUsed):
            pass
        assert isinstance(event, ModelFailed)
        assert event.error.text == "There is no backend “abacus”."
    assert engine.close()


def test_the_report_has_what_the_log_says_apart_from_what_is_for_debugging(tmp_path: Path) -> None:
    profile = profile_at(tmp_path / "Anna")
    logs = Logs(profile.log_file, is_debug=True)
    try:
        logging.getLogger("app.x").info("It began")
        logging.getLogger("app.x").debug("The question was whether it rains")
        parts = entry._report(entry._Parts(profile, StartupTrace(None, 0.0), logs))
    finally:
        logs.stop()
    assert parts.machine.startswith("Viewfinder   ")
    assert [bool(line.shared) for line in parts.log_lines[-2:]] == [True, False]
    shared = report_text((), parts, Private())
    assert "It began" in shared
    assert "mlx" in shared
    for private in ("it rains", "Anna", str(tmp_path), str(Path.home()), sys.executable):
        assert private not in shared
    assert "it rains" in report_text((), parts, None)
