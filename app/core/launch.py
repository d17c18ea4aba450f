"""What the composition root hands to the window: everything it needs from outside its own room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from app.core.checkpoint import Checkpoint
    from app.core.clips import ClipSource
    from app.core.events import EngineEvent
    from app.core.models.download_state import DownloadState
    from app.core.models.store import ModelStore
    from app.core.paths import Profile
    from app.core.report import ReportParts
    from app.core.requests import Question, Source
    from app.core.settings import Settings

    EventSink: TypeAlias = Callable[[EngineEvent], None]
    """Takes each event of the engine; called from the engine's threads, so it must return at once."""
    DownloadSink: TypeAlias = Callable[[DownloadState], None]
    """Takes each state of each download; called from their threads, so it must return at once."""


class AnswerEngine(Protocol):
    """What a window or a command asks of the engine; every call returns at once, answers come through the sink.

    Thread: any.
    """

    def load(self, checkpoint: Checkpoint) -> None:
        """Loads a checkpoint, dropping an earlier one first."""
        ...

    def unload(self) -> None:
        """Drops the model and gives its memory back."""
        ...

    def cancel_load(self) -> None:
        """Ends a load that is under way."""
        ...

    def ask(self, *questions: Question) -> None:
        """Answers the questions; each ends in exactly one ``Finished``."""
        ...

    def cancel(self, request_id: str) -> None:
        """Ends a request at its next chunk or token, as ``cancelled``."""
        ...

    def view(self, view_id: str, source: Source, max_pixels: int) -> None:
        """Opens a picture in small, or a frame that stands for a video; ends in ``ViewOpened`` or ``ViewFailed``."""
        ...

    def forget_view(self, view_id: str) -> None:
        """Drops, unsaid, a view that waits or is under way."""
        ...

    def look(self, view_id: str, source: Source, max_pixels: int, time_s: float = 0.0) -> None:
        """Opens the picture, or the video's frame at this time, that is looked at.

        Ends in ``LookOpened``, ``ViewFailed``, or nothing for a newer look.
        """
        ...

    def frames(self, view_id: str, source: ClipSource, times_s: Sequence[float], max_pixels: int) -> None:
        """Opens a video's frames at these times in small: ``FrameOpened`` each, or ``ViewFailed``.

        Those of an earlier call that have not come yet never do.
        """
        ...

    def take_still(self, view_id: str, source: ClipSource, time_s: float) -> None:
        """Takes the frame at this time out of a video; ends in ``StillTaken`` or ``ViewFailed``."""
        ...

    def close(self, timeout_s: float = 5.0) -> bool:
        """Cancels everything and waits for the model thread to end; False when it did not in time."""
        ...


class ModelDownloads(Protocol):
    """What is asked of downloads; every call returns at once, states come through the sink.

    Thread: any.
    """

    def start(self, model_id: str, revision: str | None = None) -> None:
        """Begins a download, of this commit or the newest, or goes on with it."""
        ...

    def go_on(self) -> None:
        """Goes on with what was under way when the program ended last; what a person paused stays paused."""
        ...

    def pause(self, model_id: str) -> None:
        """Stops a download; what has come stays."""
        ...

    def interrupt(self, model_id: str) -> None:
        """Pauses a download for the time being: unless it is gone on with before, the next start does."""
        ...

    def cancel(self, model_id: str) -> None:
        """Ends a download and drops what has come of it."""
        ...

    def states(self) -> tuple[DownloadState, ...]:
        """How far each download is, those that an earlier start left among them."""
        ...

    def close(self, timeout_s: float) -> bool:
        """Ends all, to go on at the next start; tells whether every thread ended in time."""
        ...


@dataclass(frozen=True, slots=True)
class Launch:
    """What the window opens with.

    Attributes:
        make_engine: Makes the one engine around the window's sink; imports no model runtime.
        profile: Where state is kept.
        settings: As they were at start; a model or backend given on the command line stands in them already.
        save_settings: Writes them, atomically. Raises UserError when the folder cannot be written.
        files: Pictures to open at start.
        question: Text to put into the question box, or empty.
        milestone: Notes that ``window_shown`` or ``first_paint`` was reached; only the first time counts. Those of the
            engine are noted on their way through the sink.
        report: Versions, machine and the last log lines, for “Copy report”.
        models: Says which models there are and removes them.
        make_downloads: Makes what downloads models, around the window's sink and what gives the settings as they are.
            Imports slowly: never called on the main thread.
    """

    make_engine: Callable[[EventSink], AnswerEngine]
    profile: Profile
    settings: Settings
    save_settings: Callable[[Settings], None]
    files: tuple[Path, ...]
    question: str
    milestone: Callable[[str], None]
    report: Callable[[], ReportParts]
    models: ModelStore
    make_downloads: Callable[[DownloadSink, Callable[[], Settings]], ModelDownloads]
