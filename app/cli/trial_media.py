"""What the self-test tries of videos and exports without any model."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import numpy as np

from app import __version__
from app.core.checkpoint import DEMO_MODEL_ID
from app.core.clips import ClipSource, open_frames
from app.core.events import Figures
from app.core.paths import SAMPLE_PICTURE, SAMPLE_QUESTION, SAMPLE_VIDEO, SCHEMAS_DIR
from app.core.results import MediaRecord, ModelRecord, Result, TurnRecord
from app.core.sampling import GREEDY
from app.core.trials import Found, TrialError
from app.exporters.json_export import read_result_file
from app.exporters.saving import save

if TYPE_CHECKING:
    from pathlib import Path

_START_S, _END_S = 0.0, 4.9
_AREA = (0.06, 0.13)
"""Of the picture: how much of it the circle of the video may be."""
_LEFT, _RIGHT = 0.3, 0.7


def try_frames() -> Found:
    """Decodes two frames of the sample video and looks at their pixels: the blue circle goes from left to right.

    Raises:
        TrialError: The pixels are not what the video shows.
    """
    source = ClipSource(SAMPLE_VIDEO.name, SAMPLE_VIDEO)
    places = {}
    for time_s, bitmap in open_frames(source, (_START_S, _END_S), 320 * 240):
        pixels = np.frombuffer(bitmap.rgb, np.uint8).reshape(bitmap.height_px, bitmap.width_px, 3).astype(int)
        red, blue = pixels[..., 0], pixels[..., 2]
        is_blue = (blue > 150) & (red < 110)  # noqa: PLR2004 - the circle's own blue is 38, 92, 214
        area = float(is_blue.mean())
        if not _AREA[0] < area < _AREA[1]:
            raise TrialError(f"The frame at {time_s:.1f} s is not that of the video: {area:.1%} of it is blue.")
        places[time_s] = float(np.nonzero(is_blue)[1].mean()) / bitmap.width_px
    begins, ends = places.get(_START_S, -1.0), places.get(_END_S, -1.0)
    if not (0 <= begins < _LEFT and ends > _RIGHT):
        raise TrialError(f"The circle of the video is at {begins:.2f} of its width and then at {ends:.2f}.")
    return Found(f"frames at {_START_S:g} s and {_END_S:g} s show the circle on the left and on the right")


def try_exports(folder: Path) -> Found:
    """Writes an answer about a sample as Markdown and as JSON, and reads both back.

    Raises:
        TrialError: What is read is not what was written.
        UserError: It cannot be written or read.
    """
    result = _example()
    as_json, as_markdown = folder / "answer.json", folder / "answer.md"
    save(result, as_json)
    if read_result_file(as_json) != result:
        raise TrialError("The exported JSON does not read back as what was written.")
    document = json.loads(as_json.read_text(encoding="utf-8"))
    schema = json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8"))
    if document.get("format") != schema["properties"]["format"]["const"] or set(schema["required"]) - set(document):
        raise TrialError("The exported JSON does not follow its schema.")
    save(result, as_markdown, copy_pictures=True)
    text = as_markdown.read_text(encoding="utf-8")
    copied = folder / "answer-files" / SAMPLE_PICTURE.name
    if result.turns[0].answer not in text or copied.read_bytes() != SAMPLE_PICTURE.read_bytes():
        raise TrialError("The exported Markdown lacks the answer or its picture.")
    return Found(f"Markdown {len(text)} letters, JSON {as_json.stat().st_size} bytes, read back alike")


def _example() -> Result:
    """An answer that needed no model, so that exports are tried where no model runs."""
    asked_at = datetime(2026, 3, 4, 15, 6, 7, tzinfo=timezone.utc)
    sha256 = hashlib.sha256(SAMPLE_PICTURE.read_bytes()).hexdigest()
    picture = MediaRecord(SAMPLE_PICTURE.name, SAMPLE_PICTURE, sha256, 640, 480, 256, 192, 48)
    answer = "A yellow star, 一个红色的圆 and a blue square."
    turn = TurnRecord(
        SAMPLE_QUESTION, (picture,), answer, "done", GREEDY, Figures(80, 0, 20, 0.1, 0.4, 60.0, 1), asked_at, None
    )
    model = ModelRecord(DEMO_MODEL_ID, "sha256:0", "bf16", "mlx", "self-test")
    return Result(model, "", (turn,), __version__, asked_at)
