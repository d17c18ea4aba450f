"""Qwen3-VL and Qwen3.5 on MLX, through mlx-vlm's model code and our own prompt, vision arithmetic and decoding loop.

mlx-vlm 0.7.10 gives the layers; what goes in and out of them is ours, because its generator cannot be stopped during
prefill, reuses a KV cache by token ids alone, and evaluates the vision tower in one step that Metal's watchdog may end.
Letters used for shapes: L tokens, D width, P patches, V vocabulary.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from app.backends.mlx_held import Held
from app.backends.mlx_token_drawer import TokenDrawer
from app.backends.mlx_weights import read_model
from app.core.backend import Abilities, Memory
from app.core.bundled import is_bundled
from app.core.errors import AppError, ErrorText, ModelError, Sentence, describe_error
from app.core.events import Figures, Finished, LoadProgress, PrefillProgress, TextPiece, VisionProgress
from app.core.machine import note_metal_working_set
from app.core.memory_now import give_freed_memory_back
from app.core.pictures import Picture
from app.core.prompt import ChatFormat
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from app.core.vision import TOKEN_PX, patches_from_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from app.core.backend import StopCheck
    from app.core.checkpoint import Checkpoint
    from app.core.events import GenerateEvent, Outcome
    from app.core.prompt import MediaSpan, Prompt

logger = logging.getLogger(__name__)

PREFILL_STEP_TOKENS = 512
"""Tokens read between two looks at the stop signal; about a second for a 4B model on an M2."""

_CLEAR_EVERY_TOKENS = 256
_WARM_UP_TOKENS = 3


class MlxBackend:
    """Runs one Qwen3-VL, Qwen3.5 or 3.6, dense or mixture of experts, full precision or quantised by mlx-vlm."""

    name: ClassVar[str] = "mlx"
    abilities: ClassVar[Abilities] = Abilities(video=True, adapters=True)

    def __init__(self) -> None:
        self._mx: Any = None
        self._loaded: _Loaded | None = None

    def version(self) -> str:
        """Versions of mlx and mlx-vlm."""
        return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("mlx", "mlx-vlm"))

    def device(self) -> str:
        """The chip's name on Metal, else the CPU."""
        if self._mx is None or not self._mx.metal.is_available():
            return "CPU"
        return str(self._mx.device_info().get("device_name", "Apple GPU"))

    @property
    def is_loaded(self) -> bool:
        """Whether a model is ready to answer."""
        return self._loaded is not None

    def load(self, checkpoint: Checkpoint, stop: Callable[[], bool]) -> Iterator[LoadProgress]:
        """Imports the runtime, reads the weights in steps, and answers a small question to set the device going.

        Raises:
            ModelError: The runtime does not import, or the checkpoint's weights do not fit its configuration.
        """
        self.unload()
        yield LoadProgress("importing_runtime")
        try:
            import mlx.core as mx

            if is_bundled() and not mx.metal.is_available():
                # On a processor MLX has the system's g++ make libraries, in a folder that all users of a machine share.
                mx.disable_compile()
            importlib.import_module("mlx_vlm.utils")
        except (ImportError, OSError, RuntimeError) as error:
            hint = "Install Viewfinder again." if is_bundled() else "Run “viewfinder --selftest” to see why."
            raise ModelError("MLX does not start on this machine.", hint, str(error)) from error
        self._mx = mx
        if mx.metal.is_available():
            note_metal_working_set(int(mx.device_info()["max_recommended_working_set_size"]))
        if stop():
            return
        yield LoadProgress("reading_weights", 0.0)
        chat = ChatFormat(checkpoint)
        model = yield from read_model(checkpoint, stop)
        if model is None:
            return
        yield LoadProgress("warming_up")
        loaded = _Loaded(mx, checkpoint, chat, model)
        loaded.warm_up(stop)
        if not stop():
            self._loaded = loaded

    def generate(self, requests: Sequence[Request], stop: StopCheck) -> Iterator[GenerateEvent]:
        """Answers one request after the other.

        Raises:
            ModelError: No model is loaded.
        """
        if self._loaded is None:
            raise ModelError("No model is loaded.", "Choose a model first.")
        for request in requests:
            yield from self._loaded.answer(request, lambda request=request: stop(request.request_id))  # type: ignore[misc]

    def unload(self) -> None:
        """Drops the model, its KV cache and MLX's buffers."""
        self._loaded = None
        gc.collect()
        if self._mx is not None:
            self._mx.clear_cache()
            give_freed_memory_back()

    def memory(self) -> Memory:
        """What MLX holds."""
        if self._mx is None:
            return Memory()
        return Memory(self._mx.get_active_memory(), self._mx.get_peak_memory())

    def close(self) -> None:
        """Unloads; MLX's streams are cleared last, or the process may abort at exit."""
        self.unload()
        if self._mx is not None:
            self._mx.clear_streams()


