"""The rows of the Models sheet: which models stand there, in which order, and what can be done with each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Literal, TypeAlias

from app.gui.models.model_words import kind_text, last_used_text, source_text
from app.gui.wording import spoken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from app.core.models.catalogue import CatalogueModel
    from app.core.models.download_state import DownloadState
    from app.core.models.fit import FitMark
    from app.core.models.library import InstalledModel
    from app.core.models.repository import Repository
    from app.gui.models.models_at_hand import ModelsAtHand

Segment: TypeAlias = Literal["installed", "recommended", "all"]
SortedBy: TypeAlias = Literal["fit", "name", "size", "last_used"]
RowAction: TypeAlias = Literal["use", "load", "download", "pause", "resume", "retry", "cancel", "reveal", "remove"]

_FIT_ORDER = {"fits": 0, "tight": 1, "too_large": 2, None: 3}
_AT_WORK = ("waiting", "checking", "downloading", "verifying")
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model as the sheet shows it.

    Attributes:
        repository_id: What it is downloaded by; for a plain folder its path.
        name: For people.
        offered: What the catalogue says of it.
        installed: What of it is on this machine.
        found: What the Hub said of it when it was asked.
        state: How far its download is.
        fit: Whether it fits this machine.
        need_bytes: What it takes of the memory; 0 where that is not known.
        is_in_use: Whether it is the chosen model.
        is_recommended: Whether it is the one that goes best with this machine.
        is_out: Whether it is chosen and yet not in memory, nor on its way there.
        is_foreign: Whether it is in a form that is not read by what runs models here.
    """

    repository_id: str
    name: str
    offered: CatalogueModel | None = None
    installed: InstalledModel | None = None
    found: Repository | None = None
    state: DownloadState | None = None
    fit: FitMark | None = None
    need_bytes: int = 0
    is_in_use: bool = False
    is_recommended: bool = False
    is_out: bool = False
    is_foreign: bool = False

    @property
    def model_id(self) -> str:
        """What it is used by."""
        return self.installed.model_id if self.installed is not None else self.repository_id

    @property
    def size_bytes(self) -> int:
        """On the disk, or what its download costs; 0 where nobody knows."""
        if self.installed is not None:
            return self.installed.size_bytes
        if self.state is not None and self.state.total_bytes:
            return self.state.total_bytes
        if self.found is not None:
            return self.found.size_bytes
        return self.offered.download_bytes if self.offered is not None else 0

    @property
    def is_size_measured(self) -> bool:
        """Whether that is no estimate."""
        is_told = self.state is not None and self.state.total_bytes > 0
        is_measured = self.offered is None or self.offered.is_size_measured
        return self.installed is not None or is_told or self.found is not None or is_measured

    @property
    def is_at_work(self) -> bool:
        """Whether it is being downloaded, or waits for that."""
        return self.state is not None and self.state.stage in _AT_WORK

    @property
    def last_used(self) -> datetime:
        """When it was last used; long ago where nobody knows."""
        used = self.installed.last_used if self.installed is not None else None
        return used or _LONG_AGO

    @property
    def fraction(self) -> float | None:
        """How much of its download is here, from 0 to 1."""
        if self.state is None or self.state.stage == "done" or not self.state.total_bytes:
            return None
        return min(1.0, self.state.done_bytes / self.state.total_bytes)

    @property
    def actions(self) -> tuple[RowAction, ...]:
        """What can be done with it, the one next step first."""
        found: list[RowAction] = []
        if self.is_at_work:
            found += ["pause", "cancel"]
        elif self.state is not None and self.state.stage == "paused":
            found += ["resume", "cancel"]
        elif self.state is not None and self.state.stage == "failed":
            found += ["retry", "cancel"]
        elif self.installed is None and (self.state is None or self.state.stage != "done"):
            found.append("download")
        if self.installed is not None:
            found += ["use"] if not self.is_in_use else ["load"] if self.is_out else []
            found.append("reveal")
            found += ["remove"] if self.installed.can_remove else []
        return tuple(found)

    @property
    def about(self) -> str:
        """What it is, in a few words."""
        parts = []
        if self.offered is not None:
            parts.append(kind_text(self.offered.kind))
        if self.installed is not None:
            if self.offered is None and self.installed.source != "demo":
                parts.append(spoken(self.installed.quantisation))
            parts.append(source_text(self.installed.source))
            if self.installed.last_used is not None:
                days = (
                    datetime.now(timezone.utc).date() - self.installed.last_used.astimezone(timezone.utc).date()
                ).days
                parts.append(last_used_text(days))
        return " · ".join(part for part in parts if part)

    def fits_words(self, words: Sequence[str]) -> bool:
        """Whether every word of a search is found in what is told of it."""
        if not words:
            return True
        offered = f"{self.offered.name} {spoken(self.offered.good_at)}" if self.offered is not None else ""
        told = f"{self.repository_id} {self.name} {self.about} {offered}".casefold()
        return all(word in told for word in words)


