"""What may be written after ``viewfinder models``."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from app.cli.usage import EPILOG, Common, common_of, new_parser, split_command
from app.core.errors import AppError
from app.core.model_types import RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Sequence

MODELS = "models"
ModelAction: TypeAlias = Literal["list", "recommend", "download", "remove", "path", "check"]
_ACTIONS: tuple[ModelAction, ...] = get_args(ModelAction)
_SAYS: dict[ModelAction, tuple[str, str]] = {
    "list": ("[--all] [--json]", "The models that are on this machine; with --all also those that can be downloaded."),
    "recommend": ("[--backend NAME] [--json]", "The model that suits this machine best, and why."),
    "download": (
        "MODEL [--revision REV] [--json]",
        "Downloads a model into the Hugging Face cache. Ctrl-C pauses; the same command goes on. Prints its folder.",
    ),
    "remove": ("MODEL [--yes] [--json]", "Deletes a model and says what that frees; asks first."),
    "path": ("MODEL [--json]", "Prints the folder of a model that is on this machine."),
    "check": (
        "[MODEL ...] [--hashes] [--json]",
        "Says whether models are whole, and why one cannot be used. Without a name: all that are of the right kind.",
    ),
}
_MODEL_WORDS = "demo, a repository such as Qwen/Qwen3-VL-4B-Instruct, one with @ and a revision, or a folder"


@dataclass(frozen=True, slots=True)
class ModelsOptions:
    """List, find, get, check or remove models.

    Attributes:
        common: What every command takes.
        action: What to do.
        models: The models that are meant.
        as_json: Whether to print JSON.
        is_all: Whether also to list what can be downloaded.
        says_yes: Whether to remove without asking.
        with_hashes: Whether to read every file and compare its hash.
        revision: The commit, branch or tag to download, or None.
        backend: The backend that the model is to run on, or None for the one in the settings.
    """

    common: Common
    action: ModelAction
    models: tuple[str, ...] = ()
    as_json: bool = False
    is_all: bool = False
    says_yes: bool = False
    with_hashes: bool = False
    revision: str | None = None
    backend: str | None = None


def read_models_arguments(words: Sequence[str]) -> ModelsOptions:
    """The options that these words stand for, ``models`` itself left out.

    Raises:
        SystemExit: With code 0 after ``--help``, with code 2 after a usage error was said.
    """
    action, rest = split_command(words, _ACTIONS)
    if not action:
        parser = _parser_of_all()
        parser.parse_args(rest)
        parser.error("Say what to do: " + ", ".join(_ACTIONS) + ".")
    known = cast("ModelAction", action)
    parser = _parser(known)
    values = parser.parse_args(rest)
    try:
        return _options(known, values)
    except AppError as error:
        parser.error(str(error))


def _parser_of_all() -> argparse.ArgumentParser:
    lines = [f"  viewfinder models {action} {_SAYS[action][0]}\n      {_SAYS[action][1]}" for action in _ACTIONS]
    epilog = "commands:\n" + "\n".join(lines) + f"\n\nMODEL: {_MODEL_WORDS}\n\n{EPILOG}"
    return new_parser(MODELS, "|".join(_ACTIONS) + " [options]", "The models on this machine, and others.", epilog)


def _parser(action: ModelAction) -> argparse.ArgumentParser:
    words, description = _SAYS[action]
    parser = new_parser(f"{MODELS} {action}", f"{words} [options]", description)
    parser.add_argument("--json", action="store_true", help="print JSON")
    if action in {"download", "remove", "path"}:
        parser.add_argument("models", metavar="MODEL", nargs=1, help=_MODEL_WORDS)
    if action == "check":
        parser.add_argument("models", metavar="MODEL", nargs="*", help=_MODEL_WORDS)
        parser.add_argument("--hashes", action="store_true", help="also read every file and compare its hash")
    if action == "list":
        parser.add_argument("--all", action="store_true", help="also what can be downloaded, and whether it fits")
    if action == "remove":
        parser.add_argument("--yes", action="store_true", help="do not ask")
    if action in {"download", "recommend"}:
        parser.add_argument("--backend", choices=RUNTIMES, help="what is to run the model; usually as in the settings")
    if action == "download":
        parser.add_argument("--revision", metavar="REV", help="a commit, branch or tag; usually the newest of main")
    return parser


def _options(action: ModelAction, values: argparse.Namespace) -> ModelsOptions:
    return ModelsOptions(
        common=common_of(values),
        action=action,
        models=tuple(getattr(values, "models", ())),
        as_json=values.json,
        is_all=getattr(values, "all", False),
        says_yes=getattr(values, "yes", False),
        with_hashes=getattr(values, "hashes", False),
        revision=getattr(values, "revision", None),
        backend=getattr(values, "backend", None),
    )
