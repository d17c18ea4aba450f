"""What stands as a turn's answer: its words, or as long as a long video's parts have no common answer, theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from app.core.segment_timeline import span_text
from app.gui.wording import number, spoken

if TYPE_CHECKING:
    from app.core.conversation import AskedTurn
    from app.core.results import SegmentRecord


def words_of(turn: AskedTurn, *, has_parts: bool = False) -> str:
    """The Markdown of an answer as it is shown; while it grows each is the beginning of the next.

    Once the parts of a video have one answer that begins anew, with it alone or, if wanted, with them below.
    """
    if not turn.segments:
        return turn.answer
    if not turn.answer:
        return _parts(turn)
    if not has_parts or turn.is_open:
        return turn.answer
    heading = QCoreApplication.translate("ResultView", "Parts")
    return f"{turn.answer.rstrip()}\n\n### {heading}\n\n{_parts(turn)}"


def part_text(turn: AskedTurn, index: int) -> str:
    """``Part 3 of 10 · 12:48 – 19:12``."""
    words = QCoreApplication.translate("ResultView", "Part {0} of {1}")
    part = turn.segments[index]
    return f"{words.format(number(index + 1), number(len(turn.segments)))} · {span_text(part.start_s, part.end_s)}"


def _parts(turn: AskedTurn) -> str:
    blocks = []
    for index, part in enumerate(turn.segments):
        if part.outcome is None and part.shown is None:
            continue
        blocks.append(f"**{part_text(turn, index)}**")
        blocks += [words for words in (part.answer.strip(), _fault(part)) if words]
    if turn.is_open and turn.segment_at is None and all(part.outcome is not None for part in turn.segments):
        words = QCoreApplication.translate("ResultView", "One answer is being made of all parts…")
        blocks.append(f"*{words}*")
    return "\n\n".join(blocks)


def _fault(part: SegmentRecord) -> str:
    """Why a part has no whole answer, or nothing when it has one."""
    if part.outcome == "cancelled":
        words = QCoreApplication.translate("ResultView", "This part was stopped.")
        return f"*{words}*"
    if part.outcome != "failed":
        return ""
    said = spoken(part.error.text) if part.error is not None else ""
    words = QCoreApplication.translate("ResultView", "This part could not be looked at.")
    return f"*{words}* {said}".strip()
