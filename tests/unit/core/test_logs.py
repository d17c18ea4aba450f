from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from app.core.log_file import MAX_FILE_BYTES, open_crash_log
from app.core.logs import RECENT_LINES, Logs, log_uncaught_errors
from app.core.traces import trace_without_words

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger("app.some_room")


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    logs = Logs(tmp_path / "logs" / "viewfinder.log")
    logs.write_file()
    yield logs
    logs.stop()


def test_lines_go_to_the_file_and_the_last_ones_stay_at_hand(logs: Logs) -> None:
    for number in range(RECENT_LINES + 5):
        logger.info("line %d 图", number)
    assert logs.file.read_text(encoding="utf-8").count("\n") == RECENT_LINES + 5
    assert len(logs.recent_entries()) == RECENT_LINES
    assert logs.recent_entries()[-1][0].endswith(f"app.some_room: line {RECENT_LINES + 4} 图")


def test_lines_from_before_the_file_was_opened_are_in_it_once(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "viewfinder.log")
    logger.info("early")
    assert not logs.file.exists()
    logs.write_file()
    logs.write_file()
    logger.info("late")
    logs.stop()
    words = [line.rpartition(": ")[2] for line in logs.file.read_text(encoding="utf-8").splitlines()]
    assert words == ["early", "late"]
    assert len(logs.recent_entries()) == 2


def test_detail_is_logged_only_when_asked_for(tmp_path: Path) -> None:
    for is_debug in (False, True):
        logs = Logs(tmp_path / f"{is_debug}.log", is_debug=is_debug)
        logs.write_file()
        logger.info("asked")
        logger.debug("the question was “Who is this?”")
        logs.stop()
        assert ("Who is this?" in logs.file.read_text(encoding="utf-8")) is is_debug


def test_a_log_folder_that_cannot_be_made_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    logs = Logs(tmp_path / "taken" / "viewfinder.log")
    logs.write_file()
    logger.info("still here")
    logs.stop()
    assert "still here" in logs.recent_entries()[-1][0]
    assert capsys.readouterr() == ("", "")


def test_a_log_that_cannot_be_written_gives_up_without_a_word(logs: Logs, capsys: pytest.CaptureFixture[str]) -> None:
    logs.file.mkdir()
    logger.info("first")
    logger.info("second")
    assert len(logs.recent_entries()) == 2
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_the_log_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    logs = Logs(Path("/dev/full"))
    logs.write_file()
    logger.info("first")
    logger.info("second")
    logs.stop()
    assert not set(logging.getLogger().handlers) & set(logs._handlers)
    assert capsys.readouterr() == ("", "")


def test_the_file_is_rotated(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    for handler in logs._handlers:
        monkeypatch.setattr(handler, "maxBytes", 200, raising=False)
    for number in range(20):
        logger.info("a line of some length, number %d", number)
    assert len(list(logs.file.parent.iterdir())) == 4


@pytest.mark.allows_log
def test_an_uncaught_error_is_logged_with_its_trace_and_said_in_a_sentence(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    said: list[str] = []
    log_uncaught_errors(said.append)

    def fail() -> None:
        raise KeyError("lost")

    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    try:
        fail()
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert said == ["Something went wrong inside the program (KeyError)."] * 2
    text = logs.file.read_text()
    assert "Uncaught error on thread worker" in text
    assert text.count("in fail\n") == 2
    assert text.count("\nKeyError\n") == 2


@pytest.mark.allows_log
@pytest.mark.parametrize("is_debug", [False, True])
def test_what_an_uncaught_error_says_is_for_debug_alone(
    is_debug: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs = Logs(tmp_path / "viewfinder.log", is_debug=is_debug)
    logs.write_file()
    log_uncaught_errors(lambda _: None)

    def fail() -> NoReturn:
        try:
            int("Who is this in holiday.png?")
        finally:
            raise RuntimeError("Who else?")

    try:
        fail()
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    logs.stop()
    text = logs.file.read_text()
    assert "ValueError\n\nwhich led to\n\n" in text
    assert "RuntimeError\n" in text
    assert ("RuntimeError: Who else?" in text) is is_debug
    assert ("literal for int() with base 10: 'Who is this in holiday.png?'" in text) is is_debug


def test_an_error_behind_itself_has_a_trace() -> None:
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    assert trace_without_words(first) == "KeyError\n\nwhich led to\n\nValueError"


def test_the_addresses_that_are_asked_are_not_logged(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "log", is_debug=True)
    try:
        logging.getLogger("httpx2").info("HTTP Request: GET https://store.example/file?X-Signature=secret")
        logging.getLogger("httpcore2.http11").debug("receive_response_headers Location ?X-Signature=secret")
        assert not logs.recent_entries()
    finally:
        logs.stop()


def test_traces_of_crashes_are_kept_within_bounds(tmp_path: Path) -> None:
    file = tmp_path / "crash.log"
    for text in ("first\n", "second\n"):
        with open_crash_log(file) as log:
            log.write(text)
    assert file.read_text(encoding="utf-8") == "first\nsecond\n"
    file.write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    with open_crash_log(file) as log:
        log.write("newest\n")
    assert file.read_text(encoding="utf-8") == "newest\n"
    assert (tmp_path / "crash.log.1").stat().st_size == MAX_FILE_BYTES + 1
    assert len(list(tmp_path.iterdir())) == 2
