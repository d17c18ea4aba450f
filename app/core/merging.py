"""One answer from the answers about a video's segments: what the model is asked for it, and the timeline below it.

The words stand in resources/merging.toml, by the language of the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import TYPE_CHECKING

from app.core.checked_values import CheckedValue, read_toml
from app.core.errors import UserError
from app.core.moments import Moment
from app.core.paths import MERGING_FILE
from app.core.results import SegmentRecord
from app.core.segment_timeline import span_text, timeline_of
from app.core.segments import text_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_REINSTALL = "Install the program again."
_HEADING_TOKENS = 48
"""Of a segment's range before its answer, counted generously."""
_PROMPT_TOKENS = 400


@dataclass(frozen=True, slots=True)
class _Words:
    prompt: str
    part: str
    unseen: str
    heading: str
    time: str
    event: str


def merging_question(question: str, segments: Sequence[SegmentRecord]) -> str:
    """What the model is asked once the segments have their answers: in text alone.

    Raises:
        UserError: The program's own words are not there.
    """
    words = _words_for(question)
    parts = "\n\n".join(f"{_range(words.part, segment)}\n{_said(words, segment)}" for segment in segments)
    values = {"question": question, "count": str(len(segments)), "parts": parts}
    # In one go, so that what stands in an answer is never taken for a blank.
    return re.sub(r"\{(question|count|parts)\}", lambda found: values[found[1]], words.prompt).strip()


def told_answer(question: str, answer: str, segments: Sequence[SegmentRecord]) -> str:
    """What later questions tell the model was answered: of segments that have no common answer, that of each."""
    if answer or not any(segment.is_answered for segment in segments):
        return answer
    return timeline_text(question, segments)


def timeline_text(question: str, segments: Sequence[SegmentRecord]) -> str:
    """The timeline as Markdown: a heading and a table, with a row for each segment that was not looked at.

    Raises:
        UserError: The program's own words are not there.
    """
    words = _words_for(question)
    unseen = [Moment(one.start_s, one.end_s, _said(words, one)) for one in segments if not one.is_answered]
    rows = sorted([*timeline_of(segments), *unseen], key=lambda moment: moment.start_s)
    lines = [f"### {words.heading}", "", f"| {words.time} | {words.event} |", "| --- | --- |"]
    lines += [f"| {span_text(row.start_s, row.end_s)} | {_cell(row.text)} |" for row in rows]
    return "\n".join(lines)


def batches(question: str, segments: Sequence[SegmentRecord], room_tokens: int | None) -> list[list[SegmentRecord]]:
    """Neighbouring segments whose answers fit into one prompt together: two at the least, though one may be left over.

    Answers too long even so are cut at their end. A single batch is the last round.

    Args:
        question: What was asked of each.
        segments: In order.
        room_tokens: What the prompt may have; None for any.
    """
    if room_tokens is None:
        return [list(segments)]
    room_tokens = max(1, room_tokens - _PROMPT_TOKENS - text_tokens(question))
    found: list[list[SegmentRecord]] = [[]]
    used = 0
    for segment in segments:
        cut = _cut(segment, room_tokens // 2)
        tokens = _tokens(cut)
        if len(found[-1]) > 1 and used + tokens > room_tokens:
            found.append([])
            used = 0
        found[-1].append(cut)
        used += tokens
    return found


def _tokens(segment: SegmentRecord) -> int:
    """Of its answer with its heading; counted while it was generated, or at most as many as its words can have."""
    counted = segment.figures.answer_tokens
    return _HEADING_TOKENS + (counted or text_tokens(segment.answer))


def _cut(segment: SegmentRecord, most_tokens: int) -> SegmentRecord:
    tokens = _tokens(segment)
    if tokens <= most_tokens:
        return segment
    keep = max(0, most_tokens - _HEADING_TOKENS) * len(segment.answer) // max(1, tokens - _HEADING_TOKENS)
    return replace(segment.unasked, answer=f"{segment.answer[:keep]} …", outcome=segment.outcome, error=segment.error)


def _range(words: str, segment: SegmentRecord) -> str:
    return words.format(
        span=span_text(segment.start_s, segment.end_s),
        start_s=f"{segment.start_s:.1f}",
        end_s=f"{segment.end_s:.1f}",
    )


def _said(words: _Words, segment: SegmentRecord) -> str:
    if segment.is_answered:
        return segment.answer.strip()
    return words.unseen.format(reason=str(segment.error) if segment.error is not None else "–")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _words_for(question: str) -> _Words:
    return _all_words()["zh" if _CHINESE.search(question) else "en"]


@cache
def _all_words() -> dict[str, _Words]:
    try:
        value = read_toml(MERGING_FILE)
    except (OSError, ValueError) as error:
        raise UserError("The program's words for long videos cannot be read.", _REINSTALL, str(error)) from error
    part = CheckedValue(value, "The file of words for long videos", _REINSTALL)
    names = [field.name for field in fields(_Words)]
    return {name: _Words(**{key: part[name][key].text() for key in names}) for name in ("en", "zh")}
