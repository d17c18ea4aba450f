"""What a row of the Models sheet says, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from PySide6.QtCore import QCoreApplication

from app.gui.models.model_words import disk_text, download_size_text, fit_text, need_text, progress_text
from app.gui.wording import spoken

if TYPE_CHECKING:
    from app.gui.models.model_rows import ModelRow

Ink: TypeAlias = Literal["text", "dim", "good", "doubtful", "bad"]
_BITS = re.compile(r"(?<=\d)-bit\b")
"""A line does not end within ``4-bit``."""
_FIT_INKS: dict[str, Ink] = {"fits": "good", "tight": "doubtful", "too_large": "bad"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a row, which may take several on the screen.

    Attributes:
        rest: Its words.
        ink: Their colour.
        lead: Words before them, in a colour of their own.
        lead_ink: That colour.
        is_name: Whether it is the row's heading.
    """

    rest: str
    ink: Ink = "dim"
    lead: str = ""
    lead_ink: Ink = "text"
    is_name: bool = False

    @property
    def whole(self) -> str:
        """All its words."""
        return " · ".join(part for part in (self.lead, self.rest) if part)


def lines_of(row: ModelRow) -> tuple[Line, ...]:
    """The lines above the bar of a download: name, what it is, what it is good at, what it costs."""
    translate = QCoreApplication.translate
    tags = []
    if row.offered is not None and row.offered.is_newer_family:
        tags.append(translate("Models", "newer family"))
    if row.offered is not None and row.offered.is_own:
        tags.append(translate("Models", "from your own list"))
    lead = translate("Models", "★ Recommended") if row.is_recommended else ""
    lead = translate("Models", "● In use") if row.is_in_use else lead
    figures = []
    if row.size_bytes and row.installed is not None:
        figures.append(translate("Models", "{0} on the disk").format(disk_text(row.size_bytes)))
    elif row.size_bytes:
        size = download_size_text(row.size_bytes, is_measured=row.is_size_measured)
        figures.append(translate("Models", "Download {0}").format(size))
    if row.need_bytes:
        figures.append(need_text(row.need_bytes))
    fit, fit_ink = fit_text(row.fit) if row.fit is not None else "", _FIT_INKS.get(row.fit or "", "dim")
    if row.is_foreign:
        fit, fit_ink = translate("Models", "✕ In a form that is not read here"), "bad"
    lines = [
        Line(_BITS.sub("\u2011bit", row.name), "text", is_name=True),
        Line(
            " · ".join(part for part in (*tags, row.about) if part),
            lead=lead,
            lead_ink="good" if row.is_in_use else "text",
        ),
        Line(spoken(row.offered.good_at) if row.offered is not None else "", "text"),
        Line(" · ".join(figures), lead=fit, lead_ink=fit_ink),
    ]
    return tuple(line for line in lines if line.whole)


def state_lines_of(row: ModelRow) -> tuple[Line, ...]:
    """The lines below the bar: how far its download is, and what went wrong."""
    state = row.state
    if state is None:
        return ()
    lines = [Line(progress_text(state))]
    if state.error is not None:
        lines.append(Line("", lead=f"⚠ {spoken(state.error.text)}", lead_ink="bad"))
        lines.append(Line(spoken(state.error.hint), "text"))
    return tuple(line for line in lines if line.whole)


def row_text(row: ModelRow) -> str:
    """The row for those who listen: its name and what is most needed of it."""
    translate = QCoreApplication.translate
    parts = [row.name]
    if row.is_in_use:
        parts.append(translate("Models", "in use"))
    if row.state is not None:
        parts.append(progress_text(row.state))
    elif row.installed is None:
        parts.append(translate("Models", "not downloaded"))
    return ", ".join(parts)


def row_details(row: ModelRow) -> str:
    """All else that it says, for those who listen."""
    lines = (*lines_of(row)[1:], *state_lines_of(row)[1:])
    return " ".join(f"{line.whole}." if not line.whole.endswith((".", "。")) else line.whole for line in lines)
