"""The report for the makers: versions, machine, the last log lines and the trace.

Names of files and folders, and what was asked and answered, are left out unless the person wants them in it.
"""

from __future__ import annotations

import re
import sysconfig
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.core.bundled import is_bundled
from app.core.errors import Sentence
from app.core.files import shown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.core.errors import ErrorText

_SHORTEST = 3
"""A letter or two of ASCII tell nothing, and stand in every version."""
NAME, PATH, WORDS = "‹name›", "‹path›", "‹words›"
_PROGRAM_DIR = Path(__file__).resolve().parents[2]
_ENDINGS = "jpe?g|jpe|jfif|mpo|a?png|webp|gif|bmp|dib|tiff?|hei[cf]|hif|avif|mp4|mov|mkv|webm|pdf|svg|docx?"
_FRAME = re.compile(r'^(?P<before>\s*)File "(?P<file>.*)", line (?P<line>\d+), in (?P<function>[\w<>.]+)$')
_QUOTED = (
    re.compile(r"“.*”|“.*$|^.*”"),
    re.compile(r"‘.*’|‘.*$"),
    re.compile(r'".*"|".*$'),
    re.compile(r"(?<!\w)'.*'(?!\w)|(?<!\w)'.*$"),
)
_PATH = re.compile(r"(?<![\w<›])(?:file:|\.{0,2}/(?=\S)|~[\w.-]*[\\/]|[A-Za-z]:[\\/]|\\\\).*$")
_FILE = re.compile(rf"(?<=: ).*\.(?:{_ENDINGS})\b|^.*\.(?:{_ENDINGS})\b", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?[\d.,]+(?:e[-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of the log, which may be several lines of text.

    Attributes:
        text: As the log has it.
        shared: The same without what an error says itself; empty where it may hold prompts and file names.
    """

    text: str
    shared: str = ""


@dataclass(frozen=True, slots=True)
class ReportParts:
    """What every report has.

    Attributes:
        machine: Versions and machine.
        log_lines: The last ones, oldest first.
    """

    machine: str
    log_lines: tuple[LogLine, ...] = ()


def report_text(errors: Sequence[ErrorText], parts: ReportParts, private: Private | None) -> str:
    """The report as it is copied.

    Args:
        errors: What went wrong.
        parts: Versions, machine and log.
        private: What is left out; None for a report with everything.
    """
    said = [_with_everything(error) if private is None else _without_names(error, private) for error in errors]
    machine = parts.machine if private is None else private.left_out(parts.machine)
    if private is None:
        log = [line.text for line in parts.log_lines]
    else:
        log = [private.left_out(line.shared) for line in parts.log_lines if line.shared]
    note = [] if private is None else ["Names of files and folders, and what was asked and answered, are left out."]
    return "\n\n".join([*said, machine, "\n".join(["Last log lines", *(log or ["none"])]), *note]) + "\n"


def _with_everything(error: ErrorText) -> str:
    return "\n".join(part for part in (error.text, error.hint, error.detail or error.trace) if part)


def _without_names(error: ErrorText, private: Private) -> str:
    sentences = [private.without_values(text) for text in (error.text, error.hint) if text]
    return "\n".join([*sentences, *([_without_places(error.trace)] if error.trace else [])])


class Private:
    """What a report must not tell.

    Args:
        names: Names and paths of files and folders.
        words: What was asked and answered, and the instruction.
    """

    def __init__(self, names: Iterable[str] = (), words: Iterable[str] = ()) -> None:
        forms: dict[str, str] = {}
        for texts, mark in ((words, WORDS), (names, NAME)):
            for text in texts:
                forms.update(dict.fromkeys(_forms(text), mark))
        self._marks = {form.casefold(): mark for form, mark in forms.items()}
        whole = sorted(forms, key=len, reverse=True)
        pattern = "|".join(rf"(?<!\w){re.escape(form)}(?!\w)" for form in whole)
        self._known = re.compile(pattern, re.IGNORECASE) if pattern else None

    def left_out(self, text: str) -> str:
        """The text without what is known to be private, and without what looks like it."""
        if self._known is not None:
            text = self._known.sub(lambda found: self._marks.get(found.group().casefold(), NAME), text)
        lines = text.split("\n")
        return "\n".join(_left_out_of_line(line) for line in lines)

    def without_values(self, text: str) -> str:
        """A sentence with its numbers, and a mark in the place of each other value."""
        if not isinstance(text, Sentence):
            return self.left_out(text)
        values = {name: self._value(name, value) for name, value in text.values.items()}
        return text.template.format(**values) if values else text.template

    def _value(self, name: str, value: object) -> str:
        if isinstance(value, Sentence):
            return self.without_values(value)
        if isinstance(value, (int, float)) or _NUMBER.fullmatch(str(value)):
            return str(value)
        return f"‹{name}›"


def _forms(text: str) -> set[str]:
    """The ways in which a private text may be written elsewhere."""
    forms = {text, shown_name(text)}
    for path in (PurePosixPath(text), PureWindowsPath(text)) if "\n" not in text else ():
        forms |= {path.name, path.stem}
    forms |= {line.strip() for line in text.splitlines()}
    forms |= {unicodedata.normalize(form, text) for text in tuple(forms) for form in ("NFC", "NFD")}
    for form in tuple(forms):
        forms |= {repr(form)[1:-1], ascii(form)[1:-1], quote(form.encode("utf-8", "surrogateescape"))}
    return {form for form in forms if form.strip() and (len(form) >= _SHORTEST or not form.isascii())}


def _left_out_of_line(line: str) -> str:
    frame = _FRAME.fullmatch(line)
    if frame is not None:
        return _placed(frame)
    for quoted in _QUOTED:
        line = quoted.sub(WORDS, line)
    return _PATH.sub(PATH, _FILE.sub(NAME, line))


def _without_places(trace: str) -> str:
    """A trace that holds no words, with its files named from the program's folder or the library's on."""
    frames = ((line, _FRAME.fullmatch(line)) for line in trace.split("\n"))
    return "\n".join(line if frame is None else _placed(frame) for line, frame in frames)


def _placed(frame: re.Match[str]) -> str:
    before, file, line, function = frame.group("before", "file", "line", "function")
    return f'{before}File "{_place(file)}", line {line}, in {function}'


def _place(file: str) -> str:
    """A Python file as it is named in every installation."""
    if re.fullmatch(r"<[\w .]+>", file):
        return file
    roots = (
        (sysconfig.get_path("purelib"), "packages"),
        (sysconfig.get_path("platlib"), "packages"),
        (str(_PROGRAM_DIR / "app"), "app"),
        (sysconfig.get_path("stdlib"), "python"),
    )
    path = Path(file)
    if is_bundled() and not path.is_absolute() and path.suffix == ".py" and ".." not in path.parts:
        return path.as_posix()  # the program's own modules, which bear no folder of the machine they were built on
    for root, name in roots:
        if path.suffix == ".py" and path.is_relative_to(root):
            return f"{name}/{path.relative_to(root).as_posix()}"
    return PATH
