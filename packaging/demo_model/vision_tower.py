"""The vision tower of Qwen3-VL for batches of one picture size.

All pictures of a batch share one grid, so there is no padding and no loop over pictures.

Shapes: B batch, P patches of a picture or two-frame group, N = P / 4 merged tokens, T frames
of a patch (1 for stills, 2 for groups), V vision width, D text width.
Source: transformers 5.23, models/qwen3_vl/modeling_qwen3_vl.py.
"""

# mypy: allow-subclassing-any
# torch is not installed where the types are checked, so nn.Module is Any there.

import math
from functools import lru_cache

import torch
from attention import attend, rotate
from network_sizes import MERGE, PATCH_PX, Sizes
from torch import Tensor, nn
from torch.nn import functional


@lru_cache(maxsize=256)
def _patch_places(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Row and column of each patch (P,) in merge-block order."""
    row = torch.arange(rows).view(rows // MERGE, 1, MERGE, 1).expand(-1, columns // MERGE, -1, MERGE)
    column = torch.arange(columns).view(1, columns // MERGE, 1, MERGE).expand(rows // MERGE, -1, MERGE, -1)
    return row.reshape(-1), column.reshape(-1)


@lru_cache(maxsize=256)
def _position_mix(rows: int, columns: int, side: int) -> Tensor:
    """Bilinear weights (P, side * side) that resample the learned position table to a grid."""
    row, column = _patch_places(rows, columns)
    mix = torch.zeros(row.numel(), side, side)
    y, x = torch.linspace(0, side - 1, rows)[row], torch.linspace(0, side - 1, columns)[column]
    y0, x0 = y.floor().long(), x.floor().long()
    y1, x1 = (y0 + 1).clamp(max=side - 1), (x0 + 1).clamp(max=side - 1)
    fy, fx = y - y0, x - x0
    index = torch.arange(row.numel())
    for ys, wy in ((y0, 1 - fy), (y1, fy)):
        for xs, wx in ((x0, 1 - fx), (x1, fx)):
            mix.index_put_((index, ys, xs), wy * wx, accumulate=True)
    return mix.view(row.numel(), -1)


@lru_cache(maxsize=256)
def _vision_rotation(rows: int, columns: int, head_dim: int) -> tuple[Tensor, Tensor]:
    """Cosine and sine (P, head_dim) of the vision tower's two-axis rotary positions."""
    row, column = _patch_places(rows, columns)
    half = head_dim // 2
    frequency = 1.0 / (10_000.0 ** (torch.arange(0, half, 2, dtype=torch.float) / half))
    angle = torch.cat([row[:, None] * frequency, column[:, None] * frequency], dim=-1)
    angle = torch.cat([angle, angle], dim=-1)
    return angle.cos(), angle.sin()


def smooth_positions(side: int, width: int, strength: float = 3.0) -> Tensor:
    """A start for the learned positions, (side * side, width): slow waves across and down, in random directions.

    Patches enter with a root mean square of several units; positions drawn as small noise would
    take thousands of steps to be heard beside them.
    """
    y, x = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    waves = torch.stack([x, y, *(wave(math.pi * axis) for wave in (torch.cos, torch.sin) for axis in (x, y))], -1)
    waves = waves.view(side * side, -1) - waves.view(side * side, -1).mean(0)
    directions, _ = torch.linalg.qr(torch.randn(width, waves.shape[1]))
    return strength * math.sqrt(width / waves.shape[1]) * waves @ directions.T


def patches_of(frames: Tensor) -> Tensor:
    """Cuts frames (B, T, h, w, C) of uint8 into patches (B, P, C * T * 256), values -1 to 1.

    T is 1 for still pictures (the patch then has half the length) or 2 for a frame group.
    """
    batch, times, height, width, channels = frames.shape
    block = frames.view(batch, times, height // 32, MERGE, PATCH_PX, width // 32, MERGE, PATCH_PX, channels).permute(
        0, 2, 5, 3, 6, 8, 1, 4, 7
    )
    return block.reshape(batch, height * width // 256, -1).float() / 127.5 - 1.0


class VisionMlp(nn.Module):
    """The two-layer perceptron of a vision block."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.linear_fc1 = nn.Linear(width, inner)
        self.linear_fc2 = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, P, V) to (B, P, V)."""
        return self.linear_fc2(functional.gelu(self.linear_fc1(x), approximate="tanh"))


class VisionAttention(nn.Module):
    """Full attention among the patches of one picture or frame group."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """(B, P, V) to (B, P, V)."""
        batch, patches, width = x.shape
        q, k, v = self.qkv(x).view(batch, patches, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        out = attend(rotate(q, cosine, sine), rotate(k, cosine, sine), v)
        return self.proj(out.transpose(1, 2).reshape(batch, patches, width))


class VisionBlock(nn.Module):
    """One layer of the vision tower."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(sizes.vision_hidden_size, eps=1e-6)
        self.norm2 = nn.LayerNorm(sizes.vision_hidden_size, eps=1e-6)
        self.attn = VisionAttention(sizes.vision_hidden_size, sizes.vision_heads)
        self.mlp = VisionMlp(sizes.vision_hidden_size, sizes.vision_intermediate_size)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """(B, P, V) to (B, P, V)."""
        x = x + self.attn(self.norm1(x), cosine, sine)
        return x + self.mlp(self.norm2(x))


class Merger(nn.Module):
    """Joins 2 x 2 patches into one token of text width."""

    def __init__(self, width: int, out: int, *, normalise_joined: bool) -> None:
        super().__init__()
        self.joined = width * MERGE * MERGE
        self.normalise_joined = normalise_joined
        self.norm = nn.LayerNorm(self.joined if normalise_joined else width, eps=1e-6)
        self.linear_fc1 = nn.Linear(self.joined, self.joined)
        self.linear_fc2 = nn.Linear(self.joined, out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, P, V) to (B, N, D)."""
        shape = (x.shape[0], -1, self.joined)
        x = self.norm(x.reshape(shape)) if self.normalise_joined else self.norm(x).reshape(shape)
        return self.linear_fc2(functional.gelu(self.linear_fc1(x)))


class PatchEmbed(nn.Module):
    """The patch projection; `weight` is (V, C, 2, 16, 16) as in the released checkpoints."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv3d(3, width, (2, PATCH_PX, PATCH_PX), (2, PATCH_PX, PATCH_PX))

    def forward(self, patches: Tensor) -> Tensor:
        """(B, P, 1536), or (B, P, 768) for stills (both frames are the same), to (B, P, V)."""
        weight = self.proj.weight
        if patches.shape[-1] == weight[0].numel() // 2:
            weight = weight.sum(2)
        return functional.linear(patches, weight.reshape(weight.shape[0], -1), self.proj.bias)


class VisionTower(nn.Module):
    """Pictures or frame groups of one size to tokens, with the DeepStack features."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.patch_embed = PatchEmbed(sizes.vision_hidden_size)
        self.pos_embed = nn.Embedding(sizes.positions_per_side**2, sizes.vision_hidden_size)
        self.blocks = nn.ModuleList([VisionBlock(sizes) for _ in range(sizes.vision_depth)])
        self.merger = Merger(sizes.vision_hidden_size, sizes.hidden_size, normalise_joined=False)
        self.deepstack_merger_list = nn.ModuleList(
            [Merger(sizes.vision_hidden_size, sizes.hidden_size, normalise_joined=True) for _ in sizes.deepstack]
        )

    def forward(self, frames: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Frames (B, T, h, w, C) of uint8 to tokens (B, N, D) and DeepStack features, each (B, N, D)."""
        rows, columns = frames.shape[2] // PATCH_PX, frames.shape[3] // PATCH_PX
        x = self.patch_embed(patches_of(frames))
        x = x + _position_mix(rows, columns, self.sizes.positions_per_side) @ self.pos_embed.weight
        cosine, sine = _vision_rotation(rows, columns, self.sizes.vision_hidden_size // self.sizes.vision_heads)
        deep: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x, cosine, sine)
            if index in self.sizes.deepstack:
                deep.append(self.deepstack_merger_list[len(deep)](x))
        return self.merger(x), deep
