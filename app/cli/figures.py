"""What an answer cost, in words for standard error."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from app.core.footage import ClipPlan
from app.core.pictures import Picture
from app.core.results import MediaRecord
from app.core.sampling import GREEDY
from app.core.segment_timeline import span_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.cli.plan import MediumCost
    from app.core.checkpoint import Checkpoint
    from app.core.conversation import AskedTurn
    from app.core.events import ModelReady, Outcome
    from app.core.requests import Medium, Source
    from app.core.results import AnyRecord, SegmentRecord

_OUTCOMES: dict[Outcome, str] = {
    "done": "done",
    "length": "stopped at the token limit",
    "cancelled": "interrupted",
    "failed": "failed",
}
_TOY = "; a toy to try the program with: it only knows simple shapes and numbers"
_TOO_SMALL = (
    "Text in these frames will be too small to read: choose fewer frames, a shorter range (--start, --end), "
    "or shorter parts (--segments)."
)
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def size_text(size_bytes: int) -> str:
    """A number of bytes in the unit that suits it, such as ``1.2 GB`` (1 GB is 1,000,000,000 bytes)."""
    return _text_in_units(size_bytes, 1000)


def memory_text(size_bytes: int) -> str:
    """As much memory, as systems and the window count it (1 GB is 1,073,741,824 bytes)."""
    return _text_in_units(size_bytes, 1024)


def _text_in_units(size_bytes: int, step: int) -> str:
    size, unit = float(size_bytes), 0
    while size >= step and unit < len(_UNITS) - 1:
        size, unit = size / step, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size_bytes} bytes"


def model_line(ready: ModelReady) -> str:
    """Which model answers, and on what."""
    checkpoint = ready.checkpoint
    toy = _TOY if checkpoint.is_demo else ""
    adapter = f" with the adapter {checkpoint.adapter.name}" if checkpoint.adapter is not None else ""
    return f"{checkpoint.name} ({checkpoint.quantisation}){adapter}, {ready.backend_version}, {ready.device}{toy}"


def _picture_line(number: int, name: str, seen: Picture | MediumCost) -> str:
    """What a picture costs and at what size the model sees it; of a frame alone when it is shown, but for the first."""
    time_s = None
    if isinstance(seen, Picture):
        time_s = seen.frame_time_s
    elif isinstance(seen, ClipPlan):
        time_s = seen.frame_times_s[0]
    moment = f", the frame at {time_s:.2f} s" if time_s else ""
    return (
        f"Image {number}: {name}, {seen.source_width_px} x {seen.source_height_px}{moment}, "
        f"seen at {seen.width_px} x {seen.height_px}, {seen.tokens} tokens"
    )


def clip_lines(number: int, name: str, plan: ClipPlan, segments: Sequence[SegmentRecord] = ()) -> list[str]:
    """What a clip costs, how often and at what size the model sees it, and what a person should know about that.

    Args:
        number: Its own among the clips.
        name: Of its file.
        plan: What is taken of it.
        segments: Those to be told one by one, as many as the plan has parts.
    """
    size = f"{plan.source_width_px} x {plan.source_height_px}, {plan.duration_s:.1f} s"
    lines = [f"Video {number}: {name}, {size}; {_frames_text(plan)}, {plan.tokens} tokens"]
    for index, part in enumerate(plan.parts if segments else ()):
        lines.append(f"  {part_text(index, segments)}: {_frames_text(part)}, {part.tokens} tokens")
    lines += [f"  {note}" for note in plan.notes]
    return [*lines, f"  {_TOO_SMALL}"] if plan.is_text_unreadable else lines


def _frames_text(plan: ClipPlan) -> str:
    times_s = plan.frame_times_s
    return (
        f"{len(times_s)} frames from {times_s[0]:.1f} s to {times_s[-1]:.1f} s, {plan.spacing_s:.2f} s apart, "
        f"seen at {plan.width_px} x {plan.height_px}"
    )


def media_lines(media: Sequence[Medium], earlier: Sequence[Medium]) -> list[str]:
    """What each opened picture and clip costs, numbered after the earlier ones, with what a person should know."""
    numbers = Counter(type(medium) for medium in earlier)
    lines = []
    for medium in media:
        numbers[type(medium)] += 1
        number = numbers[type(medium)]
        if isinstance(medium, Picture):
            lines += [_picture_line(number, medium.name, medium), *(f"  {note}" for note in medium.notes)]
        else:
            lines += clip_lines(number, medium.name, medium.plan)
    return lines


def cost_lines(
    sources: Sequence[Source], costs: Sequence[MediumCost], segments: Sequence[SegmentRecord] = ()
) -> list[str]:
    """For each picture and clip what it will cost, with what a person should know about it.

    Args:
        sources: Where they come from.
        costs: Of each of them.
        segments: Of the video that takes several passes, if one does.
    """
    lines: list[str] = []
    images, videos = itertools.count(1), itertools.count(1)
    for source, cost in zip(sources, costs, strict=True):
        if isinstance(cost, ClipPlan) and not cost.is_picture:
            lines += clip_lines(next(videos), source.name, cost, segments)
            continue
        lines.append(_picture_line(next(images), source.name, cost))
        if isinstance(cost, ClipPlan):
            lines += [f"  {note}" for note in cost.notes]
    return lines


def part_text(index: int, parts: Sequence[SegmentRecord]) -> str:
    """Which part of a video, such as ``Part 3 of 10, 12:48 – 19:12``."""
    return f"Part {index + 1} of {len(parts)}, {span_text(parts[index].start_s, parts[index].end_s)}"


def ended_lines(index: int, parts: Sequence[SegmentRecord]) -> list[str]:
    """What was said of a part of a video, or why nothing was."""
    part = parts[index]
    how = "" if part.is_answered else f" ({_OUTCOMES[part.outcome or 'failed']})"
    said = part.answer.strip() or (str(part.error) if part.error is not None else "")
    return [f"{part_text(index, parts)}{how}:", *(f"  {line}" for line in said.splitlines())]


def together_line(costs: Sequence[MediumCost], checkpoint: Checkpoint) -> str:
    """What all that is shown costs together, and how much the model can take."""
    tokens, most = sum(cost.tokens for cost in costs), checkpoint.context_tokens
    once = [part.tokens for cost in costs if isinstance(cost, ClipPlan) for part in cost.parts]
    if not once:
        return f"Together {tokens} tokens; {checkpoint.name} can take {most}."
    at_once = tokens - sum(once) + max(once)
    return f"Together {tokens} tokens, at most {at_once} at once; {checkpoint.name} can take {most}."


def figures_line(turn: AskedTurn, media: Sequence[Medium | AnyRecord]) -> str:
    """How the answer ended and what it took."""
    figures, sampling = turn.figures, turn.sampling
    parts = [_OUTCOMES[turn.outcome or "failed"]]
    if turn.segments:
        parts.append(f"{sum(part.is_answered for part in turn.segments)} of {len(turn.segments)} parts")
    parts.append(f"{figures.prompt_tokens} prompt tokens")
    if media:
        are_pictures = {isinstance(medium, Picture | MediaRecord) for medium in media}
        words = " and ".join(word for kind, word in ((True, "pictures"), (False, "videos")) if kind in are_pictures)
        parts[-1] += f" ({sum(medium.tokens for medium in media)} for {words})"
    if figures.reused_tokens:
        parts[-1] += f", {figures.reused_tokens} reused"
    parts.append(f"{figures.answer_tokens} answer tokens")
    if figures.answer_tokens:
        parts.append(f"first token after {figures.time_to_first_token_s:.2f} s")
    if figures.tokens_per_s:
        parts.append(f"{figures.tokens_per_s:.1f} tokens/s")
    if figures.peak_memory_bytes:
        parts.append(f"peak memory {memory_text(figures.peak_memory_bytes)}")
    if sampling.temperature != GREEDY.temperature and sampling.seed is not None:
        parts.append(f"seed {sampling.seed}")
    return " · ".join(parts)
