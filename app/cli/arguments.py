"""The command line: what may be written and what it means. Loads only the standard library and plain values."""

from __future__ import annotations

import argparse
import os
import re
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from app.backends.table import CHOICES
from app.cli.model_arguments import MODELS, ModelsOptions, read_models_arguments
from app.cli.usage import (
    COMMON_WITH_VALUE,
    Common,
    UsageError,
    common_of,
    is_folder,
    mode_of,
    new_parser,
    split_command,
)
from app.core.errors import AppError, UserError
from app.core.footage import FrameWish
from app.core.segments import checked_length

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Format: TypeAlias = Literal["text", "markdown", "json"]

STANDARD_INPUT = "-"
SELFTEST = "--selftest"
"""Written as an option, as other programs have it, and read as a command."""
COMMANDS = ("ask", "doctor", MODELS, SELFTEST)
_FORMATS: tuple[Format, ...] = ("text", "markdown", "json")
_FORMAT_OF_SUFFIX: dict[str, Format] = {".md": "markdown", ".markdown": "markdown", ".json": "json"}
_WITH_VALUE = COMMON_WITH_VALUE | {"-p", "--prompt", "--model", "--backend", "--quantize", "--context", "--adapter"}
"""Options that may stand before the command and take the next word as their value."""

_TIME = re.compile(r"(?:\d+:){0,2}\d+(?:\.\d*)?")
_WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_BITS_OF = {"8bit": 8, "4bit": 4}
_SAMPLING_OPTIONS: tuple[tuple[str, type, str, str], ...] = (
    ("max_tokens", int, "N", "the most tokens the answer may have"),
    ("temperature", float, "T", "0 takes the likeliest token always"),
    ("top_p", float, "P", "keep the likeliest tokens whose probabilities add up to this; 1 keeps all"),
    ("top_k", int, "K", "keep this many likeliest tokens; 0 keeps all"),
    ("min_p", float, "P", "keep tokens at least this fraction as likely as the likeliest; 0 keeps all"),
    ("repetition_penalty", float, "X", "divides the score of each token already seen; 1 is off"),
    ("presence_penalty", float, "X", "taken from the score of each token already in the answer; 0 is off"),
    ("seed", int, "N", "start of the random draw; the same seed gives the same answer"),
)


AdapterWish: TypeAlias = Path | Literal["none"] | None

_NO_WISH = FrameWish()


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """Open the window.

    Attributes:
        common: What every command takes.
        files: Pictures and videos to open in it.
        prompt: Text to put into the question box, or empty.
        model: In place of the one in the settings, or None.
        backend: In place of the one in the settings, or None.
        weight_bits: The same for the bits that weights are quantised to.
        context_tokens: The same for how long a conversation may become.
        adapter: The same for the folder of a LoRA, or ``none`` for the model as it is.
    """

    common: Common
    files: tuple[Path, ...] = ()
    prompt: str = ""
    model: str | None = None
    backend: str | None = None
    weight_bits: int | None = None
    context_tokens: int | None = None
    adapter: AdapterWish = None


@dataclass(frozen=True, slots=True)
class AskOptions:
    """Ask a question and print the answer; None stands for what was not given.

    Attributes:
        common: What every command takes.
        files: Pictures and videos, in the order the model shall see them.
        prompt: The question; ``-`` reads it from standard input.
        system: Instruction that stands before the conversation.
        model: ``demo``, a folder, or a repository id.
        backend: A name of the backend table, or ``auto``.
        sampling: The sampling settings that were given, by their name in Sampling.
        max_image_tokens: The most tokens one picture may cost.
        output_format: The form of the answer: on standard output, or in the output file if there is one.
        output: A file to write.
        is_quiet: Whether standard error only takes errors.
        again: An exported result whose last question is asked again.
        wish: Which frames of videos are wanted.
        segments: How long the parts of a long video are, in seconds, or ``auto`` for as few as can be.
        is_dry_run: Whether only to say what would be shown to the model and at what cost.
        weight_bits: 8 or 4 to quantise the weights while they are loaded.
        context_tokens: How long the conversation may become.
        loads_anyway: Whether a model is loaded even where it needs more memory than there is.
        adapter: The folder of a LoRA, or ``none`` for the model as it is.
    """

    common: Common
    files: tuple[Path, ...] = ()
    prompt: str | None = None
    system: str | None = None
    model: str | None = None
    backend: str | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    max_image_tokens: int | None = None
    output_format: Format = "text"
    output: Path | None = None
    is_quiet: bool = False
    again: Path | None = None
    wish: FrameWish = _NO_WISH
    segments: float | Literal["auto"] | None = None
    is_dry_run: bool = False
    weight_bits: int | None = None
    context_tokens: int | None = None
    loads_anyway: bool = False
    adapter: AdapterWish = None


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """Say what is installed and what can run here.

    Attributes:
        common: What every command takes.
        as_json: Whether to print JSON.
    """

    common: Common
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class SelftestOptions:
    """Try every part of the program.

    Attributes:
        common: What every command takes.
        as_json: Whether to print JSON.
        parts: What a process is to try that the program started for it; empty in the one that a person started.
        work_dir: The throw-away folder of such a process.
    """

    common: Common
    as_json: bool = False
    parts: tuple[str, ...] = ()
    work_dir: Path | None = None