@dataclass(slots=True)
class _Run:
    """One answer under way."""

    request: Request
    is_stopped: Callable[[], bool]
    began: float = field(default_factory=time.perf_counter)
    prompt_tokens: int = 0
    reused_tokens: int = 0
    answer_tokens: int = 0
    first_token_at: float = 0.0

    def count_token(self) -> None:
        self.answer_tokens += 1
        if self.answer_tokens == 1:
            self.first_token_at = time.perf_counter()

    def figures(self, peak_memory_bytes: int) -> Figures:
        now = time.perf_counter()
        decoding_s = now - self.first_token_at
        return Figures(
            prompt_tokens=self.prompt_tokens,
            reused_tokens=self.reused_tokens,
            answer_tokens=self.answer_tokens,
            time_to_first_token_s=self.first_token_at - self.began if self.answer_tokens else 0.0,
            total_s=now - self.began,
            tokens_per_s=(self.answer_tokens - 1) / decoding_s if self.answer_tokens > 1 and decoding_s > 0 else 0.0,
            peak_memory_bytes=peak_memory_bytes,
        )


class _Stopped(Exception):  # noqa: N818 - not an error
    """The request shall stop."""


class _Loaded:
    """A model in memory and the KV cache of the last conversation."""

    def __init__(self, mx: Any, checkpoint: Checkpoint, chat: ChatFormat, model: Any) -> None:
        self._mx = mx
        self._checkpoint = checkpoint
        self._chat = chat
        self._model = model
        self._held: Held | None = None

    def warm_up(self, stop: Callable[[], bool]) -> None:
        """Answers a small question about a small picture, so that the person's first one does not wait for kernels.

        Metal readies its kernels at first use; on a CPU, MLX compiles fused ones with the system's C++ compiler, some
        seconds once, and keeps them in the temporary folder.

        Raises:
            ModelError: The model cannot answer.
        """
        side = 2 * TOKEN_PX
        grey = Picture("warm-up", None, "", side, side, side, side, bytes([128]) * (3 * side * side), "")
        request = Request("warm-up", (Turn("Hello", (grey,)),), replace(GREEDY, max_tokens=_WARM_UP_TOKENS))
        for event in self.answer(request, stop):
            if isinstance(event, Finished) and event.error is not None:
                raise ModelError(
                    Sentence(
                        "The model {name} does not run here: {reason}",
                        name=self._checkpoint.name,
                        reason=event.error.text,
                    ),
                    event.error.hint,
                    event.error.detail,
                )
        self._held = None

    def answer(self, request: Request, is_stopped: Callable[[], bool]) -> Iterator[GenerateEvent]:
        """Every event of one request; it ends in one Finished whatever happens."""
        mx = self._mx
        mx.reset_peak_memory()
        run = _Run(request, is_stopped)
        outcome: Outcome = "failed"
        error: ErrorText | None = None
        wired_limit = self._wire()
        try:
            outcome = yield from self._run(run)
        except _Stopped:
            outcome = "cancelled"
        except Exception as fault:
            self._held = None
            if not isinstance(fault, AppError):
                logger.exception("Request %s failed", request.request_id)
            error = _out_of_memory(fault) or describe_error(fault)
        finally:
            self._unwire(wired_limit)
            mx.clear_cache()
        yield Finished(request.request_id, outcome, run.figures(mx.get_peak_memory()), error)

    def _run(self, run: _Run) -> Generator[GenerateEvent, None, Outcome]:
        prompt = self._chat.encode(run.request)
        run.prompt_tokens = prompt.length
        held = self._take_held(prompt)
        run.reused_tokens = held.tokens
        try:
            hidden = yield from self._prefill(run, prompt, held)
            return (yield from self._decode(run, prompt, held, hidden))
        finally:
            self._keep(held)

    def _take_held(self, prompt: Prompt) -> Held:
        """The cache to go on with, cut to what it shares with the prompt; at least one token is left to read."""
        held, self._held = self._held, None
        if held is None or held.cut_to_shared(prompt) == 0:
            held = Held(self._new_cache())
        held.expect(prompt)
        return held

    def _keep(self, held: Held) -> None:
        """Keeps what the cache truly holds."""
        held.settle()
        if held.tokens:
            self._held = held

    def _prefill(self, run: _Run, prompt: Prompt, held: Held) -> Generator[GenerateEvent, None, Any]:
        """Reads the prompt; returns the last token's hidden state, (1, 1, D)."""
        mx = self._mx
        reused = run.reused_tokens
        features: list[tuple[MediaSpan, Any, list[Any]]] = []
        known = sum(span.end <= reused for span in prompt.media)
        for done, span in enumerate(prompt.media[known:], known + 1):
            features.append((span, *self._see(span, run.is_stopped)))
            yield VisionProgress(run.request.request_id, done, len(prompt.media), known)
        if known and known == len(prompt.media):
            yield VisionProgress(run.request.request_id, known, known, known)
        yield PrefillProgress(run.request.request_id, reused, prompt.length)
        hidden = None
        end = reused
        while end < prompt.length:
            self._stop_if_wanted(run)
            start, end = end, held.step_end(min(end + PREFILL_STEP_TOKENS, prompt.length))
            hidden = self._forward(
                prompt.token_ids[start:end],
                prompt.positions[:, start:end],
                held.cache,
                *self._features_between(features, start, end),
            )[:, -1:]
            held.keep_states()
            if end < prompt.length:
                mx.eval([layer.state for layer in held.cache])
                mx.clear_cache()
            else:
                mx.eval(hidden)
            yield PrefillProgress(run.request.request_id, end, prompt.length)
        return hidden

    def _see(self, span: MediaSpan, is_stopped: Callable[[], bool]) -> tuple[Any, list[Any]]:
        """A picture, or two frames of a clip, through the vision tower, evaluated block by block.

        The tower's attention never leaves a group of two frames, so that taking groups one by one changes nothing.

        One block at a time keeps each step on the device short (Metal's watchdog ends the whole process on a long
        one) and gives a chance to stop.

        Returns:
            Its features, (L, D), and DeepStack's, one (L, D) for each of the first decoder layers.
        """
        mx, tower = self._mx, self._model.vision_tower
        patches, grid = patches_from_frames(span.frames)
        grid_array = mx.array([grid])
        hidden = tower.patch_embed(mx.array(patches).astype(tower.patch_embed.proj.weight.dtype))
        hidden = hidden + tower.fast_pos_embed_interpolate(grid_array)
        rotary = tower.rot_pos_emb(grid_array)
        group_ends = mx.array([group * grid[1] * grid[2] for group in range(grid[0] + 1)])
        deepstack = []
        for index, block in enumerate(tower.blocks):
            if is_stopped():
                raise _Stopped
            hidden = block(hidden, cu_seqlens=group_ends, rotary_pos_emb=rotary)
            mx.eval(hidden)
            if index in tower.deepstack_visual_indexes:
                merger = tower.deepstack_merger_list[tower.deepstack_visual_indexes.index(index)]
                deepstack.append(merger(hidden))
        features = tower.merger(hidden)
        mx.eval(features, deepstack)
        return features, deepstack

    def _features_between(
        self, features: list[tuple[MediaSpan, Any, list[Any]]], start: int, end: int
    ) -> tuple[Any, list[Any]]:
        """The vision features of the tokens from `start` to `end`.

        Returns:
            Which of these tokens they belong to, (L,) of bool, or None when there are none; then the features and
            each DeepStack layer's, (tokens, D) each.
        """
        mask = np.zeros(end - start, dtype=bool)
        parts: list[list[Any]] = []
        for span, main, deepstack in features:
            first, last = max(span.start, start), min(span.end, end)
            if first < last:
                mask[first - start : last - start] = True
                parts.append([layer[first - span.start : last - span.start] for layer in (main, *deepstack)])
        if not parts:
            return None, []
        return mask, [self._mx.concatenate(layer) for layer in zip(*parts, strict=True)]

    def _forward(
        self,
        token_ids: NDArray[np.int32],
        positions: NDArray[np.int32],
        cache: list[Any],
        mask: NDArray[np.bool_] | None,
        layers: list[Any],
    ) -> Any:
        """Tokens through the decoder.

        Args:
            token_ids: (L,).
            positions: (3, L).
            cache: One entry per layer, extended by L.
            mask: Tokens that stand for pictures, (L,) of bool, or None.
            layers: Their vision features and each DeepStack layer's, (tokens, D) each.

        Returns:
            Hidden states, (1, L, D).
        """
        mx, decoder = self._mx, self._model.language_model.model
        inputs = mx.array(token_ids)[None]
        embeddings = decoder.embed_tokens(inputs)
        if mask is not None:
            embeddings[0, mx.array(np.flatnonzero(mask))] = layers[0].astype(embeddings.dtype)
        deepstack: dict[str, Any] = {}
        if mask is not None and layers[1:]:
            deepstack = {"visual_pos_masks": mx.array(mask)[None], "deepstack_visual_embeds": layers[1:]}
        positions_array = mx.array(positions)[:, None]
        return decoder(inputs, inputs_embeds=embeddings, cache=cache, position_ids=positions_array, **deepstack)

    def _logits(self, hidden: Any) -> Any:
        """Logits of the last token, (V,), in float32."""
        language_model = self._model.language_model
        if language_model.args.tie_word_embeddings:
            logits = language_model.model.embed_tokens.as_linear(hidden)
        else:
            logits = language_model.lm_head(hidden)
        return logits[0, -1].astype(self._mx.float32)

    def _decode(self, run: _Run, prompt: Prompt, held: Held, hidden: Any) -> Generator[GenerateEvent, None, Outcome]:
        """Draws tokens until the model, the limit or the person ends it; returns the outcome.

        While one token is read here, the device already works on the next.
        """
        mx, decoder = self._mx, self._model.language_model.model
        sampling = run.request.sampling
        limit = min(sampling.max_tokens, self._checkpoint.context_tokens - prompt.length)
        drawer = TokenDrawer(mx, sampling, prompt.token_ids)
        text_of = self._chat.text_stream()
        position = prompt.next_position
        token = drawer.draw(self._logits(hidden))
        mx.async_eval(token)
        while True:
            next_token = None
            if run.answer_tokens + 1 < limit:
                positions = mx.full((3, 1, 1), position)
                position += 1
                hidden = decoder(token.reshape(1, 1), cache=held.cache, position_ids=positions)
                next_token = drawer.draw(self._logits(hidden))
                mx.async_eval(next_token)
            token_id = int(token.item())
            run.count_token()
            if next_token is not None:
                held.token_ids.append(token_id)
            if token_id in self._checkpoint.end_token_ids:
                return "done"
            text = text_of(token_id)
            if text:
                yield TextPiece(run.request.request_id, text)
            if next_token is None:
                return "length"
            self._stop_if_wanted(run)
            if run.answer_tokens % _CLEAR_EVERY_TOKENS == 0:
                mx.clear_cache()
            token = next_token

    def _new_cache(self) -> list[Any]:
        cache_module = importlib.import_module("mlx_vlm.models.cache")
        made: list[Any] = cache_module.make_prompt_cache(self._model.language_model)
        return made

    def _stop_if_wanted(self, run: _Run) -> None:
        if run.is_stopped():
            raise _Stopped

    def _wire(self) -> int | None:
        """On Metal, keeps the model's memory from being paged out during an answer; returns the limit to restore."""
        if not self._mx.metal.is_available():
            return None
        size = self._mx.device_info()["max_recommended_working_set_size"]
        return int(self._mx.set_wired_limit(size))

    def _unwire(self, old_limit: int | None) -> None:
        if old_limit is not None:
            self._mx.synchronize()
            self._mx.set_wired_limit(old_limit)


def _out_of_memory(fault: BaseException) -> ErrorText | None:
    """Words for the runtime's own out-of-memory errors, or None for any other fault."""
    words = str(fault).lower()
    if isinstance(fault, MemoryError) or "unable to allocate" in words or "insufficient memory" in words:
        return ErrorText(
            "There was not enough memory for this answer.",
            "Lower the tokens per picture or video, show fewer of them, or choose a smaller model.",
            str(fault),
        )
    return None
