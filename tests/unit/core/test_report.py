from __future__ import annotations

import logging
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import report as report_module
from app.core.errors import ErrorText, Sentence, UserError, describe_error
from app.core.files import shown_name
from app.core.logs import Logs
from app.core.report import LogLine, Private, ReportParts, report_text

if TYPE_CHECKING:
    from collections.abc import Iterator

MACHINE = """Viewfinder   0.1.0
Python       3.11.7 (/Users/anna/app/bin/python)
System       macOS 15.3
Settings     /Users/anna/Library/Application Support/Viewfinder

Backends
  mlx                found (chosen by auto)
"""
LIBRARY_WORDS = "the words of a library"
MIMICRY = 'prompt\n  File "x.py", line 1, in secret\n    secret'
NASTY_NAMES = (
    "holiday secret.jpg",
    "secret",
    "a” and secret.png",
    'a" and secret.png',
    "a' and secret.png",
    "secret\nsecret.png",
    "secret [brackets] (x) $1 \\d.jpg",
    "geheim – Köln secret.heic",
    "写真 secret.webp",
    "secret\udce9.png",
    "secret\tab.tiff",
    "C:\\secret\\x.png",
    "…secret….gif",
    "secret.",
    "SECRET.PNG",
)


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    logs = Logs(tmp_path / "viewfinder.log")
    yield logs
    logs.stop()


def parts_of(*lines: LogLine) -> ReportParts:
    return ReportParts(MACHINE, lines)


def in_a_log(message: str) -> LogLine:
    text = f"2026-01-01 00:00:00,000 INFO    MainThread app.core.x: {message}"
    return LogLine(text, text)


def test_a_report_has_versions_the_last_lines_and_the_trace() -> None:
    try:
        raise ValueError(LIBRARY_WORDS)  # noqa: TRY301 - its trace is wanted
    except ValueError as error:
        said = describe_error(error)
    text = report_text([said], parts_of(in_a_log("Viewfinder 0.1.0, Python 3.11.7, darwin")), Private())
    assert text.startswith("Something went wrong inside the program.\nTry again; the log has the details.\n")
    assert "in test_a_report_has_versions_the_last_lines_and_the_trace" in text
    assert "ValueError" in text
    assert LIBRARY_WORDS not in text
    assert "Viewfinder   0.1.0\nPython       3.11.7 (‹path›\nSystem       macOS 15.3" in text
    assert "Last log lines\n2026-01-01 00:00:00,000 INFO    MainThread app.core.x: Viewfinder 0.1.0, Python 3" in text
    assert "anna" not in text
    whole = report_text([said], parts_of(), None)
    assert f"ValueError: {LIBRARY_WORDS}" in whole
    assert "/Users/anna/app/bin/python" in whole


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_names_are_left_out_however_they_are_written(name: str) -> None:
    path = f"/Users/anna/Pictures/{name}"
    error = ErrorText(
        Sentence("The file “{name}” is no picture, in {folder}.", name=shown_name(name), folder="/Users/anna"),
        Sentence("It has {count} pages; open one of {low} to {high}.", count=3, low="1", high="4,5"),
        f"OSError: [Errno 2] No such file or directory: {path!r}",
    )
    forms = (name, shown_name(name), path, repr(path), ascii(name), unicodedata.normalize("NFD", name))
    lines = [in_a_log(f"Opening {form} failed") for form in forms]
    lines += [in_a_log(f"file://{quote(path.encode('utf-8', 'surrogateescape'))} is gone")]
    text = report_text([error], parts_of(*lines), Private([name, path]))
    assert "secret" not in text.lower()
    assert "anna" not in text
    assert "The file “‹name›” is no picture, in ‹folder›.\nIt has 3 pages; open one of 1 to 4,5." in text
    assert text.count("Opening ‹name› failed") >= 1
    assert "secret" in report_text([error], parts_of(*lines), None).lower()


@pytest.mark.parametrize(
    "message",
    [
        "cannot open /mnt/my secret folder/x.png: gone",
        "cannot open ../secret/x: gone",
        "cannot open ~anna/secret",
        "cannot open D:\\my secret\\x",
        "cannot open \\\\server\\secret",
        "cannot read holiday secret.heic here",
        "cannot read “my secret file",
        "the file “a” or “secret” or",
        "secret” is not closed",
        "KeyError: 'my secret key'",
        'no "secret" here',
        "at file:///secret",
        "(/secret)",
        "path=/secret",
    ],
)
def test_what_nobody_named_but_looks_private_is_left_out(message: str) -> None:
    assert "secret" not in report_text((), parts_of(in_a_log(message)), Private())


@pytest.mark.parametrize(
    "message",
    [
        "31 tok/s at 4:3 and/or less",
        "Bob's model isn't ready",
        "The setting temperature cannot be used; its default stands in",
        "mlx 0.32.4, numpy 2.4.6, 1/2 done",
    ],
)
def test_what_is_not_private_stays(message: str) -> None:
    assert message in report_text((), parts_of(in_a_log(message)), Private(["x.png", "1", "to"], ["a"]))


