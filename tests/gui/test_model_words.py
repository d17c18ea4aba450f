"""What is said of models and downloads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale

from app.core.models.download_state import DownloadState
from app.gui.models.model_words import download_size_text, last_used_text, left_text, progress_text

GB = 1_000_000_000


@pytest.fixture(autouse=True)
def _english(qapp: object) -> Iterator[None]:
    assert qapp is not None
    before = QLocale()
    QLocale.setDefault(QLocale("en_US"))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("size_bytes", "is_measured", "words"),
    [
        (3_093_000_000, True, "3.1 GB"),
        (3_093_000_000, False, "about 3 GB"),
        (1_784_000_000, False, "about 1.8 GB"),
        (132 * GB, False, "about 132 GB"),
        (742_000_000, False, "about 742 MB"),
    ],
)
def test_only_what_the_hub_told_is_said_exactly(size_bytes: int, is_measured: bool, words: str) -> None:
    assert download_size_text(size_bytes, is_measured=is_measured) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DownloadState("a/b", "waiting"), "Waiting for its turn"),
        (DownloadState("a/b", "checking", 0, GB), "Looking at the repository…"),
        (
            DownloadState("a/b", "downloading", GB, 3 * GB, 12_400_000.0, 161.3),
            "Downloading · 1.0 GB of 3.0 GB · 12.4 MB/s · 3 min left",
        ),
        (DownloadState("a/b", "downloading", GB, 3 * GB), "Downloading · 1.0 GB of 3.0 GB"),
        (
            DownloadState("a/b", "downloading", GB, 3 * GB, waits_s=12.2),
            "Downloading · 1.0 GB of 3.0 GB · next attempt in 12 s",
        ),
        (DownloadState("a/b", "verifying", 3 * GB, 3 * GB), "Checking what has come · 3.0 GB of 3.0 GB"),
        (DownloadState("a/b", "paused", GB, 3 * GB), "Paused · 1.0 GB of 3.0 GB"),
        (DownloadState("a/b", "failed"), "Download failed"),
        (DownloadState("a/b", "done", 3 * GB, 3 * GB), "Downloaded"),
    ],
)
def test_how_far_a_download_is(state: DownloadState, words: str) -> None:
    assert progress_text(state) == words


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (0.0, "less than a minute left"),
        (59.9, "less than a minute left"),
        (60.0, "1 min left"),
        (3590.0, "1 h 0 min left"),
        (3600.0, "1 h 0 min left"),
        (9000.0, "2 h 30 min left"),
    ],
)
def test_how_long_it_takes(left_s: float, words: str) -> None:
    assert left_text(left_s) == words


def test_when_it_was_used() -> None:
    assert [last_used_text(days) for days in (None, -1, 0, 1, 40)] == [
        "",
        "used today",
        "used today",
        "used yesterday",
        "used 40 days ago",
    ]
