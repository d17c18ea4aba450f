"""``viewfinder models download``: a model into the Hugging Face cache, its progress on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.figures import size_text
from app.cli.interrupts import Interrupts
from app.cli.model_forms import document
from app.cli.usage import DONE, FAILED, INTERRUPTED
from app.core.checkpoint import DEMO_MODEL_ID, find_checkpoint
from app.core.errors import AppError, ModelError, UserError
from app.core.machine import runtime_of
from app.core.models.access import hub_access
from app.core.models.fetching import branch_of, fetch, remaining_bytes
from app.core.models.hub_cache import hub_cache_dir, repository_dir
from app.core.models.library import size_of, why_not_whole
from app.core.models.repository import look_up, repository_named
from app.core.models.told_sizes import ToldSize, keep_told_size
from app.core.wakefulness import held_awake

if TYPE_CHECKING:
    from pathlib import Path

    from app.cli.model_arguments import ModelsOptions
    from app.cli.terminal import Terminal
    from app.core.checkpoint import Checkpoint
    from app.core.models.access import HubAccess
    from app.core.models.download_state import FetchProgress
    from app.core.models.repository import Repository
    from app.core.paths import Profile
    from app.core.settings import Settings

_NOTED_PARTS = 10
"""Lines that are written where nothing can be rewritten in place, as in a log."""


def download_model(options: ModelsOptions, settings: Settings, profile: Profile, terminal: Terminal) -> int:
    """Downloads it, or goes on where an earlier download was stopped, and prints its folder.

    Returns:
        The exit code.

    Raises:
        AppError: The Hub cannot be asked or refuses, the model cannot be used, or the disk does not take it.
    """
    if options.models[0] == DEMO_MODEL_ID:
        raise UserError(
            "The demo model comes with the program, so there is nothing to download.",
            "“viewfinder models recommend” names one for real pictures.",
        )
    access = hub_access(settings)
    named, revision = repository_named(options.models[0], access)
    wanted = options.revision or revision
    here = _here(named, wanted) if access.is_offline else None
    if here is not None:
        terminal.note(f"Viewfinder is offline; {named} is here already, as it was when it was downloaded.")
        return _tell(named, here.revision, here.folder, size_of(here.folder), options, terminal)
    terminal.progress(f"Asking for {named} ...")
    repository = look_up(named, access, wanted, runtime_of(options.backend or settings.backend))
    told = ToldSize(repository.revision, repository.size_bytes)
    keep_told_size(profile.told_sizes_file, repository.model_id, told)
    with Interrupts(lambda: None) as interrupts, held_awake("Downloading a model"):
        is_done = _fetch(repository, access, branch_of(wanted), terminal, interrupts)
    if not is_done:
        words = f"viewfinder models download {options.models[0]}"
        words += f" --revision {options.revision}" if options.revision else ""
        terminal.note(f"Paused; what came is kept. “{words}” goes on from there.")
        return INTERRUPTED
    folder = repository_dir(repository.model_id, hub_cache_dir()) / "snapshots" / repository.revision
    fault = why_not_whole(folder)
    if fault is not None:
        raise ModelError(fault.text, fault.hint, fault.detail)
    return _tell(repository.model_id, repository.revision, folder, repository.size_bytes, options, terminal)


def _here(named: str, wanted: str | None) -> Checkpoint | None:
    """The wanted revision, if it is on this machine and whole."""
    try:
        return find_checkpoint(f"{named}@{wanted}" if wanted else named)
    except ModelError:
        return None


def _tell(
    model_id: str, revision: str, folder: Path, size_bytes: int, options: ModelsOptions, terminal: Terminal
) -> int:
    downloaded = {"id": model_id, "revision": revision, "folder": str(folder), "size_bytes": size_bytes}
    text = document(downloaded=downloaded) if options.as_json else f"{folder}\n"
    return DONE if terminal.answer_whole(text) else FAILED


def _fetch(
    repository: Repository, access: HubAccess, branch: str | None, terminal: Terminal, interrupts: Interrupts
) -> bool:
    """Downloads it; tells whether it came to its end."""
    noted_parts = 0
    last: FetchProgress | None = None
    try:
        for last in fetch(repository, access, lambda: interrupts.is_wanted, branch=branch):
            if last.stage == "checking":
                terminal.note(_begin_text(repository, last.done_bytes))
            elif terminal.is_progress_shown:
                terminal.progress(progress_text(last))
            elif last.stage == "downloading" and last.total_bytes:
                parts = _NOTED_PARTS * last.done_bytes // last.total_bytes
                if parts > noted_parts:
                    noted_parts = parts
                    terminal.note(progress_text(last))
    except AppError as error:
        if remaining_bytes(repository) < repository.size_bytes:
            raise type(error)(error.said.text, hint_to_go_on(error.said.hint), error.said.detail) from error
        raise
    return last is not None and last.stage == "done"


def hint_to_go_on(hint: str) -> str:
    """A hint with how to go on behind it."""
    if "is kept" in hint:
        return f"{hint} The same command goes on from there."
    return f"{hint} What came is kept; the same command goes on from there.".strip()


def _begin_text(repository: Repository, here_bytes: int) -> str:
    text = f"{repository.model_id}: {size_text(repository.size_bytes)} in {len(repository.files)} files"
    text += f", revision {repository.revision[:12]}"
    if here_bytes == repository.size_bytes:
        return f"{text}; all of it is here already"
    return f"{text}; {size_text(here_bytes)} are here already" if here_bytes else text


def progress_text(progress: FetchProgress) -> str:
    """How far a download is, in bytes and time."""
    if progress.stage == "verifying":
        return "Checking what came ..."
    parts = [f"{size_text(progress.done_bytes)} of {size_text(progress.total_bytes)}"]
    if progress.waits_s is not None:
        parts.append(f"waiting for the server, next attempt in {progress.waits_s:.0f} s")
    elif progress.bytes_per_s:
        parts.append(f"{size_text(round(progress.bytes_per_s))}/s")
        if progress.left_s is not None:
            parts.append(f"{_clock_text(progress.left_s)} left")
    return " · ".join(parts)


def _clock_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
