"""How far the download of a model is, as plain values that cross threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.core.errors import ErrorText

DownloadStage: TypeAlias = Literal[
    "waiting", "checking", "downloading", "verifying", "paused", "done", "failed", "cancelled"
]
ENDED: tuple[DownloadStage, ...] = ("done", "failed", "cancelled")
"""Stages that nothing follows until somebody asks for the model again; of a failed one the parts are kept."""


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far one download is.

    Attributes:
        stage: ``checking`` looks at what is here and whether the disk has room; ``verifying`` reads what has come.
        done_bytes: Of all files together what is here, whoever fetched it.
        total_bytes: All files together.
        bytes_per_s: What came lately, smoothed; 0 while nothing comes.
        left_s: How long the rest takes at that rate, or None while that cannot be told.
        waits_s: Seconds until the next attempt, while the server is out of reach or asked to wait; else None.
    """

    stage: Literal["checking", "downloading", "verifying", "done"]
    done_bytes: int
    total_bytes: int
    bytes_per_s: float = 0.0
    left_s: float | None = None
    waits_s: float | None = None


@dataclass(frozen=True, slots=True)
class DownloadState:
    """How far the download of a model is, queue, pauses and ends included; also the event that says so.

    Attributes:
        model_id: The repository.
        stage: What is being done with it.
        done_bytes: Of all its files together what is here.
        total_bytes: All its files together; 0 before the server told it.
        bytes_per_s: What came lately, smoothed.
        left_s: How long the rest takes at that rate, or None while that cannot be told.
        revision: The commit that is fetched; empty before the server told it.
        error: Why it failed.
        waits_s: Seconds until the next attempt, while the server is out of reach or asked to wait; else None.
    """

    model_id: str
    stage: DownloadStage
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_s: float = 0.0
    left_s: float | None = None
    revision: str = ""
    error: ErrorText | None = None
    waits_s: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing follows until somebody asks for the model again."""
        return self.stage in ENDED
