"""The window's translations: python3 packaging/translations.py [--update | --check].

Without an option it makes the .qm files that the program reads from the .ts files beside them, with lrelease; run.py
and test.py do so by themselves. ``--update`` brings the .ts files up to date with the program's texts, with lupdate;
then translate what is marked unfinished, by hand or in Qt Linguist. ``--check`` says what is missing or wrong.

Standard library only. lupdate and lrelease come with PySide6.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # only our own files are read

from spoken_texts import ERRORS, ROOT, TASKS, placeholders, spoken_texts, task_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TRANSLATIONS_DIR = ROOT / "resources" / "translations"
_NAME = "viewfinder_{}"
_LANGUAGES = ("zh_CN",)
_MNEMONIC = re.compile(r"&(?!&)\w")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_LATIN_BESIDE_CHINESE = re.compile(r"[\u3400-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u3400-\u9fff]")
_HALF_WIDTH = re.compile(r"[\u3400-\u9fff][,;:!?.()]|[,;:!?(][\u3400-\u9fff]")
_TOOL_S = 120


class TranslationError(Exception):
    """The tools cannot be run or found fault with a file; the text says which and what they said."""


@dataclass(frozen=True)
class Message:
    """One text and its translation.

    Attributes:
        context: Where the text belongs: a class, or a name given in the program.
        source: The English text.
        comment: What tells equal texts apart, or empty.
        translation: What is said instead.
        state: ``""`` when finished, else ``unfinished``, ``vanished`` or ``obsolete``.
    """

    context: str
    source: str
    comment: str
    translation: str
    state: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What the program looks it up by."""
        return self.context, self.source, self.comment


def ts_files(folder: Path = TRANSLATIONS_DIR) -> tuple[Path, ...]:
    """The file of each language."""
    return tuple(folder / f"{_NAME.format(language)}.ts" for language in _LANGUAGES)


def stale_files(folder: Path = TRANSLATIONS_DIR) -> tuple[Path, ...]:
    """The .ts files whose .qm is missing or older."""
    return tuple(ts for ts in ts_files(folder) if not _is_fresh(ts))


def _is_fresh(ts: Path) -> bool:
    qm = ts.with_suffix(".qm")
    return qm.exists() and qm.stat().st_mtime_ns >= ts.stat().st_mtime_ns


def release(files: Iterable[Path], tools: Path) -> None:
    """Makes the .qm beside each .ts, whole or not at all; unfinished texts stay English.

    `tools` is the folder of the environment's commands.

    Raises:
        TranslationError: lrelease does not run or cannot read a file, or the folder cannot be written.
    """
    for ts in files:
        beside = ts.with_suffix(f".{os.getpid()}.qm")
        try:
            _run([str(tools / "pyside6-lrelease"), "-silent", "-nounfinished", str(ts), "-qm", str(beside)])
            beside.replace(ts.with_suffix(".qm"))
        except OSError as error:
            raise TranslationError(f"{ts.with_suffix('.qm')} cannot be made: {error}.") from error
        finally:
            beside.unlink(missing_ok=True)


def update(files: Iterable[Path], tools: Path, root: Path = ROOT) -> None:
    """Brings .ts files up to date: new texts come as unfinished, texts that are gone go.

    Raises:
        TranslationError: lupdate does not run, or a text stands where it cannot be translated.
    """
    spoken = spoken_texts(root)
    if spoken.problems:
        raise TranslationError("\n".join(spoken.problems))
    modules = sorted((root / "app" / "gui").rglob("*.py"))
    with tempfile.TemporaryDirectory() as place:
        marked = Path(place) / "spoken.py"
        texts = [(TASKS, text) for text in task_texts(root)] + [(ERRORS, text) for text in spoken.texts]
        lines = (f"QT_TRANSLATE_NOOP({_quoted(context)}, {_quoted(text)})\n" for context, text in texts)
        marked.write_text("".join(lines), encoding="utf-8")
        for ts in files:
            ts.parent.mkdir(parents=True, exist_ok=True)
            language = ts.stem.partition("_")[2]
            options = ["-silent", "-locations", "none", "-no-obsolete", "-source-language", "en"]
            target = ["-target-language", language, "-ts", str(ts)]
            _run([str(tools / "pyside6-lupdate"), *options, *map(str, (*modules, marked)), *target])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def messages(ts: Path) -> list[Message]:
    """What a .ts file holds."""
    tree = ET.parse(ts)  # noqa: S314 - our own file
    return [
        _message(context.findtext("name", ""), entry)
        for context in tree.getroot().iter("context")
        for entry in context.iter("message")
    ]


