"""Qwen3-VL's layers, as transformers gives them, run on our own inputs: pictures, prompts in chunks, single tokens.

transformers' own generation loop is not used: it takes the whole vision tower and its key-value cache as they come, so
that it can neither be stopped during a picture nor go on from what an earlier answer left, and a step of it costs more
in Python than on a fast GPU. Letters used for shapes: B rows, L tokens, D width, H heads, K key-value heads, G = H / K,
E entries of a head, S slots, P patches, V vocabulary.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from app.backends.torch_cache import CacheShape, KvRows, _Recorded, seen_slots
from app.core.vision import patches_from_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from app.core.prompt import MediaSpan

logger = logging.getLogger(__name__)

Stepping: TypeAlias = Literal["compiled", "recorded", "eager"]
"""How a step runs: compiled and recorded as a CUDA graph, recorded as it is, or called from Python layer by layer."""

STEPPINGS: tuple[Stepping, ...] = ("compiled", "recorded", "eager")
"""From the fastest to the one that runs everywhere."""


_CHUNK_TOKENS = {"cuda": 2_048, "cpu": 512}
"""Well below a second on either."""


class StopWantedError(Exception):
    """The request shall stop."""


def make_token_layer(torch: Any, *, can_widen: bool) -> Callable[..., Any]:
    """The function that takes one token of each row through a decoder layer.

    It touches a layer's parts and tensors alone, so that once compiled it serves every layer.

    Args:
        torch: The module torch.
        can_widen: Whether a product of bf16 matrices can be had in float32.
    """

    def turned(heads: Any, cos: Any, sin: Any) -> Any:
        half = heads.shape[-1] // 2
        return heads * cos + torch.cat((-heads[..., half:], heads[..., :half]), dim=-1) * sin

    def scores_of(queries: Any, keys: Any) -> Any:
        """(B, K, G, N) in float32, from (B, K, G, E) and (B, K, N, E): bf16 would round a score of 20 by up to 0.06."""
        if not can_widen:
            return (queries @ keys.transpose(-1, -2)).float()
        flat = torch.bmm(queries.flatten(0, 1), keys.flatten(0, 1).transpose(1, 2), out_dtype=torch.float32)
        return flat.view(*queries.shape[:3], -1)

    def token_layer(
        layer: Any, hidden: Any, cos: Any, sin: Any, keys: Any, values: Any, rows: Any, places: Any, is_open: Any
    ) -> Any:
        """Hidden states after the layer, (B, D), from those before; the cache is written at `places`.

        Args:
            layer: A decoder layer of transformers.
            hidden: (B, D).
            cos: (B, 1, E).
            sin: (B, 1, E).
            keys: (B, K, S, E).
            values: (B, K, S, E).
            rows: 0 to B - 1.
            places: The slot of each row's token, (B,).
            is_open: Which of the first slots each row may look at, (B, 1, 1, N) of bool; the others are not looked at.
        """
        # The whole cache comes in and is cut here: its strides then follow from its shape, and a compiled layer serves
        # every size of it.
        attention = layer.self_attn
        normed = layer.input_layernorm(hidden)
        heads = (hidden.shape[0], -1, attention.head_dim)
        query = turned(attention.q_norm(attention.q_proj(normed).view(heads)), cos, sin)
        keys[rows, :, places] = turned(attention.k_norm(attention.k_proj(normed).view(heads)), cos, sin)
        values[rows, :, places] = attention.v_proj(normed).view(heads)
        grouped = query.view(hidden.shape[0], keys.shape[1], -1, attention.head_dim)
        seen = is_open.shape[-1]
        scores = scores_of(grouped, keys[:, :, :seen]) * attention.scaling
        weights = scores.masked_fill(~is_open, -float("inf")).softmax(-1).to(values.dtype)
        mixed = (weights @ values[:, :, :seen]).reshape(hidden.shape[0], -1)
        hidden = hidden + attention.o_proj(mixed)
        return hidden + layer.mlp(layer.post_attention_layernorm(hidden)[:, None])[:, 0]

    return token_layer


class Decoder:
    """Runs a loaded model.

    Args:
        torch: The module torch.
        model: transformers' Qwen3-VL, dense or mixture of experts, its weights on their devices.
        has_flash_attention: Whether the package flash-attn serves this device.

    Attributes:
        stepping: How steps run now.
        is_one_device: Whether all of the model is on one device.
        works_ahead: Whether a call returns before its work is done, so that the next may be asked for already.

    Thread: model.
    """

    def __init__(self, torch: Any, model: Any, *, has_flash_attention: bool = False) -> None:
        self._torch = torch
        self._model = model
        self._visual = model.model.visual
        text = model.model.language_model
        self._embed, self._layers, self._norm, self._rotary = text.embed_tokens, text.layers, text.norm, text.rotary_emb
        self._head = model.lm_head
        self._has_flash_attention = has_flash_attention
        config = model.config.text_config
        self.vocabulary = int(config.vocab_size)
        self.device = self._embed.weight.device
        self.cache_shape = CacheShape(
            kv_heads=config.num_key_value_heads,
            head_width=self._layers[0].self_attn.head_dim,
            dtype=self._layers[0].input_layernorm.weight.dtype,
            devices=tuple(layer.input_layernorm.weight.device for layer in self._layers),
        )
        self.is_one_device = len({self.device, *self.cache_shape.devices}) == 1
        self._plain_layer = make_token_layer(torch, can_widen=_can_widen(torch, self.device, self.cache_shape.dtype))
        self._token_layer = self._plain_layer
        self.stepping: Stepping = "eager"
        self._is_recording = False
        self.works_ahead = self.device.type == "cuda"
        self._recording_stream: Any = None
        _make_patches_linear(torch, self._visual.patch_embed)

    @property
    def weight_bytes(self) -> int:
        """What the weights take."""
        held = (*self._model.parameters(), *self._model.buffers())
        return sum(tensor.numel() * tensor.element_size() for tensor in held)

    @property
    def chunk_tokens(self) -> int:
        """Prompt tokens read between two looks at the stop signal."""
        return _CHUNK_TOKENS[self.device.type]

    @property
    def can_record(self) -> bool:
        """Whether steps can be recorded at all: CUDA, on one GPU."""
        return self.device.type == "cuda" and self.is_one_device

    @property
    def is_recording(self) -> bool:
        """Whether steps are recorded and played."""
        return self._is_recording

    def set_stepping(self, stepping: Stepping) -> None:
        """Chooses how steps run from now on."""
        self.stepping = stepping
        self._is_recording = stepping != "eager" and self.can_record
        self._token_layer = self._plain_layer
        if stepping == "compiled":
            self._token_layer = self._compiled_layer()

    def _compiled_layer(self) -> Callable[..., Any]:
        """The token layer, compiled when it first runs, for any size of the cache."""
        torch = self._torch
        compiled = torch.compile(self._plain_layer, fullgraph=True)

        def token_layer(layer: Any, hidden: Any, cos: Any, sin: Any, keys: Any, values: Any, *others: Any) -> Any:
            for sized in (keys, values):
                torch._dynamo.maybe_mark_dynamic(sized, 2)  # noqa: SLF001 - its public name in PyTorch's manual
            torch._dynamo.maybe_mark_dynamic(others[-1], 3)  # noqa: SLF001
            return compiled(layer, hidden, cos, sin, keys, values, *others)

        return token_layer

    def see(self, span: MediaSpan, is_stopped: Callable[[], bool]) -> list[Any]:
        """A picture, or two frames of a clip, through the vision tower.

        The tower's attention never leaves a group of two frames, so that taking groups one by one changes nothing.

        Returns:
            Its features and DeepStack's for each of the first decoder layers, (L, D) each.

        Raises:
            StopWantedError: It was stopped between two blocks.
        """
        torch = self._torch

        def look(*_: object) -> None:
            if is_stopped():
                raise StopWantedError

        patches, grid = patches_from_frames(span.frames)
        device = self._visual.patch_embed.proj.weight.device
        watched = [block.register_forward_pre_hook(look) for block in self._visual.blocks]
        try:
            with torch.no_grad():
                seen = self._visual(
                    torch.from_numpy(patches).to(device, self.cache_shape.dtype),
                    grid_thw=torch.tensor([grid], device=device),
                )
        finally:
            for hook in watched:
                hook.remove()
        return [seen.pooler_output, *seen.deepstack_features]

    def read(
        self,
        cache: KvRows,
        row: int,
        token_ids: NDArray[np.int32],
        positions: NDArray[np.int32],
        features: Sequence[tuple[int, list[Any]]],
    ) -> Any:
        """Reads a chunk of a prompt into a row of the cache, behind what it holds.

        Args:
            cache: Has room for it.
            row: Which row.
            token_ids: (L,).
            positions: (3, L).
            features: Where in the chunk tokens of pictures begin, and what stands there: see ``see``.

        Returns:
            The hidden state of the last token, (1, D).
        """
        torch = self._torch
        start = cache.lengths[row]
        end = start + len(token_ids)
        with torch.no_grad():
            hidden = self._embed(torch.from_numpy(token_ids.astype(np.int64)).to(self.device))[None]
            for first, layers in features:
                hidden[0, first : first + len(layers[0])] = layers[0].to(hidden.dtype)
            cos, sin = self._rotary(hidden, torch.from_numpy(positions.astype(np.int64)).to(self.device)[:, None])
            open_keys = self._open_keys(start, end)
            for index, layer in enumerate(self._layers):
                device = self.cache_shape.devices[index]
                hidden, cos, sin = hidden.to(device), cos.to(device), sin.to(device)
                keys, values = (kept[index][row : row + 1, :, :end] for kept in (cache.keys, cache.values))
                hidden = self._chunk_layer(layer, hidden, (cos, sin), keys, values, start, open_keys)
                for first, layers in features:
                    if index + 1 < len(layers):
                        hidden[0, first : first + len(layers[0])] += layers[index + 1].to(device, hidden.dtype)
            cache.lengths[row] = end
            return hidden[:, -1]

    def logits(self, hidden: Any) -> Any:
        """Logits, (B, V) in float32, from hidden states (B, D)."""
        with self._torch.no_grad():
            normed = self._norm(hidden.to(self._norm.weight.device))
            return self._head(normed.to(self._head.weight.device)).float().to(self.device)

    def step(self, cache: KvRows) -> Any:
        """Reads ``cache.tokens`` into every row; the next token's logits, (B, V), good until the next step."""
        cache.reserve(max(cache.lengths) + 1)
        slots = min(seen_slots(max(cache.lengths) + 1), cache.slots)
        recorded = self._recorded_step(cache, slots)
        if recorded is not None:
            recorded.graph.replay()
            logits = recorded.logits
        else:
            logits = self._run_step(cache, slots)
        cache.lengths = [length + 1 for length in cache.lengths]
        return logits

    def _recorded_step(self, cache: KvRows, slots: int) -> _Recorded | None:
        """The step recorded for so many slots, or None where steps are not recorded."""
        while self._is_recording and slots not in cache.recorded:
            self._try_to_record(cache, slots)
        return cache.recorded[slots] if self._is_recording else None

    def _try_to_record(self, cache: KvRows, slots: int) -> None:
        """Records a step; what cannot be compiled or recorded runs in the next slower way from then on.

        Raises:
            OutOfMemoryError: PyTorch's own.
        """
        try:
            cache.recorded[slots] = self._record(cache, slots)
        except self._torch.OutOfMemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a compiler, a driver and every library on the way may fail as it likes
            slower = STEPPINGS[STEPPINGS.index(self.stepping) + 1]
            logger.info("Steps for %d rows and %d slots are %s: %r", cache.rows, slots, slower, error)
            cache.recorded.clear()  # a recording that failed may have left the others' memory unusable for more
            self.set_stepping(slower)

    def _open_keys(self, start: int, end: int) -> Any:
        """Which keys each token of a chunk may look at, for PyTorch's attention; None where a triangle will do."""
        torch = self._torch
        if start == 0 or self._has_flash_attention:
            return None
        if self.device.type == "cuda":
            from torch.nn.attention.bias import causal_lower_right

            return causal_lower_right(end - start, end)
        keys = torch.arange(end, device=self.device)
        return keys[None] <= torch.arange(start, end, device=self.device)[:, None]

    def _chunk_layer(
        self, layer: Any, hidden: Any, turns: tuple[Any, Any], keys: Any, values: Any, start: int, open_keys: Any
    ) -> Any:
        """Hidden states of a chunk after a layer, (1, L, D); the cache, (1, K, S, E), is written from `start` on."""
        attention = layer.self_attn
        cos, sin = (turn[:, None] for turn in turns)
        normed = layer.input_layernorm(hidden)
        heads = (1, hidden.shape[1], -1, attention.head_dim)
        query = self._turned(attention.q_norm(attention.q_proj(normed).view(heads)).transpose(1, 2), cos, sin)
        keys[:, :, start:] = self._turned(
            attention.k_norm(attention.k_proj(normed).view(heads)).transpose(1, 2), cos, sin
        )
        values[:, :, start:] = attention.v_proj(normed).view(heads).transpose(1, 2)
        mixed = self._attend(query, keys, values, open_keys, attention.scaling)
        hidden = hidden + attention.o_proj(mixed.reshape(1, hidden.shape[1], -1))
        return hidden + layer.mlp(layer.post_attention_layernorm(hidden))

    def _turned(self, heads: Any, cos: Any, sin: Any) -> Any:
        half = heads.shape[-1] // 2
        return heads * cos + self._torch.cat((-heads[..., half:], heads[..., :half]), dim=-1) * sin

    def _attend(self, query: Any, keys: Any, values: Any, open_keys: Any, scaling: float) -> Any:
        """(1, L, H, E) from queries (1, H, L, E) and keys and values (1, K, S, E)."""
        if self._has_flash_attention:
            from flash_attn import flash_attn_func

            query, keys, values = (heads.transpose(1, 2) for heads in (query, keys, values))
            return flash_attn_func(query, keys, values, softmax_scale=scaling, causal=True)
        times = query.shape[1] // keys.shape[1]
        keys, values = (heads.repeat_interleave(times, dim=1) for heads in (keys, values))
        attend = self._torch.nn.functional.scaled_dot_product_attention
        if open_keys is None:
            mixed = attend(query, keys, values, is_causal=query.shape[2] > 1, scale=scaling)
        else:
            mixed = attend(query, keys, values, open_keys, scale=scaling)
        return mixed.transpose(1, 2)

    def _run_step(self, cache: KvRows, slots: int) -> Any:
        torch = self._torch
        with torch.no_grad():
            hidden = self._embed(cache.tokens)
            cos, sin = self._rotary(hidden, cache.positions[None, :, None].expand(3, -1, 1))
            is_open = (torch.arange(slots, device=self.device) <= cache.places[:, None])[:, None, None]
            rows, places = torch.arange(cache.rows, device=self.device), cache.places
            for index, layer in enumerate(self._layers):
                device = self.cache_shape.devices[index]
                if not self.is_one_device:
                    hidden, cos, sin, rows, places, is_open = (
                        value.to(device) for value in (hidden, cos, sin, rows, places, is_open)
                    )
                keys, values = cache.keys[index], cache.values[index]
                hidden = self._token_layer(layer, hidden, cos, sin, keys, values, rows, places, is_open)
            logits = self.logits(hidden)
            cache.places += 1
            cache.positions += 1
            return logits

    def _record(self, cache: KvRows, slots: int) -> _Recorded:
        """Records a step as a CUDA graph, once it has run for the sake of what libraries set up at a first call."""
        cuda = self._torch.cuda
        # One stream for good: each that multiplied matrices keeps up to 32 MiB.
        self._recording_stream = stream = self._recording_stream or cuda.Stream()
        # Memory that graphs share cannot be had again once the last of them is gone: only a living one's is asked for.
        pool = next((other.graph.pool() for other in cache.recorded.values()), None)
        graph = cuda.CUDAGraph()
        stream.wait_stream(cuda.current_stream())
        with cuda.stream(stream):  # PyTorch's own recording stays on its stream when it fails
            before = cache.places.clone(), cache.positions.clone()
            self._run_step(cache, slots)
            cache.places.copy_(before[0])
            cache.positions.copy_(before[1])
            with cuda.graph(graph, pool=pool, stream=stream, capture_error_mode="thread_local"):
                logits = self._run_step(cache, slots)
        cuda.current_stream().wait_stream(stream)
        return _Recorded(graph, logits)


def _can_widen(torch: Any, device: Any, dtype: Any) -> bool:
    """Whether this device gives the product of two matrices of this kind in float32: most GPUs do for bf16."""
    if dtype == torch.float32:
        return False
    matrix = torch.zeros((1, 8, 8), dtype=dtype, device=device)
    try:
        return bool(torch.bmm(matrix, matrix, out_dtype=torch.float32).dtype == torch.float32)
    except (RuntimeError, TypeError, NotImplementedError):
        return False


def _make_patches_linear(torch: Any, patch_embed: Any) -> None:
    """Makes the patch embedding the matrix product that it is: our rows are whole patches.

    WORKAROUND(https://github.com/pytorch/pytorch/issues/174051): as a Conv3d it can take seconds; remove when
    transformers loads it as a linear layer by itself.
    """
    projection = patch_embed.proj
    weight = projection.weight.flatten(1)

    def forward(rows: Any) -> Any:
        return torch.nn.functional.linear(rows, weight, projection.bias)

    patch_embed.forward = forward
