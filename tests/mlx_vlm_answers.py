"""What mlx-vlm's own generator answers to a request."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.clips import Clip
from app.core.pictures import Picture
from app.core.prompt import ChatFormat
from app.core.requests import Request
from app.core.vision import patches_from_frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from app.backends.mlx_backend import MlxBackend
    from app.core.checkpoint import Checkpoint


def mlx_vlm_answer(backend: MlxBackend, checkpoint: Checkpoint, request: Request) -> str:
    """The greedy answer of mlx-vlm's own generator, fed token ids and patches."""
    text_of_token = ChatFormat(checkpoint).text_stream()
    text = ""
    for token_id, _ in mlx_vlm_steps(backend, checkpoint, request):
        if token_id in checkpoint.end_token_ids:
            break
        text += text_of_token(token_id)
    return text


def mlx_vlm_steps(
    backend: MlxBackend, checkpoint: Checkpoint, request: Request
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The tokens of mlx-vlm's own generator, which never ends by itself, and all tokens' log-probabilities, (V,)."""
    import mlx.core as mx

    importlib.import_module("tqdm").tqdm.monitor_interval = 0  # mlx-vlm's progress bar would leave a thread behind
    assert backend._loaded is not None
    model = backend._loaded._model
    prompt = ChatFormat(checkpoint).encode(request)
    inputs: dict[str, Any] = {}
    pixels = None
    pictures = [span for span in prompt.media if isinstance(span.medium, Picture)]
    if pictures:
        pixels = mx.array(np.concatenate([patches_from_frames(span.frames)[0] for span in pictures]))
        inputs["image_grid_thw"] = mx.array([span.grid for span in pictures])
    clips = [medium for turn in request.turns for medium in turn.media if isinstance(medium, Clip)]
    if clips:
        parts = [patches_from_frames(_frames(clip)) for clip in clips]
        inputs["pixel_values_videos"] = mx.array(np.concatenate([patches for patches, _ in parts]))
        inputs["video_grid_thw"] = mx.array([grid for _, grid in parts])
    ar = importlib.import_module("mlx_vlm.generate.ar")
    steps = ar.generate_step(
        mx.array(prompt.token_ids)[None], model, pixels, None, max_tokens=request.sampling.max_tokens, **inputs
    )
    for token_id, logprobs in steps:
        yield int(token_id), np.array(logprobs.astype(mx.float32)).reshape(-1)


def _frames(clip: Clip) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(clip.frames), dtype=np.uint8).reshape(-1, clip.height_px, clip.width_px, 3)
