"""What a person used last: files and folders that were opened, commands that were chosen."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import UserError
from app.core.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger(__name__)

MOST_PATHS = 10
MOST_COMMANDS = 20


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest first.

    Attributes:
        paths: Files and folders.
        commands: Ids of commands.
    """

    paths: tuple[Path, ...] = ()
    commands: tuple[str, ...] = ()

    def with_paths(self, paths: Iterable[Path]) -> Recent:
        """With these opened now; of more than fit, their folders stand for them."""
        opened = list(dict.fromkeys(paths))
        if len(opened) > MOST_PATHS:
            opened = list(dict.fromkeys(path.parent for path in opened))
        return replace(self, paths=tuple(dict.fromkeys((*opened, *self.paths)))[:MOST_PATHS])

    def with_command(self, command: str) -> Recent:
        """With this command chosen now."""
        return replace(self, commands=tuple(dict.fromkeys((command, *self.commands)))[:MOST_COMMANDS])

    def without_paths(self) -> Recent:
        """With no file or folder any more."""
        return replace(self, paths=())


def read_recent(file: Path) -> Recent:
    """What the file tells; nothing where it is missing or damaged, as it is worth no complaint."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        paths, commands = values["paths"], values["commands"]
        is_right = isinstance(paths, list) and isinstance(commands, list)
        is_right = is_right and all(isinstance(text, str) and "\0" not in text for text in (*paths, *commands))
    except FileNotFoundError:
        return Recent()
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        is_right = False
    if not is_right:
        logger.info("What was used last cannot be read; it begins anew")
        return Recent()
    return Recent(tuple(Path(path) for path in paths[:MOST_PATHS]), tuple(commands[:MOST_COMMANDS]))


def write_recent(file: Path, recent: Recent) -> None:
    """Replaces the file; a folder that cannot be written loses the list and nothing else."""
    values = {"paths": [str(path) for path in recent.paths], "commands": list(recent.commands)}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(values, indent=2))  # escaped: names may not be UTF-8
    except (OSError, UserError, ValueError):
        logger.info("What was used last cannot be kept")
