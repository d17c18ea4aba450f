"""What will be asked: the command line's options over a recorded result's over the settings."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.backends.table import choose_backend
from app.cli.arguments import STANDARD_INPUT, as_text
from app.cli.recorded import (
    as_whole_characters,
    recorded_conversation,
    recorded_sources,
    with_recorded_adapter,
)
from app.cli.usage import UsageError
from app.core.checkpoint import find_checkpoint, weight_bits_in
from app.core.clip_kinds import is_clip
from app.core.clips import ClipSource, footage_of
from app.core.errors import UserError
from app.core.footage import FrameWish, wished_anew
from app.core.machine import machine_memory, runtime_of
from app.core.models.adapter import adapted
from app.core.models.checkpoint_fit import fitted
from app.core.pictures import PictureSource, read_size
from app.core.requests import Question
from app.core.results import SegmentRecord, adapter_record
from app.core.segments import check_alone, plan_in_segments, plan_segments, room_of
from app.core.vision import resized_size, token_count
from app.exporters.json_export import read_result_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeAlias

    from app.backends.table import BackendEntry
    from app.cli.arguments import AskOptions
    from app.core.checkpoint import Checkpoint
    from app.core.footage import ClipPlan
    from app.core.machine import MachineMemory
    from app.core.requests import Source
    from app.core.results import Result, TurnRecord
    from app.core.segments import Segment
    from app.core.settings import ModelSettings, Settings
    from app.core.vision import PixelLimits

    MediumCost: TypeAlias = "PictureCost | ClipPlan"

REQUEST_ID = "ask"


@dataclass(frozen=True, slots=True)
class PictureCost:
    """At what size the model will see a picture.

    Attributes:
        source_width_px: Width of the upright original.
        source_height_px: Height of the upright original.
        height_px: Effective height.
        width_px: Effective width.
    """

    source_width_px: int
    source_height_px: int
    height_px: int
    width_px: int

    @property
    def tokens(self) -> int:
        """Language-model tokens."""
        return token_count(self.height_px, self.width_px)


@dataclass(frozen=True, slots=True)
class Plan:
    """A question that is ready to be asked.

    Attributes:
        checkpoint: Which model answers.
        backend: What runs it.
        question: With its pictures looked at but not yet decoded.
        max_image_tokens: The person's token budget per picture, or None for the checkpoint's own limit.
        recorded: The result whose last question is asked again, or None.
        costs: What each of the question's pictures and clips will cost.
    """

    checkpoint: Checkpoint
    backend: BackendEntry
    question: Question
    max_image_tokens: int | None
    recorded: Result | None
    costs: tuple[MediumCost, ...]

    @property
    def is_other_revision(self) -> bool:
        """Whether the recorded answer came from other weights of the same name."""
        recorded = self.recorded.model if self.recorded is not None else None
        return (
            recorded is not None
            and recorded.model_id == self.checkpoint.model_id
            and recorded.revision != self.checkpoint.revision
        )


def make_plan(options: AskOptions, settings: Settings) -> Plan:
    """Puts everything together and checks what can be checked before a model is loaded.

    Raises:
        UsageError: There is no question.
        UserError: An input cannot be read.
        ModelError: The model or the backend is not here.
    """
    recorded = read_result_file(options.again) if options.again is not None else None
    last = recorded.turns[-1] if recorded is not None else None
    text = _question_text(options, last)
    if last is None or options.files:
        sources: tuple[Source, ...] = tuple(_source(file, options.wish) for file in options.files)
    else:
        sources = tuple(_wished(source, options.wish) for source in recorded_sources(last.media))
    model = options.model or (recorded.model.model_id if recorded is not None else settings.model)
    backend = options.backend or (recorded.model.backend if recorded is not None else settings.backend)
    entry = choose_backend(backend)
    checkpoint = find_checkpoint(model)
    own = settings.of(checkpoint.model_id)
    recorded_bits = weight_bits_in(recorded.model.quantisation) if recorded is not None else own.weight_bits
    checkpoint = checkpoint.quantised(options.weight_bits or recorded_bits)
    checkpoint = _adapted(checkpoint, options, recorded, own)
    checkpoint = _with_context(checkpoint, options, recorded, own, machine_memory(runtime_of(entry.name)))
    recorded_budget = last.max_image_tokens if last is not None else own.max_image_tokens
    max_image_tokens = recorded_budget if options.max_image_tokens is None else options.max_image_tokens
    recorded_system = recorded.system if recorded is not None else own.system
    limits = checkpoint.image_limits.capped(max_image_tokens)
    base = last.sampling if last is not None else own.sampling or checkpoint.default_sampling
    question = Question(
        REQUEST_ID,
        text,
        limits,
        replace(base, **options.sampling),
        sources,
        recorded_conversation(recorded, checkpoint.image_limits, checkpoint.clip_limits)
        if recorded is not None
        else (),
        as_whole_characters(recorded_system if options.system is None else options.system),
        checkpoint.clip_limits,
        checkpoint.context_tokens,
        _segment_length(options, last),
    )
    costs, segments = looked_at(question)
    plan = Plan(checkpoint, entry, question, max_image_tokens, recorded, costs)
    answered = {} if options.files or options.wish != FrameWish() else _answered(plan)
    records = (answered.get((part.start_s, part.end_s)) or SegmentRecord(part.start_s, part.end_s) for part in segments)
    return replace(plan, question=replace(question, segments=tuple(records)))


def _adapted(checkpoint: Checkpoint, options: AskOptions, recorded: Result | None, own: ModelSettings) -> Checkpoint:
    """The checkpoint with the adapter of the command line, of the recorded answer if it is its model, or the settings.

    Raises:
        UserError: The recorded adapter is gone or has changed.
        ModelError: An adapter cannot be used.
    """
    if options.adapter is not None:
        return adapted(checkpoint, None if options.adapter == "none" else options.adapter)
    if recorded is None or recorded.model.model_id != checkpoint.model_id:
        return adapted(checkpoint, own.adapter)
    return with_recorded_adapter(checkpoint, recorded.model.adapter)


def _with_context(
    checkpoint: Checkpoint, options: AskOptions, recorded: Result | None, own: ModelSettings, memory: MachineMemory
) -> Checkpoint:
    """The checkpoint with its context; what was recorded, perhaps on a larger machine, is kept to as far as it fits."""
    chosen = options.context_tokens or (own.context_tokens if recorded is None else None)
    checkpoint = fitted(checkpoint, chosen, memory)
    if chosen is None and recorded is not None and recorded.model.context_tokens is not None:
        return checkpoint.with_context(recorded.model.context_tokens)
    return checkpoint


def _segment_length(options: AskOptions, last: TurnRecord | None) -> float | None:
    if options.segments is None:
        return last.segment_s if last is not None else None
    return None if options.segments == "auto" else options.segments


def _answered(plan: Plan) -> dict[tuple[float, float], SegmentRecord]:
    """What a recorded run that was stopped has already, by its range: where all else is as it was then."""
    recorded, question = plan.recorded, plan.question
    if recorded is None:
        return {}
    last, model = recorded.turns[-1], recorded.model
    is_same = (
        (last.question, recorded.system, last.sampling) == (question.text, question.system, question.sampling)
        and (model.model_id, model.revision) == (plan.checkpoint.model_id, plan.checkpoint.revision)
        and model.adapter == adapter_record(plan.checkpoint)
        and last.max_image_tokens == plan.max_image_tokens
    )
    if not is_same or last.outcome not in {"cancelled", "failed"}:
        return {}
    return {(part.start_s, part.end_s): part for part in last.segments if part.is_answered}


def _question_text(options: AskOptions, last: TurnRecord | None) -> str:
    if options.prompt is None:
        text = last.question if last is not None else ""
    else:
        text = _standard_input_text() if options.prompt == STANDARD_INPUT else options.prompt
    if not text.strip() and not options.is_dry_run:
        raise UsageError("The question is empty.", "Give it with -p TEXT, or -p - to read standard input.")
    return as_whole_characters(text)


def _standard_input_text() -> str:
    if sys.stdin is None:
        return ""
    if sys.stdin.isatty():
        sys.stderr.write("Type the question, then end it with Ctrl-D on a line of its own.\n")
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError("The question on standard input is not UTF-8 text.", "", str(error)) from error


def _wished(source: Source, wish: FrameWish) -> Source:
    """A recorded source, with what the command line says of it in place of what was wanted then."""
    return replace(source, wish=wished_anew(source.wish, wish)) if isinstance(source, ClipSource) else source


def _source(file: Path, wish: FrameWish) -> Source:
    source = PictureSource(as_text(file.name or str(file)), file.absolute())
    return ClipSource(source.name, source.path, wish=wish) if is_clip(source) else source


def looked_at(question: Question) -> tuple[tuple[MediumCost, ...], tuple[Segment, ...]]:
    """What each picture and video of a question costs; and the stretches of the video, when there is a single one.

    Raises:
        UserError: One cannot be read, or cannot be split as it is wished.
    """
    limits, clip_limits = question.limits, question.clip_limits
    clips = [source for source in question.sources if isinstance(source, ClipSource)]
    pictures = [_picture_cost(source, limits) for source in question.sources if not isinstance(source, ClipSource)]
    check_alone(len(clips), question.segment_s)
    segments: tuple[Segment, ...] = ()
    planned: list[ClipPlan] = []
    for clip in clips:
        footage = footage_of(clip)
        if len(clips) == 1:
            room = room_of(question, sum(cost.tokens for cost in pictures))
            segments = plan_segments(footage, clip.wish, room, question.segment_s)
        planned.append(plan_in_segments(footage, segments, clip.wish, clip_limits, limits))
    of_pictures, of_clips = iter(pictures), iter(planned)
    costs = (next(of_clips) if isinstance(source, ClipSource) else next(of_pictures) for source in question.sources)
    return tuple(costs), segments


def _picture_cost(source: PictureSource, limits: PixelLimits) -> PictureCost:
    width_px, height_px = read_size(source)
    return PictureCost(width_px, height_px, *resized_size(height_px, width_px, limits.min_pixels, limits.max_pixels))
