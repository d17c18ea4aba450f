"""One training step of each stage, and what it says about accuracy.

Stage "vision" trains the vision tower with the dense head alone; stage "chat" trains
everything on conversations and keeps the dense loss at a small weight.
"""

from collections import defaultdict

import torch
from batches import Batch, Dense
from dense_head import DenseHead, dense_loss
from network import DemoModel
from torch import Tensor
from torch.nn import functional

DENSE_WEIGHT = 0.5


def vision_loss(model: DemoModel, head: DenseHead, frames: Tensor, dense: Dense) -> tuple[Tensor, dict[str, float]]:
    """The dense loss of still pictures (B, 1, h, w, C)."""
    with torch.autocast("cpu", torch.bfloat16):
        tokens, _ = model.visual(frames)
        readings = head(tokens)
    return dense_loss(readings, dense.classes, dense.colours, dense.extents)


def _see(model: DemoModel, frames: list[Tensor]) -> list[tuple[Tensor, list[Tensor]]]:
    """Runs the vision tower once per picture size; results per vision block."""
    if len(frames) > 1 and all(block.shape == frames[0].shape for block in frames):
        tokens, deep = model.visual(torch.cat(frames))
        parts = tokens.chunk(len(frames))
        deep_parts = [layer.chunk(len(frames)) for layer in deep]
        return [(part, [layer[k] for layer in deep_parts]) for k, part in enumerate(parts)]
    return [model.visual(block) for block in frames]


def chat_states(model: DemoModel, batch: Batch) -> tuple[Tensor, list[Tensor]]:
    """Final states (B, L, D) of a batch, and the vision tokens (B, N, D) of each block."""
    x = model.language_model.embed_tokens(batch.ids)
    seen = _see(model, batch.frames)
    deep: list[Tensor] = []  # one per DeepStack layer, zero at text
    if seen:
        seen = [(tokens.to(x.dtype), [layer.to(x.dtype) for layer in layers]) for tokens, layers in seen]
        columns = [start[:, None] + torch.arange(seen[k][0].shape[1]) for k, start in enumerate(batch.starts.unbind(1))]
        index = torch.cat(columns, 1)[..., None].expand(-1, -1, x.shape[-1])
        x = x.scatter(1, index, torch.cat([tokens for tokens, _ in seen], 1))
        empty = torch.zeros_like(x)
        deep = [
            empty.scatter(1, index, torch.cat([layers[layer] for _, layers in seen], 1))
            for layer in range(len(seen[0][1]))
        ]
    return model.language_model(x, batch.positions, deep), [tokens for tokens, _ in seen]


def chat_loss(
    model: DemoModel, head: DenseHead, batch: Batch
) -> tuple[Tensor, dict[str, float], dict[str, tuple[int, int]]]:
    """Loss on the answers; the log; and per task how many answers were right to the last token.

    An answer whose every token is the most likely one given the true beginning is exactly the
    answer that greedy decoding gives.
    """
    with torch.autocast("cpu", torch.bfloat16):
        states, tokens = chat_states(model, batch)
        learned = batch.labels >= 0
        logits = functional.linear(states[learned], model.language_model.embed_tokens.weight).float()
        readings = [head(block) for block in tokens] if batch.dense else []
    target, weight = batch.labels[learned], batch.weights[learned]
    loss = (functional.cross_entropy(logits, target, reduction="none") * weight).sum() / weight.sum()
    log = {"chat": loss.item()}
    for reading, dense in zip(readings, batch.dense, strict=True):
        extra, dense_log = dense_loss(reading, dense.classes, dense.colours, dense.extents)
        loss = loss + DENSE_WEIGHT / len(readings) * extra
        log |= dense_log
    right = torch.ones_like(batch.labels, dtype=torch.bool)
    right[learned] = logits.argmax(-1) == target
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for task, row, start, end in batch.spans:
        counts[task][0] += bool(right[row, start:end].all())
        counts[task][1] += 1
    return loss, log, {task: (good, total) for task, (good, total) in counts.items()}
