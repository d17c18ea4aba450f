"""What is noted in an environment: what it was made from, and whether its set-up has reached its end.

Standard library only.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BEGUN_NAME = "viewfinder-setup.begun"
_STAMP_NAME = "viewfinder-setup.json"


@dataclass(frozen=True)
class Stamp:
    """What a finished set-up holds.

    Attributes:
        checkout: Where the checkout stood: an environment does not survive being moved.
        python: The interpreter behind the environment, its links followed.
        requirements: Digest of the part of pyproject.toml that says what to install.
        extras: Extras that are installed, sorted.
        missing_libraries: Libraries of the system that the window needs and that were not there at the last look.
    """

    checkout: str
    python: str
    requirements: str
    extras: tuple[str, ...]
    missing_libraries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unfinished:
    """A set-up that has not reached its end: under way, failed or interrupted.

    Attributes:
        is_being_made: The environment itself was not there yet; otherwise pip was at work in it.
        extras: Extras that were to be installed, sorted.
    """

    is_being_made: bool
    extras: tuple[str, ...]


def requirements_digest(pyproject_text: str) -> str:
    """A digest of what pyproject.toml says about installing; the settings of tools do not count."""
    kept = []
    is_kept = True
    for line in pyproject_text.splitlines():
        if line.startswith("["):
            is_kept = not line.startswith("[tool.") or line.startswith("[tool.setuptools")
        if is_kept and line.strip():
            kept.append(line.strip())
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def is_current(stamp: Stamp | None, wanted: Stamp) -> bool:
    """Whether a set-up holds all that is wanted; more extras than wanted do no harm."""
    return (
        stamp is not None
        and (stamp.checkout, stamp.python) == (wanted.checkout, wanted.python)
        and stamp.requirements == wanted.requirements
        and set(wanted.extras) <= set(stamp.extras)
    )


def read_stamp(environment: Path) -> Stamp | None:
    """The stamp of a finished set-up, or None."""
    try:
        values = json.loads((environment / _STAMP_NAME).read_text(encoding="utf-8"))
        checkout, python, requirements = (str(values[name]) for name in ("checkout", "python", "requirements"))
        missing = tuple(map(str, values.get("missing_libraries", ())))
        return Stamp(checkout, python, requirements, tuple(map(str, values["extras"])), missing)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_stamp(environment: Path, stamp: Stamp) -> None:
    """Notes that the set-up is finished: the very last step."""
    _replace_json(environment / _STAMP_NAME, asdict(stamp))
    (environment / BEGUN_NAME).unlink(missing_ok=True)


def read_unfinished(environment: Path) -> Unfinished | None:
    """The set-up that did not reach its end, or None."""
    path = environment / BEGUN_NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Unfinished(values["is_being_made"] is True, tuple(map(str, values["extras"])))
    except (OSError, ValueError, KeyError, TypeError):
        return Unfinished(is_being_made=False, extras=()) if path.exists() else None


def note_unfinished(environment: Path, unfinished: Unfinished) -> None:
    """Notes what is about to be done, so that the next call can go on with it."""
    _replace_json(environment / BEGUN_NAME, asdict(unfinished))


def _replace_json(path: Path, values: Mapping[str, Any]) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)
