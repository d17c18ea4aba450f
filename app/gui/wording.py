"""Sentences made of figures and states, through Qt's translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale

from app.core.clips import Clip
from app.core.errors import Sentence

if TYPE_CHECKING:
    from app.core.conversation import AskedTurn
    from app.core.errors import ErrorText
    from app.core.events import LoadProgress
    from app.core.shelf import Cost, ShelfStep

_MEGAPIXEL = 1_000_000
_LARGE_PX = 10 * _MEGAPIXEL


def spoken(text: str) -> str:
    """A text of the rooms that know no Qt, such as an error's, in the person's language."""
    if not text:
        return ""
    if not isinstance(text, Sentence):
        return QCoreApplication.translate("Errors", text)
    template = QCoreApplication.translate("Errors", text.template)
    values = {name: spoken(value) if isinstance(value, Sentence) else value for name, value in text.values.items()}
    return template.format(**values) if values else template


def paragraph(*sentences: str) -> str:
    """Sentences one after the other; a Chinese full stop has its space within."""
    return " ".join(sentence for sentence in sentences if sentence).replace("。 ", "。")


def error_words(error: ErrorText | None) -> str:
    """What is wrong and what to do, in the person's language; nothing where nothing is wrong."""
    return paragraph(spoken(error.text), spoken(error.hint)) if error is not None else ""


def number(value: float, decimals: int = 0) -> str:
    """A number as the person's language writes it."""
    return QLocale().toString(float(value), "f", decimals)


def tokens_text(tokens: int) -> str:
    """``704 tokens``."""
    return QCoreApplication.translate("Wording", "{0} tokens").format(number(tokens))


def media_text(pictures: int, videos: int) -> str:
    """``3 pictures``, ``1 video`` or ``2 videos, 1 picture``."""
    translate = QCoreApplication.translate
    words = translate("Wording", "1 video") if videos == 1 else translate("Wording", "{0} videos")
    told = [words.format(number(videos))] if videos else []
    words = translate("Wording", "1 picture") if pictures == 1 else translate("Wording", "{0} pictures")
    told += [words.format(number(pictures))] if pictures else []
    return translate("Wording", "{0}, {1}").format(*told) if len(told) > 1 else "".join(told)


def undo_text(step: ShelfStep) -> str:
    """``Undo Remove Item``, as a menu says it."""
    translate, count = QCoreApplication.translate, len(step.medium_ids)
    if count == 1:
        texts = {
            "add": translate("Wording", "&Undo Add Item"),
            "remove": translate("Wording", "&Undo Remove Item"),
            "move": translate("Wording", "&Undo Move Item"),
            "wish": translate("Wording", "&Undo Choose Frames"),
        }
    else:
        texts = {
            "add": translate("Wording", "&Undo Add {0} Items"),
            "remove": translate("Wording", "&Undo Remove {0} Items"),
            "move": translate("Wording", "&Undo Move {0} Items"),
        }
    return texts[step.kind].format(number(count))


def redo_text(step: ShelfStep) -> str:
    """``Redo Remove Item``, as a menu says it."""
    translate, count = QCoreApplication.translate, len(step.medium_ids)
    if count == 1:
        texts = {
            "add": translate("Wording", "Re&do Add Item"),
            "remove": translate("Wording", "Re&do Remove Item"),
            "move": translate("Wording", "Re&do Move Item"),
            "wish": translate("Wording", "Re&do Choose Frames"),
        }
    else:
        texts = {
            "add": translate("Wording", "Re&do Add {0} Items"),
            "remove": translate("Wording", "Re&do Remove {0} Items"),
            "move": translate("Wording", "Re&do Move {0} Items"),
        }
    return texts[step.kind].format(number(count))


def size_text(width_px: int, height_px: int) -> str:
    """``1024×704``."""
    return f"{width_px}×{height_px}"


def short_size_text(width_px: int, height_px: int) -> str:
    """``1024×704``, or ``12 MP`` for a large picture: for narrow places."""
    if width_px * height_px < _LARGE_PX:
        return size_text(width_px, height_px)
    return megapixels_text(width_px, height_px)


def megapixels_text(width_px: int, height_px: int) -> str:
    """``12 MP``, ``1.9 MP`` or ``0.02 MP``."""
    pixels = width_px * height_px
    decimals = 0 if pixels >= _LARGE_PX else 1 if pixels >= _MEGAPIXEL // 10 else 2
    return QCoreApplication.translate("Wording", "{0} MP").format(number(pixels / _MEGAPIXEL, decimals))