def rows_of(models: ModelsAtHand, in_use_id: str, *, is_out: bool) -> tuple[ModelRow, ...]:
    """Every model that is known: those of the catalogue, of this machine, looked up, and on their way.

    Args:
        models: Knows them.
        in_use_id: The model that is chosen.
        is_out: Whether that is not in memory, nor on its way there.
    """
    rows: list[ModelRow] = []
    found = {one.model_id: one for one in models.repositories}
    for offered in models.offered:
        here = models.installed_as(offered.model_id)
        is_recommended = offered == models.recommended
        told = found.pop(offered.model_id, None)
        row = ModelRow(offered.model_id, spoken(offered.name), offered, here, told, is_recommended=is_recommended)
        rows.append(_known(row, models, in_use_id, is_out=is_out))
    listed = {row.installed.model_id for row in rows if row.installed is not None}
    others = [
        ModelRow(here.model_id, spoken(here.name), installed=here)
        for here in models.installed
        if here.model_id not in listed
    ]
    known = {row.repository_id for row in (*rows, *others)}
    others += [ModelRow(one, short_name(one), found=told) for one, told in found.items() if one not in known]
    known |= found.keys()
    on_their_way = (state.model_id for state in models.downloads if state.model_id not in known)
    others += [ModelRow(model_id, short_name(model_id)) for model_id in on_their_way]
    return (*rows, *(_known(row, models, in_use_id, is_out=is_out) for row in others))


def _known(row: ModelRow, models: ModelsAtHand, in_use_id: str, *, is_out: bool) -> ModelRow:
    """The row with all that changes."""
    here = row.installed
    fit = (models.fit_of(here.model_id) if here is not None else None) or models.fit_of(row.repository_id)
    is_in_use = here is not None and here.model_id == in_use_id
    runtime = models.memory.runtime if models.memory is not None else None
    return replace(
        row,
        state=models.state_of(row.repository_id),
        fit=fit.mark if fit is not None else None,
        need_bytes=fit.need.total_bytes if fit is not None else 0,
        is_in_use=is_in_use,
        is_out=is_in_use and is_out,
        is_foreign=here is not None and runtime is not None and runtime not in here.runtimes,
    )


def short_name(model_id: str) -> str:
    """A repository's own name without its owner's."""
    return model_id.rpartition("/")[2]


def chosen_rows(rows: Iterable[ModelRow], segment: Segment, search: str, sorted_by: SortedBy) -> tuple[ModelRow, ...]:
    """The rows of one segment that every word of the search is found in, in their order."""
    words = search.casefold().split()
    shown = [row for row in rows if is_in(row, segment) and row.fits_words(words)]
    if sorted_by == "name":
        shown.sort(key=lambda row: row.name.casefold())
    elif sorted_by == "size":
        shown.sort(key=lambda row: row.size_bytes)
    elif sorted_by == "last_used":
        shown.sort(key=lambda row: row.last_used, reverse=True)
    else:
        shown.sort(key=_fit_key)
    if segment == "installed":  # what is on its way stands first
        shown.sort(key=lambda row: row.state is None)
    return tuple(shown)


def is_in(row: ModelRow, segment: Segment) -> bool:
    """Whether a row stands in this segment."""
    if segment == "installed":
        return row.installed is not None or row.state is not None
    if segment == "recommended":
        return row.is_recommended or (row.offered is not None and row.fit == "fits")
    return True


def _fit_key(row: ModelRow) -> tuple[bool, int, float]:
    """The recommended one, then what fits, the largest first, then what does not, the smallest first."""
    order = _FIT_ORDER[row.fit]
    return (not row.is_recommended, order, -row.need_bytes if row.fit == "fits" else row.need_bytes)
