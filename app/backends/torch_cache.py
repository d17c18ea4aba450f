"""Keys and values of several conversations in memory that stays in its place, so that a recorded step can reuse it.

Letters used for shapes: B rows, K key-value heads, S slots, E entries of a head.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SLOT_STEP = 256
"""Slots are had in this many at a time: room for a long answer without a copy at each token."""


@dataclass(frozen=True, slots=True)
class CacheShape:
    """What one token takes.

    Attributes:
        kv_heads: K.
        head_width: E.
        dtype: PyTorch's type of the numbers.
        devices: Where each layer keeps its own.
    """

    kv_heads: int
    head_width: int
    dtype: Any
    devices: tuple[Any, ...]

    @property
    def token_bytes(self) -> int:
        """Keys and values of one token in all layers."""
        return 2 * len(self.devices) * self.kv_heads * self.head_width * int(self.dtype.itemsize)


@dataclass(slots=True)
class _Recorded:
    """A step recorded for a number of slots: `graph` is played, `logits` are then the next token's, (B, V)."""

    graph: Any
    logits: Any


@dataclass(slots=True)
class KvRows:
    """A KV cache of several rows, each filled from its slot 0 to a length of its own.

    No row stands behind empty slots: what lies beyond its length is masked, so rows of different lengths stand side by
    side, and one that is cut, copied or dropped leaves the others where they are.

    Attributes:
        torch: The module torch.
        shape: What one token takes.
        keys: (B, K, S, E) for each layer.
        values: The same.
        lengths: Tokens held by each row.
        tokens: What each row reads next, (B,) of int64 on the first device.
        positions: Where that stands in the text, (B,); the same on all of M-RoPE's axes.
        places: The lengths, (B,), as the device sees them.
        recorded: Steps recorded for these very tensors, by the number of slots they look at.
    """

    torch: Any
    shape: CacheShape
    keys: list[Any]
    values: list[Any]
    lengths: list[int]
    tokens: Any
    positions: Any
    places: Any
    recorded: dict[int, _Recorded] = field(default_factory=dict)

    @classmethod
    def empty(cls, torch: Any, shape: CacheShape, rows: int, slots: int) -> KvRows:
        """Rows without a token and with room for at least this many."""
        slots = rounded_slots(slots)
        size = (rows, shape.kv_heads, slots, shape.head_width)

        def zeros() -> list[Any]:
            # What is masked still meets a weight of 0, which leaves anything but numbers as it was: so no garbage.
            return [torch.zeros(size, dtype=shape.dtype, device=device) for device in shape.devices]

        def counters() -> Any:
            return torch.zeros(rows, dtype=torch.int64, device=shape.devices[0])

        return cls(torch, shape, zeros(), zeros(), [0] * rows, counters(), counters(), counters())

    @property
    def rows(self) -> int:
        """B."""
        return len(self.lengths)

    @property
    def slots(self) -> int:
        """S."""
        return int(self.keys[0].shape[2])

    @property
    def size_bytes(self) -> int:
        """What it takes."""
        return self.rows * self.slots * self.shape.token_bytes

    def begin_steps(self, tokens_so_far: Sequence[int], positions: Sequence[int]) -> None:
        """Sets what each row holds and where its next token stands in the text."""
        self.lengths = list(tokens_so_far)
        self.places.copy_(self.torch.tensor(self.lengths))
        self.positions.copy_(self.torch.tensor(list(positions)))

    def reserve(self, slots: int) -> None:
        """Makes room for at least this many tokens in a row; what is held is kept."""
        if slots > self.slots:
            wanted = rounded_slots(max(slots, self.slots * 3 // 2))
            self.recorded.clear()
            for layers in (self.keys, self.values):
                for index, old in enumerate(layers):
                    grown = old.new_zeros((old.shape[0], old.shape[1], wanted, old.shape[3]))
                    grown[:, :, : old.shape[2]] = old
                    layers[index] = grown

    def copy_beginning(self, other: KvRows, other_row: int, row: int, count: int) -> None:
        """Takes the first `count` tokens of another cache's row."""
        for mine, theirs in ((self.keys, other.keys), (self.values, other.values)):
            for into, source in zip(mine, theirs, strict=True):
                into[row, :, :count] = source[other_row, :, :count]
        self.lengths[row] = count

    def keep(self, rows: Sequence[int]) -> None:
        """Drops every row but these, and with them their memory."""
        self.recorded.clear()
        for layers in (self.keys, self.values):
            for index, layer in enumerate(layers):
                layers[index] = layer[self.torch.tensor(list(rows), device=layer.device)]
        index = self.torch.tensor(list(rows), device=self.tokens.device)
        self.tokens, self.positions, self.places = self.tokens[index], self.positions[index], self.places[index]
        self.lengths = [self.lengths[row] for row in rows]


def rounded_slots(count: int) -> int:
    """A number of slots to have for this many tokens."""
    return -(-max(count, 1) // _SLOT_STEP) * _SLOT_STEP


def seen_slots(count: int) -> int:
    """How many slots a step looks at for this many tokens.

    A recorded step serves one number of slots. There are few different ones, so that a long answer needs a new
    recording only now and then, and beyond 2,048 tokens they are at most a quarter too many.
    """
    step = _SLOT_STEP
    while count > 8 * step:
        step *= 2
    return -(-max(count, 1) // step) * step