Options: TypeAlias = WindowOptions | AskOptions | DoctorOptions | ModelsOptions | SelftestOptions


def read_arguments(arguments: Sequence[str]) -> Options:
    """The options that the command line's words stand for.

    Raises:
        SystemExit: With code 0 after ``--help`` or ``--version``, with code 2 after a usage error was said.
    """
    command, rest = split_command(arguments, COMMANDS, _WITH_VALUE)
    if command == MODELS:
        return read_models_arguments(rest)
    parser = _PARSERS[command]()
    try:
        return _OPTIONS[command](parser.parse_args(rest))
    except AppError as error:
        parser.error(str(error))


def as_text(word: str) -> str:
    """A word of the command line as UTF-8 text, also where the system says that words are ASCII."""
    return os.fsencode(word).decode("utf-8", "replace")


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="demo|REPO|DIR", help="which model answers")
    parser.add_argument("--backend", metavar="|".join(CHOICES), help="what runs the model; see doctor")
    parser.add_argument(
        "--quantize", choices=tuple(_BITS_OF), help="quantise the weights while they are loaded (transformers)"
    )
    parser.add_argument(
        "--context",
        metavar="N",
        type=_context_tokens,
        help="how long a conversation may become, in tokens; usually as long as there is memory for",
    )
    parser.add_argument(
        "--adapter", metavar="DIR|none", type=_adapter, help="a LoRA on top of the model, as PEFT or mlx-vlm writes it"
    )


def _window_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "",
        "[FILE ...] [options]",
        "Ask questions about pictures and videos on your own machine. Without a command, opens the window.",
        "commands:\n  viewfinder ask --help     ask on the command line\n"
        "  viewfinder models --help  which models are here, and getting others\n"
        "  viewfinder doctor --help  say what is installed and what can run here\n"
        "  viewfinder --selftest     try every part of the program; with --json for other programs",
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=_file, help="a picture, a video or a folder to open")
    parser.add_argument(
        "-p", "--prompt", metavar="TEXT", type=as_text, default="", help="put this into the question box"
    )
    _add_model_options(parser)
    return parser


def _ask_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "ask",
        "[FILE ...] -p TEXT [options]   (all of them: viewfinder ask --help)",
        "Ask about pictures and videos; the answer goes to standard output, all else to standard error.",
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=_file, help="a picture or a video, in order")
    parser.add_argument(
        "-p", "--prompt", metavar="TEXT", type=as_text, help="the question; - reads it from standard input"
    )
    parser.add_argument("--system", metavar="TEXT", type=as_text, help="an instruction that stands before the question")
    _add_model_options(parser)
    parser.add_argument(
        "--load-anyway", action="store_true", help="load a model even where it needs more memory than there is"
    )
    for name, kind, letter, text in _SAMPLING_OPTIONS:
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=letter, type=kind, help=text)
    parser.add_argument("--max-image-tokens", metavar="N", type=int, help="the most tokens one picture may cost")
    _add_clip_options(parser)
    parser.add_argument("--format", choices=_FORMATS, help="form of the answer; with -o, of the file")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="also write a file (.md, .json or text)")
    parser.add_argument("--quiet", action="store_true", help="nothing but errors on standard error")
    parser.add_argument(
        "--from", metavar="FILE.json", type=Path, dest="again", help="ask an exported result's last question again"
    )
    return parser


