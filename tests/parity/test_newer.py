"""What MLX answered with models of the newer family, held against transformers' own model of the same weights."""

from __future__ import annotations

import importlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.core.clips import Clip
from app.core.prompt import ChatFormat
from app.core.vision import patches_from_frames
from tests.conftest import ARTEFACTS_DIR
from tests.parity.newer_cases import KINDS, MADE_BY, RECORD, newer_checkpoint, newer_requests
from tests.torch_here import skip_without_torch

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.checkpoint import Checkpoint
    from app.core.prompt import Prompt

skip_without_torch()

LOGITS_TOLERANCE = 2e-4


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_positions_logits_and_answers_equal_transformers_own(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    import transformers

    bars = importlib.import_module("tqdm").tqdm
    monkeypatch.setattr(bars, "monitor_interval", 0)  # they would leave a thread behind
    file = ARTEFACTS_DIR / RECORD
    record = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if record.get("made_by") != MADE_BY:
        pytest.skip("tests/parity/test_record.py has not run with MLX here")
    kept = record[kind]
    checkpoint = newer_checkpoint(tmp_path, kind)
    name = json.loads((checkpoint.folder / "config.json").read_text())["architectures"][0]
    model = getattr(transformers, name).from_pretrained(checkpoint.folder, dtype=torch.float32).eval()
    model.generation_config.eos_token_id = None
    chat = ChatFormat(checkpoint)
    apart = 0.0
    for case, request in newer_requests().items():
        prompt = chat.encode(request)
        assert kept[case]["tokens"] == prompt.token_ids.tolist()
        inputs = inputs_of(prompt, checkpoint)
        positions, _ = model.model.get_rope_index(
            inputs["input_ids"],
            inputs["mm_token_type_ids"],
            image_grid_thw=inputs.get("image_grid_thw"),
            video_grid_thw=inputs.get("video_grid_thw"),
        )
        np.testing.assert_array_equal(positions[:, 0].numpy(), prompt.positions)
        with torch.no_grad():
            logits = model(**inputs).logits[0, -1].numpy()
            answer = model.generate(**inputs, do_sample=False, max_new_tokens=len(kept[case]["answer"]))
        apart = max(apart, float(np.abs(logits - np.array(kept[case]["logits"])).max()))
        assert answer[0, prompt.length :].tolist() == kept[case]["answer"], case
    print(f"largest difference of a logit: {apart:.2e}")  # noqa: T201 - for -s
    assert apart < LOGITS_TOLERANCE


def inputs_of(prompt: Prompt, checkpoint: Checkpoint) -> dict[str, Any]:
    """What transformers' model takes: pixels and grids of pictures and of whole clips, each in their order."""
    import torch

    ids = torch.from_numpy(prompt.token_ids.astype(np.int64))[None]
    kinds = {checkpoint.image_token_id: 1, checkpoint.video_token_id: 2}
    types = torch.tensor([[kinds.get(token, 0) for token in prompt.token_ids.tolist()]])
    inputs: dict[str, Any] = {"input_ids": ids, "mm_token_type_ids": types, "attention_mask": torch.ones_like(ids)}
    pictures = [span for span in prompt.media if not isinstance(span.medium, Clip)]
    groups = [span for span in prompt.media if isinstance(span.medium, Clip)]
    if pictures:
        inputs["pixel_values"] = torch.from_numpy(np.concatenate([patches_from_frames(s.frames)[0] for s in pictures]))
        inputs["image_grid_thw"] = torch.tensor([span.grid for span in pictures])
    if groups:
        inputs["pixel_values_videos"] = torch.from_numpy(
            np.concatenate([patches_from_frames(span.frames)[0] for span in groups])
        )
        clips = {id(span.medium): [0, *span.grid[1:]] for span in groups}
        for span in groups:
            clips[id(span.medium)][0] += 1
        inputs["video_grid_thw"] = torch.tensor(list(clips.values()))
    return inputs
