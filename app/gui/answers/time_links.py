"""Times in an answer as links that take the viewer there: what such a link holds, and where in the words it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QTextCharFormat

from app.core.answer_times import times_in
from app.core.segment_timeline import span_text
from app.core.shown_clips import clip_named, names_a_clip, shown_clips
from app.gui.answers.answer_look import LINE_BREAK, Role, text_property

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.core.conversation import AskedTurn
    from app.gui.answers.answer_look import AnswerLook

MOMENT = "moment"
"""The first word of such a link's address."""
_HIDDEN = "\x00"
_DATA_LANGUAGES = frozenset({"", "json", "json5", "text", "txt", "csv", "srt", "vtt", "yaml", "yml", "markdown", "md"})
"""Of programs in other languages, which only look as if they held times, none becomes a link."""


@dataclass(frozen=True, slots=True)
class TimeLink:
    """Where a link leads.

    Attributes:
        request_id: Of the turn in whose answer it stands.
        start_s: The moment, or where the stretch begins.
        end_s: Where the stretch ends, or None.
        clip_number: Of the video that is named beside it, or 0.
    """

    request_id: str
    start_s: float
    end_s: float | None = None
    clip_number: int = 0

    @property
    def address(self) -> str:
        """The link's, within the conversation."""
        end = "" if self.end_s is None else f"{self.end_s:.6f}"
        return f"{MOMENT}:{self.start_s:.6f}:{end}:{self.clip_number}:{self.request_id}"

    @property
    def words(self) -> str:
        """What the link does, for people."""
        words = QCoreApplication.translate("ResultView", "Show {0} of the video")
        return words.format(span_text(self.start_s, self.end_s))


def time_link_at(address: str) -> TimeLink | None:
    """What a link's address says; None for any other link."""
    pieces = address.split(":", 4)
    if pieces[0] != MOMENT or len(pieces) < 5:  # noqa: PLR2004 - as `TimeLink.address` writes it
        return None
    _, start, end, number, request_id = pieces
    return TimeLink(request_id, float(start), float(end) if end else None, int(number))


@dataclass(frozen=True, slots=True)
class TimeLinks:
    """Finds the times in one answer.

    Attributes:
        request_id: Of its turn.
        duration_s: Of the longest clip that it may be about.
    """

    request_id: str
    duration_s: float

    def linked(
        self, pieces: Iterable[tuple[str, QTextCharFormat]], look: AnswerLook, *, label: str = "", around: str = ""
    ) -> Iterator[tuple[str, QTextCharFormat]]:
        """The pieces with each time among them as a link; links that stand there already, and formulas, stay.

        Args:
            pieces: Letters with their formats.
            look: Of the conversation.
            label: The head of the column in which they stand.
            around: The row in which they stand.
        """
        known = list(pieces)
        text = "".join(_searched(letters, style) for letters, style in known)
        found = times_in(text, self.duration_s, label=label)
        is_naming = names_a_clip(text)
        beside = clip_named(around, 0) if found and around else 0
        begin, at = 0, 0
        for letters, style in known:
            end = begin + len(letters)
            place = begin
            while at < len(found) and found[at].begin < end:
                time = found[at]
                first, last = max(time.begin, place), min(time.end, end)
                if place < first:
                    yield letters[place - begin : first - begin], style
                number = (clip_named(text, time.begin) if is_naming else 0) or beside
                moment = TimeLink(self.request_id, time.start_s, time.end_s, number)
                yield letters[first - begin : last - begin], look.timed(style, moment.address)
                place = last
                if time.end > end:
                    break
                at += 1
            if place < end:
                yield letters[place - begin :], style
            begin = end

    def may_be_in(self, language: str) -> bool:
        """Whether times in code of this language are times of the video."""
        return language.lower() in _DATA_LANGUAGES


def time_links_of(turns: Iterable[AskedTurn], request_id: str) -> TimeLinks | None:
    """What finds the times in the answer to this question; None when the model knew no clip."""
    clips = shown_clips(turns, request_id)
    return TimeLinks(request_id, max(clip.duration_s for clip in clips)) if clips else None


def _searched(letters: str, style: QTextCharFormat) -> str:
    """The letters as they are searched: nothing is found in those of links and formulas."""
    if style.isAnchor() or text_property(style, Role.SOURCE):
        return _HIDDEN * len(letters)
    return letters.replace(LINE_BREAK, "\n")
