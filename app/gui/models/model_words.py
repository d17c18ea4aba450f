"""Models in words: what they are, what they cost, whether they fit, how far their download is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale

from app.gui.wording import memory_text, number

if TYPE_CHECKING:
    from app.core.models.catalogue import ModelKind
    from app.core.models.download_state import DownloadState
    from app.core.models.fit import FitMark
    from app.core.models.library import ModelSource

_GIGABYTE = 1_000_000_000
_FEW_GIGABYTES = 3
_MINUTE_S, _HOUR_MIN = 60, 60


def disk_text(size_bytes: int, decimals: int = 1) -> str:
    """``3.1 GB``, as the Hub and file managers count."""
    return QLocale().formattedDataSize(size_bytes, decimals, QLocale.DataSizeFormat.DataSizeSIFormat)


def download_size_text(size_bytes: int, *, is_measured: bool) -> str:
    """``3.1 GB``, or ``about 3 GB`` where that is an estimate."""
    if is_measured:
        return disk_text(size_bytes)
    decimals = 0 if size_bytes >= _FEW_GIGABYTES * _GIGABYTE or size_bytes < _GIGABYTE else 1
    return QCoreApplication.translate("Models", "about {0}").format(disk_text(size_bytes, decimals))


def need_text(need_bytes: int) -> str:
    """What a model takes of the memory, in words."""
    return QCoreApplication.translate("Models", "needs {0} of memory").format(memory_text(need_bytes))


def fit_text(mark: FitMark) -> str:
    """Whether a model fits, with the sign that goes with it."""
    translate = QCoreApplication.translate
    return {
        "fits": translate("Models", "✓ Fits"),
        "tight": translate("Models", "! Tight"),
        "too_large": translate("Models", "✕ Does not fit"),
    }[mark]


def kind_text(kind: ModelKind) -> str:
    """How a model answers."""
    translate = QCoreApplication.translate
    return {"instruct": translate("Models", "answers at once"), "thinking": translate("Models", "thinks first")}[kind]


def source_text(source: ModelSource) -> str:
    """Where an installed model is kept."""
    translate = QCoreApplication.translate
    return {
        "demo": translate("Models", "comes with the program"),
        "hugging_face": translate("Models", "in the Hugging Face cache"),
        "lm_studio": translate("Models", "in LM Studio’s folder"),
        "folder": translate("Models", "in a folder of yours"),
    }[source]


def left_text(left_s: float) -> str:
    """How long a download still takes: ``3 min left``."""
    translate = QCoreApplication.translate
    if left_s < _MINUTE_S:
        return translate("Models", "less than a minute left")
    hours, minutes = divmod(round(left_s / _MINUTE_S), _HOUR_MIN)
    if not hours:
        return translate("Models", "{0} min left").format(number(minutes))
    return translate("Models", "{0} h {1} min left").format(number(hours), number(minutes))


def progress_text(state: DownloadState) -> str:
    """How far a download is: ``Downloading: 1.2 of 3.1 GB · 12 MB/s · 3 min left``."""
    translate = QCoreApplication.translate
    stage = {
        "waiting": translate("Models", "Waiting for its turn"),
        "checking": translate("Models", "Looking at the repository…"),
        "downloading": translate("Models", "Downloading"),
        "verifying": translate("Models", "Checking what has come"),
        "paused": translate("Models", "Paused"),
        "done": translate("Models", "Downloaded"),
        "failed": translate("Models", "Download failed"),
        "cancelled": translate("Models", "Cancelled"),
    }[state.stage]
    parts = [stage]
    if state.total_bytes and state.stage not in ("checking", "done", "cancelled"):
        amount = translate("Models", "{0} of {1}")
        parts.append(amount.format(disk_text(state.done_bytes), disk_text(state.total_bytes)))
    if state.stage == "downloading":
        if state.waits_s is not None:
            parts.append(translate("Models", "next attempt in {0} s").format(number(max(1, round(state.waits_s)))))
        elif state.bytes_per_s > 0:
            parts.append(translate("Models", "{0}/s").format(disk_text(round(state.bytes_per_s))))
            if state.left_s is not None:
                parts.append(left_text(state.left_s))
    return " · ".join(parts)


def last_used_text(days: int | None) -> str:
    """When a model was last used; None where nobody knows."""
    translate = QCoreApplication.translate
    if days is None:
        return ""
    if days <= 0:
        return translate("Models", "used today")
    if days == 1:
        return translate("Models", "used yesterday")
    return translate("Models", "used {0} days ago").format(number(days))
