"""What every command line shares: exit codes, the error of one that cannot be understood, the common options."""

from __future__ import annotations

import argparse
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app import __version__
from app.core.errors import AppError, UserError
from app.core.paths import profile_at

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

DONE = 0
FAILED = 1
USAGE = 2
INPUT_UNREADABLE = 3
MODEL_FAILED = 4
INTERRUPTED = 130

EPILOG = """\
exit codes: 0 done, 1 the answer could not be written or the program failed, 2 usage, 3 an input could not be read,
4 model or backend, 130 interrupted"""


COMMON_WITH_VALUE = frozenset({"--profile", "--startup-trace"})


class UsageError(AppError):
    """The command line cannot be understood, or asks for something that cannot be."""


@dataclass(frozen=True, slots=True)
class Common:
    """What every command takes.

    Attributes:
        profile_dir: Where all state is kept, or None for the system's own places.
        startup_trace: Where the milestones of the start are written, or None.
        is_debug: Whether the log file also takes prompts, file names and other detail.
    """

    profile_dir: Path | None = None
    startup_trace: Path | None = None
    is_debug: bool = False


def new_parser(name: str, words: str, description: str, epilog: str = EPILOG) -> argparse.ArgumentParser:
    """A parser with the common options in it; `words` are what follows the command's name in its usage line."""
    prog = f"viewfinder {name}".strip()
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} {words}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"viewfinder {__version__}")
    parser.add_argument("--profile", metavar="DIR", type=Path, help="keep settings and logs in DIR")
    parser.add_argument("--startup-trace", metavar="FILE", type=Path, help="write the milestones of the start to FILE")
    parser.add_argument("--debug", action="store_true", help="log prompts, file names and other detail")
    return parser


def split_command(
    arguments: Sequence[str], commands: Sequence[str], with_value: Container[str] = COMMON_WITH_VALUE
) -> tuple[str, list[str]]:
    """The command, empty if there is none, and all other words: the first that is no option may name one.

    Args:
        arguments: The words.
        commands: What may be named.
        with_value: Options that take the next word as their value.
    """
    words = list(arguments)
    index = 0
    while index < len(words):
        word = words[index]
        if word in commands:
            return word, words[:index] + words[index + 1 :]
        if not word.startswith("-") or word == "--":
            break
        index += 2 if word in with_value else 1
    return "", words


def common_of(values: argparse.Namespace) -> Common:
    """The common options.

    Raises:
        UsageError: A place that they name cannot be used.
    """
    trace: Path | None = values.startup_trace
    if trace is not None and not is_folder(trace.absolute().parent):
        raise UsageError(f"There is no folder {trace.absolute().parent} for the startup trace.")
    if values.profile is not None:
        _check_profile(values.profile)
    return Common(values.profile, trace, values.debug)


def _check_profile(profile: Path) -> None:
    try:
        folder = profile_at(profile).data_dir
    except UserError as error:
        raise UsageError(error.said.text, error.said.hint) from error
    mode = mode_of(folder, "profile")
    if mode is not None and not stat.S_ISDIR(mode):
        raise UsageError(f"The profile {profile} is not a folder.")


def mode_of(path: Path, purpose: str) -> int | None:
    """What is there, as stat says it, or None.

    Raises:
        UsageError: Nothing of that name can be there, or the system does not tell.
    """
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"The {purpose} {path} cannot be used: {error.strerror}.", "Name another.") from error


def is_folder(path: Path) -> bool:
    """Whether there is a folder of this name, also where there can be none."""
    try:
        return path.is_dir()
    except OSError:
        return False