def seen_text(cost: Cost) -> str:
    """Whether the model sees the whole picture, in words."""
    if not cost.is_reduced:
        return QCoreApplication.translate("Wording", "seen whole")
    return QCoreApplication.translate("Wording", "reduced to {0}").format(size_text(cost.width_px, cost.height_px))


def memory_text(size_bytes: int, decimals: int = 1) -> str:
    """``5.4 GB``."""
    return QLocale().formattedDataSize(size_bytes, decimals, QLocale.DataSizeFormat.DataSizeTraditionalFormat)


def backend_text(name: str) -> str:
    """What a backend is called by people, who know the runtime below it."""
    return {"mlx": "MLX", "transformers": "PyTorch"}.get(name, name)


def loading_text(progress: LoadProgress | None) -> str:
    """What loading is at, and how far."""
    translate = QCoreApplication.translate
    if progress is None:
        return translate("Wording", "Loading…")
    words = {
        "importing_runtime": translate("Wording", "Starting the runtime"),
        "reading_weights": translate("Wording", "Reading the weights"),
        "warming_up": translate("Wording", "Warming up"),
    }[progress.stage]
    return f"{words}…" if progress.fraction is None else f"{words} {number(progress.fraction * 100)} %"


def outcome_text(turn: AskedTurn) -> str:
    """How an answer ended, in words; nothing for the usual end."""
    translate = QCoreApplication.translate
    if turn.outcome == "length":
        return translate("Wording", "Ended at the limit of {0} tokens.").format(number(turn.sampling.max_tokens))
    if turn.outcome == "cancelled":
        return _parts_text(turn) or translate("Wording", "Stopped.")
    if turn.outcome == "failed":
        return _parts_text(turn) or (translate("Wording", "Broke off.") if turn.answer else "")
    if turn.outcome == "done" and not turn.answer:
        return translate("Wording", "The model gave no answer.")
    return ""


def _parts_text(turn: AskedTurn) -> str:
    """How many parts of a long video have their answer, where it did not come to one of all; else nothing."""
    if not turn.segments or turn.answer:
        return ""
    answered = sum(part.is_answered for part in turn.segments)
    words = QCoreApplication.translate("Wording", "Stopped: {0} of {1} parts are answered.")
    return words.format(number(answered), number(len(turn.segments)))


def figures_text(turn: AskedTurn) -> str:
    """What an answer cost: ``0.9 s to first word · 31 tok/s · 704 tokens in, 118 out · picture reused``.

    Where a video was shown, what reading its frames took stands first: ``28 frames read in 0.4 s``.
    """
    translate = QCoreApplication.translate
    figures = turn.figures
    parts = []
    frames = sum(len(medium.plan.frame_times_s) for medium in turn.media if isinstance(medium, Clip))
    if frames and turn.reading_s > 0:
        words = translate("Wording", "{0} frames read in {1} s")
        parts.append(words.format(number(frames), _seconds(turn.reading_s)))
    if figures.time_to_first_token_s > 0:
        parts.append(translate("Wording", "{0} s to first word").format(_seconds(figures.time_to_first_token_s)))
    if figures.tokens_per_s > 0:
        decimals = 0 if figures.tokens_per_s >= 10 else 1  # noqa: PLR2004 - two digits are enough
        parts.append(translate("Wording", "{0} tok/s").format(number(figures.tokens_per_s, decimals)))
    if figures.prompt_tokens:
        text = translate("Wording", "{0} tokens in, {1} out")
        parts.append(text.format(number(figures.prompt_tokens), number(figures.answer_tokens)))
    if turn.is_picture_reused:
        has_clip = any(isinstance(medium, Clip) for medium in (*turn.question.earlier_media, *turn.media))
        parts.append(translate("Wording", "frames reused") if has_clip else translate("Wording", "picture reused"))
    return " · ".join(parts)


def _seconds(seconds: float) -> str:
    return number(seconds, 1 if seconds >= 0.1 else 2)  # noqa: PLR2004 - two digits are enough


def demo_text() -> str:
    """What the demo model is, plainly."""
    return QCoreApplication.translate("Wording", "Demo model: knows only simple shapes and numbers.")