def _message(context: str, entry: ET.Element) -> Message:
    translation = entry.find("translation")
    state = "unfinished" if translation is None else translation.get("type", "")
    said = "" if translation is None else "".join(translation.itertext())
    return Message(context, entry.findtext("source", ""), entry.findtext("comment", ""), said, state)


def problems(ts: Path, tools: Path, root: Path = ROOT) -> list[str]:
    """What is wrong with a committed .ts file: missing, unused or unfinished texts, and faulty translations."""
    with tempfile.TemporaryDirectory() as place:
        fresh = Path(place) / ts.name
        update([fresh], tools, root)
        wanted = {message.key for message in messages(fresh)}
    held = messages(ts)
    told = [f"missing: {key}" for key in sorted(wanted - {message.key for message in held})]
    for message in held:
        if message.key not in wanted:
            told.append(f"unused: {message.key}")
        elif message.state or not message.translation:
            told.append(f"{message.state or 'empty'}: {message.key}")
        else:
            told += [f"{fault}: {message.source!r} as {message.translation!r}" for fault in _faults(message)]
    return told


def _faults(message: Message) -> Iterator[str]:
    source, said = message.source, message.translation
    if placeholders(source) != placeholders(said):
        yield "other placeholders"
    if source.endswith("…") != said.endswith("…"):
        yield "“…” at one end only"
    if bool(_MNEMONIC.search(source)) != bool(_MNEMONIC.search(said)):
        yield "a shortcut letter in one only"
    if source.endswith(".") != said.endswith("。"):
        yield "a full stop at one end only"
    if source[:1].isspace() != said[:1].isspace() or source[-1:].isspace() != said[-1:].isspace():
        yield "a space at one end only"
    if not _CHINESE.search(said) and _kept_words(source) != _kept_words(said):
        yield "neither Chinese nor the English words"
    without_mnemonic = re.sub(r"\(&\w\)", "", said)
    if _LATIN_BESIDE_CHINESE.search(re.sub(r"\{\d+\}", "0", re.sub(r"\{\D\w*\}", "", without_mnemonic))):
        yield "no space between Chinese and Latin"
    if _HALF_WIDTH.search(without_mnemonic):
        yield "half-width punctuation"


def _kept_words(text: str) -> list[str]:
    """Words that stay English in Chinese: names, and “token”, which has no other form."""
    return re.findall(r"[A-Za-z]+", re.sub(r"\btok(ens)?\b", "token", re.sub(r"\{\w+\}", "", text)))


def _run(command: Sequence[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": _TOOL_S}
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, env=environment, check=False, errors="replace", **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TranslationError(f"{name} does not run: {error}.") from error
    if done.returncode:
        raise TranslationError(f"{name} failed: {(done.stderr or done.stdout).strip()}")


def main(arguments: Sequence[str]) -> int:
    """Does what the arguments say; 1 when something is wrong."""
    tools = Path(sys.executable).parent
    try:
        if arguments == ["--update"]:
            update(ts_files(), tools)
        elif arguments == ["--check"]:
            told = [f"{ts.name}: {problem}" for ts in ts_files() for problem in problems(ts, tools)]
            print("\n".join(told) or "complete")
            return 1 if told else 0
        elif not arguments:
            release(ts_files(), tools)
        else:
            print(__doc__)
            return 2
    except TranslationError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
