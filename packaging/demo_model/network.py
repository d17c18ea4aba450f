"""A lean torch form of Qwen3-VL: the same weights and arithmetic, batches of one picture size.

All pictures of a batch share one grid, so there is no padding and no loop over pictures.
Parameter names are those of the released checkpoints; only the patch embedding is kept as a
matrix here and written as a 3-D convolution on export.

Shapes: B batch, P patches of a picture or two-frame group, N = P / 4 merged tokens, L tokens
of a sequence, V vision width, D text width.
"""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional

PATCH_PX = 16
MERGE = 2


@dataclass(frozen=True)
class Sizes:
    """Widths and depths of the network; the names are those of config.json."""

    vocab_size: int = 640
    hidden_size: int = 192
    intermediate_size: int = 512
    num_hidden_layers: int = 4
    num_attention_heads: int = 6
    num_key_value_heads: int = 2
    head_dim: int = 32
    rope_theta: float = 5_000_000.0
    mrope_section: tuple[int, int, int] = (6, 5, 5)
    vision_hidden_size: int = 128
    vision_intermediate_size: int = 448
    vision_depth: int = 5
    vision_heads: int = 4
    positions_per_side: int = 16
    deepstack: tuple[int, int, int] = (1, 2, 3)

    def as_dict(self) -> dict[str, object]:
        """The sizes as plain values, for a training checkpoint."""
        return asdict(self)


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


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cosine.to(x.dtype) + torch.cat((-second, first), dim=-1) * sine.to(x.dtype)


def patches_of(frames: Tensor) -> Tensor:
    """Cuts frames (B, T, h, w, C) of uint8 into patches (B, P, C * T * 256), values -1 to 1.

    T is 1 for still pictures (the patch then has half the length) or 2 for a frame group.
    """
    batch, times, height, width, channels = frames.shape
    block = frames.view(
        batch, times, height // 32, MERGE, PATCH_PX, width // 32, MERGE, PATCH_PX, channels
    ).permute(0, 2, 5, 3, 6, 8, 1, 4, 7)
    return block.reshape(batch, height * width // 256, -1).float() / 127.5 - 1.0


@lru_cache(maxsize=64)
def _causal(length: int) -> Tensor:
    """An additive mask (L, L): minus infinity where a token may not look."""
    return torch.full((length, length), float("-inf")).triu(1)


def _attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention written out; on a CPU its backward pass is several times faster than the fused one.

    q (B, H, r * L, E) may hold r query heads for each of the H heads of k and v (B, H, L, E).
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if mask is not None:
        length = mask.shape[0]
        scores = scores.view(*scores.shape[:2], -1, length, length) + mask.to(scores.dtype)
        scores = scores.view(*scores.shape[:2], -1, length)
    return functional.softmax(scores, dim=-1) @ v


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
        out = _attend(_rotate(q, cosine, sine), _rotate(k, cosine, sine), v)
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


class RmsNorm(nn.Module):
    """Root-mean-square normalisation over the last axis."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """Any shape, kept."""
        return functional.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), 1e-6)


class TextAttention(nn.Module):
    """Causal attention with shared key/value heads and normed queries and keys."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, head = sizes.hidden_size, sizes.head_dim
        self.head_dim = head
        self.q_proj = nn.Linear(width, sizes.num_attention_heads * head, bias=False)
        self.k_proj = nn.Linear(width, sizes.num_key_value_heads * head, bias=False)
        self.v_proj = nn.Linear(width, sizes.num_key_value_heads * head, bias=False)
        self.o_proj = nn.Linear(sizes.num_attention_heads * head, width, bias=False)
        self.q_norm = RmsNorm(head)
        self.k_norm = RmsNorm(head)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        batch, length, _ = x.shape
        q = self.q_norm(self.q_proj(x).view(batch, length, -1, self.head_dim)).transpose(1, 2)
        k = self.k_norm(self.k_proj(x).view(batch, length, -1, self.head_dim)).transpose(1, 2)
        v = self.v_proj(x).view(batch, length, -1, self.head_dim).transpose(1, 2)
        q, k = _rotate(q, cosine, sine), _rotate(k, cosine, sine)
        grouped = q.reshape(batch, k.shape[1], -1, self.head_dim)  # heads that share keys side by side
        out = _attend(grouped, k, v, _causal(length)).view(q.shape)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, -1))


class TextMlp(nn.Module):
    """The gated perceptron of a decoder layer."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(sizes.hidden_size, sizes.intermediate_size, bias=False)
        self.up_proj = nn.Linear(sizes.hidden_size, sizes.intermediate_size, bias=False)
        self.down_proj = nn.Linear(sizes.intermediate_size, sizes.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    """One layer of the language model."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.self_attn = TextAttention(sizes)
        self.mlp = TextMlp(sizes)
        self.input_layernorm = RmsNorm(sizes.hidden_size)
        self.post_attention_layernorm = RmsNorm(sizes.hidden_size)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine)
        return x + self.mlp(self.post_attention_layernorm(x))


class LanguageModel(nn.Module):
    """The text half; its head is tied to the embeddings."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.embed_tokens = nn.Embedding(sizes.vocab_size, sizes.hidden_size)
        self.layers = nn.ModuleList([DecoderLayer(sizes) for _ in range(sizes.num_hidden_layers)])
        self.norm = RmsNorm(sizes.hidden_size)

    def rotation(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine (B, 1, L, head_dim) of interleaved M-RoPE for positions (3, B, L)."""
        sizes = self.sizes
        frequency = 1.0 / (sizes.rope_theta ** (torch.arange(0, sizes.head_dim, 2).float() / sizes.head_dim))
        angles = positions[..., None].float() * frequency
        angle = angles[0].clone()
        for axis in (1, 2):
            picked = slice(axis, sizes.mrope_section[axis] * 3, 3)
            angle[..., picked] = angles[axis][..., picked]
        angle = torch.cat((angle, angle), dim=-1)[:, None]
        return angle.cos(), angle.sin()

    def forward(self, x: Tensor, positions: Tensor, deep: list[Tensor]) -> Tensor:
        """Embedded tokens (B, L, D), positions (3, B, L) to final states (B, L, D).

        `deep` holds DeepStack features laid out over the whole sequence, (B, L, D), zero at text.
        """
        cosine, sine = self.rotation(positions)
        for index, layer in enumerate(self.layers):
            x = layer(x, cosine, sine)
            if index < len(deep):
                x = x + deep[index]
        return self.norm(x)


class DemoModel(nn.Module):
    """Vision tower and language model; `state_dict` names follow the released layout."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.visual = VisionTower(sizes)
        self.language_model = LanguageModel(sizes)
        for name, parameter in self.named_parameters():
            if parameter.dim() >= 2:
                fan = parameter[0].numel()
                if "embed_tokens" in name or "pos_embed" in name:
                    std = 0.05
                elif "patch_embed" in name:
                    std = 1.0 / math.sqrt(fan)
                else:
                    std = 0.8 / math.sqrt(fan)
                if name.endswith(("o_proj.weight", "down_proj.weight", "attn.proj.weight", "mlp.linear_fc2.weight")):
                    std *= 0.4
                nn.init.normal_(parameter, 0.0, std)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)
