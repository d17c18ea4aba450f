"""“Ask Viewfinder” among Finder's Quick Actions: a workflow that opens what is selected with the bundled program.

The bundle carries it; a person's own is a copy in ~/Library/Services.
"""

from __future__ import annotations

from pathlib import Path

from app.core.bundled import BUNDLE_ID, bundle_path, is_bundled
from app.core.errors import Sentence, UserError
from app.core.paths import home_dir

WORKFLOW_NAME = "Ask Viewfinder.workflow"
_MOST_FILE_BYTES = 1_000_000
"""Ours are smaller by far; nothing larger of somebody else's is read."""


def bundled_workflow() -> Path | None:
    """The workflow that this program carries, or None where it carries none."""
    if not is_bundled():
        return None
    workflow = bundle_path() / "Contents" / "Resources" / WORKFLOW_NAME
    return workflow if workflow.is_dir() else None


def services_dir() -> Path:
    """Where a person's own Quick Actions lie.

    Raises:
        UserError: This account has no home folder.
    """
    return home_dir() / "Library" / "Services"


def is_installed(folder: Path) -> bool:
    """Whether this workflow, of any version, is in the folder."""
    target = folder / WORKFLOW_NAME
    try:
        return not target.is_symlink() and any(BUNDLE_ID.encode() in text for text in _contents(target).values())
    except OSError:
        return False


def is_outdated(workflow: Path, folder: Path) -> bool:
    """Whether another version of the workflow is in the folder."""
    try:
        return is_installed(folder) and _contents(workflow) != _contents(folder / WORKFLOW_NAME)
    except OSError:
        return False


def install(workflow: Path, folder: Path) -> None:
    """Puts a copy into the folder, in place of an older one.

    Raises:
        UserError: Something else of that name is there, or the folder cannot be written.
    """
    import tempfile  # noqa: PLC0415 - not before the window is shown

    target = folder / WORKFLOW_NAME
    _refuse_foreign(target)
    try:
        contents = _contents(workflow)
        folder.mkdir(parents=True, exist_ok=True)
        # Beside the place itself, so that it is there whole or not at all, and the older one until then.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".viewfinder-") as room:
            new = Path(room, "new")
            for name, content in contents.items():
                (new / name).parent.mkdir(parents=True, exist_ok=True)
                (new / name).write_bytes(content)
            if target.exists():
                target.rename(Path(room, "before"))
            new.rename(target)
    except OSError as error:
        raise UserError(
            Sentence("The Quick Action cannot be put into {folder}.", folder=folder),
            "Check the folder's permissions.",
            str(error),
        ) from error


def remove(folder: Path) -> None:
    """Takes it away; nothing happens where it is not there.

    Raises:
        UserError: Something else of that name is there, or the folder cannot be written.
    """
    import shutil  # noqa: PLC0415 - not before the window is shown

    target = folder / WORKFLOW_NAME
    _refuse_foreign(target)
    try:
        if target.exists():
            shutil.rmtree(target)
    except OSError as error:
        raise UserError(
            Sentence("The Quick Action cannot be taken out of {folder}.", folder=folder),
            "Check the folder's permissions.",
            str(error),
        ) from error


def _refuse_foreign(target: Path) -> None:
    """Refuses to touch what has our workflow's name and does not open this program."""
    if (target.exists() or target.is_symlink()) and not is_installed(target.parent):
        raise UserError(
            Sentence("“{name}” in {folder} was not made by Viewfinder.", name=WORKFLOW_NAME, folder=target.parent),
            "Move it somewhere else, then try again.",
        )


def _contents(folder: Path) -> dict[str, bytes]:
    """The files in it, by their names from there.

    Raises:
        OSError: It is no folder, or something in it cannot be read.
    """
    if not folder.is_dir():
        raise NotADirectoryError(str(folder))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size <= _MOST_FILE_BYTES)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
