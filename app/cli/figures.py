"""What an answer cost, in words for standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.sampling import GREEDY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.conversation import AskedTurn
    from app.core.events import ModelReady, Outcome
    from app.core.pictures import Picture

_OUTCOMES: dict[Outcome, str] = {
    "done": "done",
    "length": "stopped at the token limit",
    "cancelled": "interrupted",
    "failed": "failed",
}
_TOY = "; a toy to try the program with: it only knows simple shapes and numbers"
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def size_text(size_bytes: int) -> str:
    """A number of bytes in the unit that suits it, such as ``1.2 GB`` (1 GB is 1,000,000,000 bytes)."""
    size, unit = float(size_bytes), 0
    while size >= 1000 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - SI prefixes
        size, unit = size / 1000, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size_bytes} bytes"


def model_line(ready: ModelReady) -> str:
    """Which model answers, and on what."""
    checkpoint = ready.checkpoint
    toy = _TOY if checkpoint.is_demo else ""
    return f"{checkpoint.name} ({checkpoint.quantisation}), {ready.backend_version}, {ready.device}{toy}"


def picture_line(number: int, picture: Picture) -> str:
    """What a picture costs and at what size the model sees it."""
    return (
        f"Image {number}: {picture.name}, {picture.source_width_px} x {picture.source_height_px}, "
        f"seen at {picture.width_px} x {picture.height_px}, {picture.tokens} tokens"
    )


def figures_line(turn: AskedTurn, pictures: Sequence[Picture]) -> str:
    """How the answer ended and what it took."""
    figures, sampling = turn.figures, turn.sampling
    parts = [_OUTCOMES[turn.outcome or "failed"], f"{figures.prompt_tokens} prompt tokens"]
    if pictures:
        parts[-1] += f" ({sum(picture.tokens for picture in pictures)} for pictures)"
    if figures.reused_tokens:
        parts[-1] += f", {figures.reused_tokens} reused"
    parts.append(f"{figures.answer_tokens} answer tokens")
    if figures.answer_tokens:
        parts.append(f"first token after {figures.time_to_first_token_s:.2f} s")
    if figures.tokens_per_s:
        parts.append(f"{figures.tokens_per_s:.1f} tokens/s")
    if figures.peak_memory_bytes:
        parts.append(f"peak memory {size_text(figures.peak_memory_bytes)}")
    if sampling.temperature != GREEDY.temperature and sampling.seed is not None:
        parts.append(f"seed {sampling.seed}")
    return " · ".join(parts)
