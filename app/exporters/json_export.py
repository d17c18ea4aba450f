"""A result as JSON, format ``viewfinder.result/1``, and back: enough to ask the very same question again.

The format's schema is resources/schemas/result-1.schema.json.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast, get_args

from app.core.checked_values import CheckedValue
from app.core.errors import ErrorText, Sentence, UserError
from app.core.events import Figures, Outcome
from app.core.files import shown_name
from app.core.footage import FrameWish
from app.core.results import AdapterRecord, ClipRecord, MediaRecord, ModelRecord, Result, SegmentRecord, TurnRecord
from app.core.sampling import Sampling
from app.core.segment_timeline import timeline_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.core.results import AnyRecord

FORMAT_FAMILY = "viewfinder.result/"
FORMAT = FORMAT_FAMILY + "1"
MAX_RESULT_BYTES = 64 << 20
_TIMINGS = ("time_to_first_token_s", "total_s", "tokens_per_s")
_OUTCOMES = get_args(Outcome)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNSAID = ErrorText("")
_ASK_ANEW = "Ask the question again and save it anew."


def render(result: Result, links: Mapping[AnyRecord, str] | None = None) -> str:  # noqa: ARG001 - one signature for all
    """The result as indented JSON with a line end; the same result always gives the same text.

    Times that are not finite become null. `links` is for formats that show pictures.
    """
    value = {
        "format": FORMAT,
        "program": {"name": "Viewfinder", "version": result.program_version},
        "created_at": _time_text(result.created_at),
        "model": {
            "id": result.model.model_id,
            "revision": result.model.revision,
            "quantisation": result.model.quantisation,
            **_adapter_value(result.model.adapter),
            **({"context_tokens": result.model.context_tokens} if result.model.context_tokens is not None else {}),
        },
        "backend": {"name": result.model.backend, "version": result.model.backend_version},
        "system": result.system,
        "turns": [_turn_value(turn) for turn in result.turns],
    }
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    # Half a surrogate pair, as in names that are not UTF-8, has no place in a UTF-8 file but may be escaped.
    return _SURROGATES.sub(lambda found: f"\\u{ord(found.group()):04x}", text) + "\n"


def _adapter_value(adapter: AdapterRecord | None) -> dict[str, Any]:
    if adapter is None:
        return {}
    return {"adapter": {"name": adapter.name, "path": str(adapter.path.absolute()), "sha256": adapter.sha256}}


def _turn_value(turn: TurnRecord) -> dict[str, Any]:
    value = {
        "question": turn.question,
        "created_at": _time_text(turn.created_at),
        "media": [_media_value(media) for media in turn.media],
        "max_image_tokens": turn.max_image_tokens,
        "sampling": asdict(turn.sampling),
        "answer": turn.answer,
        "finish_reason": turn.outcome,
        **_figures_value(turn.figures),
    }
    if turn.segments:
        value["segments"] = {
            "wanted_s": turn.segment_s,
            "parts": [_segment_value(segment) for segment in turn.segments],
            "timeline": [asdict(moment) for moment in timeline_of(turn.segments)],
        }
    return value


def _figures_value(figures: Figures) -> dict[str, Any]:
    finite = {name: value if math.isfinite(value) else None for name, value in asdict(figures).items()}
    return {
        "usage": {name: value for name, value in finite.items() if name not in _TIMINGS},
        "timings": {name: finite[name] for name in _TIMINGS},
    }


def _segment_value(segment: SegmentRecord) -> dict[str, Any]:
    error = segment.error
    return {
        "start_s": segment.start_s,
        "end_s": segment.end_s,
        "media": None if segment.shown is None else _media_value(segment.shown),
        "answer": segment.answer,
        "finish_reason": segment.outcome,
        "error": None if error is None else {"text": error.text, "hint": error.hint},
        **_figures_value(segment.figures),
    }


def _media_value(media: AnyRecord) -> dict[str, Any]:
    if isinstance(media, ClipRecord):
        return _clip_value(media)
    return {
        "kind": "image",
        "name": media.name,
        "path": None if media.path is None else str(media.path.absolute()),
        "sha256": media.sha256,
        "size": {"width_px": media.width_px, "height_px": media.height_px},
        "effective_size": {"width_px": media.effective_width_px, "height_px": media.effective_height_px},
        "tokens": media.tokens,
        **({} if media.frame_time_s is None else {"frame_time_s": media.frame_time_s}),
    }


def _clip_value(clip: ClipRecord) -> dict[str, Any]:
    return {
        "kind": "video",
        "name": clip.name,
        "path": None if clip.path is None else str(clip.path.absolute()),
        "fingerprint": clip.fingerprint,
        "frames_sha256": clip.digest,
        "size": {"width_px": clip.width_px, "height_px": clip.height_px},
        "effective_size": {"width_px": clip.effective_width_px, "height_px": clip.effective_height_px},
        "tokens": clip.tokens,
        "duration_s": clip.duration_s,
        "frames_per_s": clip.frames_per_s,
        "frame_times_s": list(clip.frame_times_s),
        "wanted": asdict(clip.wish),
    }


def _time_text(time: datetime) -> str:
    offset = time.utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        time = time.astimezone(timezone.utc)
    return time.isoformat()


def read_result_file(path: Path) -> Result:
    """The result in a file; see `read_result`.

    Raises:
        UserError: The file cannot be read or does not hold such a result; the text says what is wrong.
    """
    name = shown_name(path.name)
    try:
        if not path.is_file():
            fault = (
                Sentence("“{name}” is not a file.", name=name)
                if path.exists()
                else Sentence("“{name}” does not exist.", name=name)
            )
            raise UserError(fault, "Choose a result that Viewfinder saved as JSON.")
        if path.stat().st_size > MAX_RESULT_BYTES:
            raise UserError(
                Sentence("“{name}” is too large to be a Viewfinder result.", name=name), "Choose another file."
            )
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            Sentence("“{name}” is not a Viewfinder result: it is not text.", name=name), "Choose another.", str(error)
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(
            Sentence("“{name}” cannot be read.", name=name), "Check its permissions and its disk.", str(error)
        ) from error
    return read_result(text)


def read_result(text: str) -> Result:
    """The result that ``render`` wrote; keys that it did not write are passed over.

    Raises:
        UserError: The text is damaged, foreign or of a newer format; the text says what is wrong.
    """
    try:
        value = json.loads(text.removeprefix("\ufeff"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UserError("This is not a Viewfinder result: it is not whole JSON.", _ASK_ANEW, str(error)) from error
    form = value.get("format") if isinstance(value, dict) else None
    if form != FORMAT:
        if isinstance(form, str) and re.fullmatch(re.escape(FORMAT_FAMILY) + r"\d{1,9}", form):
            raise UserError(
                Sentence("This result has a newer form, {form}.", form=form), "Update Viewfinder to read it."
            )
        raise UserError(
            "This JSON is not a Viewfinder result.", Sentence("Its “format” must be “{form}”.", form=FORMAT)
        )
    return _result(CheckedValue(value, "This result", _ASK_ANEW))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _result(part: CheckedValue) -> Result:
    turns = tuple(_turn(turn) for turn in part["turns"].items())
    if not turns:
        raise part["turns"].fault("holds no question")
    context, adapter = (part["model"].get(name) for name in ("context_tokens", "adapter"))
    return Result(
        model=ModelRecord(
            model_id=part["model"]["id"].text(),
            revision=part["model"]["revision"].text(),
            quantisation=part["model"]["quantisation"].text(),
            backend=part["backend"]["name"].text(),
            backend_version=part["backend"]["version"].text(),
            context_tokens=None if context is None else context.count(1),
            adapter=None if adapter is None else _adapter(adapter),
        ),
        system=part["system"].text(),
        turns=turns,
        program_version=part["program"]["version"].text(),
        created_at=part["created_at"].time(),
    )


def _adapter(part: CheckedValue) -> AdapterRecord:
    sha256 = part["sha256"].text()
    if not _SHA256.fullmatch(sha256):
        raise part["sha256"].fault("is not a SHA-256 digest in hex")
    return AdapterRecord(part["name"].text(), Path(part["path"].text()), sha256)


def _turn(part: CheckedValue) -> TurnRecord:
    budget, segments = part["max_image_tokens"], part.get("segments")
    length = None if segments is None else segments["wanted_s"]
    return TurnRecord(
        question=part["question"].text(),
        media=tuple(_media(media) for media in part["media"].items()),
        answer=part["answer"].text(),
        outcome=_outcome(part["finish_reason"]),
        sampling=_sampling(part["sampling"]),
        figures=_figures(part["usage"], part["timings"]),
        created_at=part["created_at"].time(),
        max_image_tokens=None if budget.is_null else budget.count(1),
        segments=() if segments is None else tuple(_segment(segment) for segment in segments["parts"].items()),
        segment_s=None if length is None or length.is_null else length.number(),
    )


def _segment(part: CheckedValue) -> SegmentRecord:
    shown, outcome, error = part["media"], part["finish_reason"], part["error"]
    return SegmentRecord(
        start_s=part["start_s"].number(),
        end_s=part["end_s"].number(),
        shown=None if shown.is_null else _media(shown),
        answer=part["answer"].text(),
        outcome=None if outcome.is_null else _outcome(outcome),
        figures=_figures(part["usage"], part["timings"]),
        error=None if error.is_null else replace(_UNSAID, text=error["text"].text(), hint=error["hint"].text()),
    )


def _outcome(part: CheckedValue) -> Outcome:
    if part.text() not in _OUTCOMES:
        raise part.fault(Sentence("is none of {names}", names=", ".join(_OUTCOMES)))
    return cast("Outcome", part.text())


def _figures(usage: CheckedValue, timings: CheckedValue) -> Figures:
    values: dict[str, Any] = {}
    for field in fields(Figures):
        if field.name in _TIMINGS:
            time = timings[field.name]
            values[field.name] = 0.0 if time.is_null else time.number()
        else:
            values[field.name] = usage[field.name].count()
    return Figures(**values)


def _sampling(part: CheckedValue) -> Sampling:
    seed = part["seed"]
    sampling = Sampling(
        max_tokens=part["max_tokens"].count(),
        temperature=part["temperature"].number(),
        top_p=part["top_p"].number(),
        top_k=part["top_k"].count(),
        min_p=part["min_p"].number(),
        repetition_penalty=part["repetition_penalty"].number(),
        presence_penalty=part["presence_penalty"].number(),
        seed=None if seed.is_null else seed.count(),
    )
    try:
        return sampling.checked()
    except UserError as error:
        raise part.range_fault(error) from error


def _media(part: CheckedValue) -> AnyRecord:
    kind = part["kind"].text()
    if kind == "video":
        return _clip(part)
    path, sha256, time_s = part["path"], part["sha256"].text(), part.get("frame_time_s")
    if kind != "image":
        raise part["kind"].fault("is neither “image” nor “video”")
    if not _SHA256.fullmatch(sha256):
        raise part["sha256"].fault("is not a SHA-256 digest in hex")
    return MediaRecord(
        name=part["name"].text(),
        path=None if path.is_null else Path(path.text()),
        sha256=sha256,
        width_px=part["size"]["width_px"].count(1),
        height_px=part["size"]["height_px"].count(1),
        effective_width_px=part["effective_size"]["width_px"].count(1),
        effective_height_px=part["effective_size"]["height_px"].count(1),
        tokens=part["tokens"].count(1),
        frame_time_s=None if time_s is None else time_s.number(),
    )


def _clip(part: CheckedValue) -> ClipRecord:
    path, digests = part["path"], {name: part[name].text() for name in ("fingerprint", "frames_sha256")}
    for name, digest in digests.items():
        if not _SHA256.fullmatch(digest):
            raise part[name].fault("is not a SHA-256 digest in hex")
    times_s = tuple(time.number() for time in part["frame_times_s"].items())
    if len(times_s) < 2 or len(times_s) % 2:  # noqa: PLR2004 - frames come in pairs
        raise part["frame_times_s"].fault("is not an even number of times")
    return ClipRecord(
        name=part["name"].text(),
        path=None if path.is_null else Path(path.text()),
        fingerprint=digests["fingerprint"],
        digest=digests["frames_sha256"],
        width_px=part["size"]["width_px"].count(1),
        height_px=part["size"]["height_px"].count(1),
        effective_width_px=part["effective_size"]["width_px"].count(1),
        effective_height_px=part["effective_size"]["height_px"].count(1),
        tokens=part["tokens"].count(1),
        duration_s=part["duration_s"].number(),
        frames_per_s=part["frames_per_s"].number(),
        frame_times_s=times_s,
        wish=_wish(part["wanted"]),
    )


def _wish(part: CheckedValue) -> FrameWish:
    values: dict[str, Any] = {}
    for name in ("frames_per_s", "start_s", "end_s"):
        values[name] = None if part[name].is_null else part[name].number()
    for name in ("frame_count", "max_tokens"):
        values[name] = None if part[name].is_null else part[name].count(1)
    try:
        return FrameWish(**values).checked()
    except UserError as error:
        raise part.range_fault(error) from error