def test_questions_are_left_out_line_by_line() -> None:
    question = "Who is\nAnna Schmidt on the left?"
    lines = [in_a_log("prompt was Anna Schmidt on the left?"), in_a_log("prompt: Who is\nAnna Schmidt on the left?")]
    text = report_text((), parts_of(*lines), Private(words=[question]))
    assert "Anna" not in text
    assert "prompt was ‹words›" in text


def test_lines_for_debugging_come_only_when_asked_for() -> None:
    line = LogLine("DEBUG the question was something")
    assert "something" not in report_text((), parts_of(line), Private())
    assert "something" in report_text((), parts_of(line), None)


def test_an_errors_own_words_are_no_part_of_the_trace() -> None:
    try:
        try:
            raise RuntimeError(MIMICRY)  # noqa: TRY301 - its trace is wanted
        except RuntimeError as error:
            raise UserError(Sentence("{name} is gone.", name=MIMICRY), "", str(error)) from error
    except UserError as error:
        said = describe_error(error)
    text = report_text([said], parts_of(), Private())
    assert "secret" not in text
    assert "‹name› is gone." in text
    assert "RuntimeError\n\nwhich led to\n\n" in text


def test_code_is_named_as_it_is_in_every_installation() -> None:
    root = Path(report_module.__file__).parents[2]
    trace = (
        f'  File "{root}/app/core/report.py", line 3, in report_text\n    return 1\n'
        f'  File "{logging.__file__}", line 4, in <module>\n'
        '  File "<frozen importlib._bootstrap>", line 5, in _load\n'
        f'  File "{root}/my secret.jpg", line 6, in x\n'
        '  File "/Users/anna/secret.py", line 7, in x\n'
        f'  File "{Path(pytest.__file__)}", line 8, in x\nKeyError'
    )
    text = report_text([ErrorText("Wrong.", trace=trace)], parts_of(), Private())
    assert (
        '  File "app/core/report.py", line 3, in report_text\n    return 1\n'
        '  File "python/logging/__init__.py", line 4, in <module>\n'
        '  File "<frozen importlib._bootstrap>", line 5, in _load\n'
        '  File "‹path›", line 6, in x\n  File "‹path›", line 7, in x\n'
        '  File "packages/pytest/__init__.py", line 8, in x\nKeyError'
    ) in text


def test_the_bundled_programs_own_code_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = '  File "app/core/report.py", line 3, in report_text\n  File "../Anna/x.py", line 4, in x\nKeyError'
    monkeypatch.setattr("sys.frozen", True, raising=False)
    text = report_text([ErrorText("Wrong.", trace=trace)], parts_of(), Private())
    assert '  File "app/core/report.py", line 3, in report_text\n  File "‹path›", line 4, in x\nKeyError' in text


@pytest.mark.allows_log
def test_the_log_keeps_the_trace_of_an_error_but_not_its_words(logs: Logs) -> None:
    logs.write_file()
    try:
        raise ValueError(LIBRARY_WORDS)  # noqa: TRY301 - its trace is wanted
    except ValueError:
        logging.getLogger("app.x").exception("It failed")
    for text in (logs.recent_entries()[-1][0], logs.file.read_text(encoding="utf-8")):
        assert LIBRARY_WORDS not in text
        assert "in test_the_log_keeps_the_trace_of_an_error_but_not_its_words" in text
        assert "ValueError" in text
    text, shared = logs.recent_entries()[-1]
    assert text == shared


@pytest.mark.allows_log
def test_while_debugging_the_log_has_the_words_and_a_report_has_not(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "viewfinder.log", is_debug=True)
    try:
        try:
            raise ValueError(LIBRARY_WORDS)  # noqa: TRY301 - its trace is wanted
        except ValueError:
            logging.getLogger("app.x").exception("It failed")
        logging.getLogger("app.x").debug("The question was something")
    finally:
        logs.stop()
    (failed, shared), (asked, nothing) = logs.recent_entries()[-2:]
    assert LIBRARY_WORDS in failed
    assert LIBRARY_WORDS not in shared
    assert "It failed" in shared
    assert "ValueError" in shared
    assert asked.endswith("The question was something")
    assert nothing == ""


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=4), question=st.text(min_size=4))
def test_nothing_private_is_left_whatever_it_is(name: str, question: str) -> None:
    marked = f"Xq{name}qX"
    asked = f"Yq{question}qY"
    error = ErrorText(Sentence("The file “{name}” is gone.", name=marked), "", marked)
    text = report_text([error], parts_of(in_a_log(f"no {marked} {asked}")), Private([marked], [asked]))
    assert marked not in text
    assert asked not in text