def _add_clip_options(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--fps", metavar="F", type=float, help="frames to look at per second of video; usually 2")
    which.add_argument("--frames", metavar="N", type=int, help="how many frames of a video to look at, 4 to 768")
    parser.add_argument("--start", metavar="T", type=_time_s, help="where in the video to start: seconds or mm:ss")
    parser.add_argument("--end", metavar="T", type=_time_s, help="where in the video to end")
    parser.add_argument("--max-video-tokens", metavar="N", type=int, help="the most tokens one video may cost")
    parser.add_argument(
        "--segments",
        metavar="auto|SECONDS",
        type=_segments,
        help="ask about a long video in parts of this length, with --frames of each; usually as few as hold all frames",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be shown and what it costs; ask nothing")


def _file(word: str) -> Path:
    if _WEB_ADDRESS.match(word):
        raise argparse.ArgumentTypeError(f"“{as_text(word)}” is a web address, and nothing is fetched from the web")
    return Path(word)


def _adapter(word: str) -> AdapterWish:
    return "none" if word == "none" else Path(word).expanduser().absolute()


def _context_tokens(word: str) -> int:
    from app.core.settings import LEAST_CONTEXT_TOKENS, MOST_CONTEXT_TOKENS  # noqa: PLC0415 - only where it is given

    if not word.isdecimal() or not LEAST_CONTEXT_TOKENS <= int(word) <= MOST_CONTEXT_TOKENS:
        raise argparse.ArgumentTypeError(
            f"“{word}” is not a whole number from {LEAST_CONTEXT_TOKENS} to {MOST_CONTEXT_TOKENS}"
        )
    return int(word)


def _segments(word: str) -> float | Literal["auto"]:
    if word == "auto":
        return "auto"
    try:
        return _time_s(word)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"“{word}” is neither auto nor a length such as 60 or 5:00") from error


def _time_s(word: str) -> float:
    """Seconds of ``12.5``, ``1:02.5`` or ``1:00:02``."""
    if not _TIME.fullmatch(word):
        raise argparse.ArgumentTypeError(f"“{word}” is not a time such as 12.5 or 1:02.5")
    time_s = 0.0
    for part in word.split(":"):
        time_s = 60 * time_s + float(part)
    return time_s


def _doctor_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        "doctor", "[--json] [options]", "Print versions, machine, memory, and which backends can run here."
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _selftest_parser() -> argparse.ArgumentParser:
    parser = new_parser(
        SELFTEST,
        "[--json] [options]",
        "Try every part of the program here: libraries, device, the demo model's answers, videos, exports, folders,\n"
        "the window. Asks no network and leaves nothing behind.",
        "exit codes: 0 all parts are well, 1 some part failed, 2 usage, 130 interrupted",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--parts", metavar="NAMES", type=_parts, default=(), help=argparse.SUPPRESS)
    parser.add_argument("--work-dir", metavar="DIR", type=Path, help=argparse.SUPPRESS)
    return parser


def _parts(word: str) -> tuple[str, ...]:
    from app.cli.trials import PARTS  # noqa: PLC0415 - only for this command

    unknown = set(word.split(",")) - {part.name for part in PARTS}
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no part {', '.join(sorted(unknown))}")
    return tuple(word.split(","))


def _selftest_options(values: argparse.Namespace) -> SelftestOptions:
    return SelftestOptions(common_of(values), values.json, values.parts, values.work_dir)


def _window_options(values: argparse.Namespace) -> WindowOptions:
    return WindowOptions(
        common_of(values),
        tuple(values.files),
        values.prompt,
        values.model,
        values.backend,
        _BITS_OF.get(values.quantize),
        values.context,
        values.adapter,
    )


def _ask_options(values: argparse.Namespace) -> AskOptions:
    if values.prompt is None and values.again is None and not values.dry_run:
        raise UsageError("There is no question.", "Give it with -p TEXT, or -p - to read standard input.")
    if values.max_image_tokens is not None and values.max_image_tokens < 1:
        raise UsageError("--max-image-tokens must be 1 or more.")
    from app.core.sampling import Sampling  # noqa: PLC0415 - only for this command

    names = [name for name, *_ in _SAMPLING_OPTIONS]
    sampling = {name: getattr(values, name) for name in names if getattr(values, name) is not None}
    try:
        replace(Sampling(), **sampling).checked()
    except UserError as error:
        raise UsageError(error.said.text, error.said.hint) from error
    wish = FrameWish(values.fps, values.frames, values.start, values.end, values.max_video_tokens)
    try:
        wish.checked()
        checked_length(None if values.segments == "auto" else values.segments)
    except UserError as error:
        raise UsageError(error.said.text, error.said.hint) from error
    output: Path | None = values.output
    if output is not None:
        _check_output(output, values.files)
    implied = _FORMAT_OF_SUFFIX.get(output.suffix.lower(), "text") if output is not None else "text"
    return AskOptions(
        common=common_of(values),
        files=tuple(values.files),
        prompt=values.prompt,
        system=values.system,
        model=values.model,
        backend=values.backend,
        sampling=sampling,
        max_image_tokens=values.max_image_tokens,
        output_format=values.format or implied,
        output=output,
        is_quiet=values.quiet,
        again=values.again,
        wish=wish,
        segments=values.segments,
        is_dry_run=values.dry_run,
        weight_bits=_BITS_OF.get(values.quantize),
        context_tokens=values.context,
        loads_anyway=values.load_anyway,
        adapter=values.adapter,
    )


def _check_output(output: Path, files: Sequence[Path]) -> None:
    mode = mode_of(output, "output")
    if mode is not None and stat.S_ISDIR(mode):
        raise UsageError(f"The output {output} is a folder.", "Name a file in it.")
    if not is_folder(output.absolute().parent):
        raise UsageError(f"There is no folder {output.absolute().parent} to write into.", "Make it first.")
    if any(os.path.realpath(file) == os.path.realpath(output) for file in files):
        raise UsageError(f"The output {output} is one of the pictures or videos.", "Name another file.")


def _doctor_options(values: argparse.Namespace) -> DoctorOptions:
    return DoctorOptions(common_of(values), values.json)


_PARSERS: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "": _window_parser,
    "ask": _ask_parser,
    "doctor": _doctor_parser,
    SELFTEST: _selftest_parser,
}
_OPTIONS: dict[str, Callable[[argparse.Namespace], Options]] = {
    "": _window_options,
    "ask": _ask_options,
    "doctor": _doctor_options,
    SELFTEST: _selftest_options,
}
