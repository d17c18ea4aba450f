"""A result as Markdown that a person would paste into a document.

Questions and names appear as they were written, whatever marks they hold. Answers keep their formatting but stay in
their place: see ``app.core.markdown_text.contained``, also for what becomes of HTML and pictures in them.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.core.markdown_text import contained, plain, plain_line
from app.core.results import ClipRecord, MediaRecord
from app.core.segment_timeline import span_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.core.events import Outcome
    from app.core.results import AnyRecord, Result, TurnRecord

_ANSWER_HEADINGS = 3
_NAMES_IN_TITLE = 3
_UNANSWERED: dict[Outcome, str] = {
    "cancelled": "This part has no whole answer: it was stopped before.",
    "failed": "This part has no whole answer: it failed.",
}


def render(result: Result, links: Mapping[AnyRecord, str] | None = None) -> str:
    """The conversation as a document: pictures, questions and answers in order, the settings in a table at the end.

    Args:
        result: What to write.
        links: Where each picture is, percent-encoded; without it pictures are linked where they came from.
    """
    media = [record for turn in result.turns for record in turn.media]
    blocks = [f"# {_title(media)}"]
    if result.system.strip():
        blocks += ["## Instruction", _quoted(result.system)]
    shown: Counter[type] = Counter()
    for number, turn in enumerate(result.turns, 1):
        which = f" {number}" if len(result.turns) > 1 else ""
        blocks.append(f"## Question{which}")
        for record in turn.media:
            shown[type(record)] += 1
            what = "Image" if isinstance(record, MediaRecord) else "Video"
            label = f"{what} {shown[type(record)]}: " if len(media) > 1 else ""
            blocks.append(_medium(record, links, label))
        blocks += [_quoted(turn.question), f"## Answer{which}", *_answer(turn)]
    blocks += ["## Settings", *_tables(result)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _title(media: list[AnyRecord]) -> str:
    names = list(dict.fromkeys(plain_line(record.name) for record in media))
    more = len(names) - _NAMES_IN_TITLE
    return ", ".join(names[:_NAMES_IN_TITLE]) + (f" and {more} more" if more > 0 else "") or "Conversation"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in plain(text.strip("\r\n")).split("\n")) if text.strip() else ""


def _medium(record: AnyRecord, links: Mapping[AnyRecord, str] | None, label: str) -> str:
    link = (links or {}).get(record, "")
    if links is None and record.path is not None:
        link = quote(os.fsencode(record.path.absolute().as_posix()))
    if isinstance(record, ClipRecord):
        name = plain_line(record.name) or "video"
        return f"[{label}{name}]({link})" if link else f"*{label}{name} (not in a file)*"
    name = plain_line(record.name) or "picture"
    return f"![{label}{name}]({link})" if link else f"*{label}{name} (not in a file)*"


def _answer(turn: TurnRecord) -> list[str]:
    text = contained(turn.answer.strip("\r\n"), _ANSWER_HEADINGS)
    ends = {
        "done": "",
        "length": f"*The answer was cut off at the limit of {turn.sampling.max_tokens:,} tokens.*",
        "cancelled": "*The answer was stopped before its end.*",
        "failed": "*The answer failed; this is as far as it came.*",
    }
    none = "*The answers about the parts were not put together.*" if turn.segments else "*There is no answer.*"
    return [text if text.strip() else none, ends[turn.outcome], *_parts(turn)]


def _parts(turn: TurnRecord) -> list[str]:
    """What was said of each part of a long video, below the answer that was made of it."""
    blocks = ["### Parts"] if turn.segments else []
    for part in turn.segments:
        blocks.append(f"**{span_text(part.start_s, part.end_s)}**")
        blocks.append(contained(part.answer.strip("\r\n"), _ANSWER_HEADINGS + 1))
        if not part.is_answered:
            blocks.append(f"*{_UNANSWERED[part.outcome or 'cancelled']}*")
        if part.error is not None:
            blocks.append(plain(str(part.error)))
    return blocks


def _tables(result: Result) -> list[str]:
    model = result.model
    rows = [
        ("Model", f"{model.model_id} ({model.quantisation}, revision {model.revision})"),
        ("Backend", f"{model.backend} ({model.backend_version})"),
    ]
    if model.adapter is not None:
        rows.append(("Adapter", f"{model.adapter.name} ({model.adapter.path}, SHA-256 {model.adapter.sha256})"))
    if model.context_tokens is not None:
        rows.append(("Context", f"{model.context_tokens:,} tokens"))
    budgets = dict.fromkeys(turn.max_image_tokens for turn in result.turns if turn.media)
    told = ", then ".join(f"{budget:,}" for budget in budgets if budget is not None)
    if told:
        rows.append(("Token budget per picture", told))
    shown = dict.fromkeys(record for turn in result.turns for record in turn.media)
    rows += [
        ("Picture", _picture_facts(record)) if isinstance(record, MediaRecord) else ("Video", _clip_facts(record))
        for record in shown
    ]
    columns = ["Sampling", "Seed", "Tokens", "Time", "Asked"]
    facts = [_turn_facts(turn) for turn in result.turns]
    tables = []
    if len(facts) == 1:
        rows += list(zip(columns, facts[0], strict=True))
    else:
        numbered = [[str(number), *turn] for number, turn in enumerate(facts, 1)]
        tables = [_table(["Question", *columns], numbered)]
    rows.append(("Program", f"Viewfinder {result.program_version}"))
    return [_table(["Setting", "Value"], [list(row) for row in rows]), *tables]


def _picture_facts(record: MediaRecord) -> str:
    size = f"{record.width_px} x {record.height_px} pixels"
    effective = f"{record.effective_width_px} x {record.effective_height_px}"
    moment = "" if record.frame_time_s is None else f", the frame at {record.frame_time_s:g} s"
    return f"{record.name}: {size}{moment}, seen at {effective}, {record.tokens:,} tokens"


def _clip_facts(record: ClipRecord) -> str:
    times_s = record.frame_times_s
    return (
        f"{record.name}: {record.width_px} x {record.height_px} pixels, {record.duration_s:g} s; {len(times_s)} frames "
        f"from {times_s[0]:g} s to {times_s[-1]:g} s, seen at {record.effective_width_px} x "
        f"{record.effective_height_px}, {record.tokens:,} tokens"
    )


def _turn_facts(turn: TurnRecord) -> list[str]:
    sampling, figures = turn.sampling, turn.figures
    settings = (
        f"temperature {sampling.temperature:g}" + (" (greedy)" if sampling.temperature == 0 else ""),
        f"top-p {sampling.top_p:g}, top-k {sampling.top_k}, min-p {sampling.min_p:g}",
        f"repetition penalty {sampling.repetition_penalty:g}, presence penalty {sampling.presence_penalty:g}",
        f"at most {sampling.max_tokens:,} tokens",
    )
    reused = f" ({figures.reused_tokens:,} reused)" if figures.reused_tokens else ""
    times = (
        (figures.time_to_first_token_s, "{:.2f} s to the first token"),
        (figures.total_s, "{:.2f} s in all"),
        (figures.tokens_per_s, "{:.1f} tokens a second"),
    )
    return [
        ", ".join(settings),
        "none" if sampling.seed is None else str(sampling.seed),
        f"{figures.prompt_tokens:,} in the prompt{reused}, {figures.answer_tokens:,} in the answer",
        ", ".join(words.format(value) for value, words in times if math.isfinite(value)),
        turn.created_at.isoformat(sep=" ", timespec="seconds"),
    ]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *([plain_line(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
