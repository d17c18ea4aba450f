"""The language model of Qwen3-VL: a small Qwen3 with interleaved M-RoPE and DeepStack.

Shapes: B batch, L tokens of a sequence, D width.
Source: transformers 5.23, models/qwen3_vl/modeling_qwen3_vl.py.
"""

# mypy: allow-subclassing-any
# torch is not installed where the types are checked, so nn.Module is Any there.

import torch
from attention import attend, causal_mask, rotate
from network_sizes import Sizes
from torch import Tensor, nn
from torch.nn import functional


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
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        grouped = q.reshape(batch, k.shape[1], -1, self.head_dim)  # heads that share keys side by side
        out = attend(grouped, k, v, causal_mask(length)).view(q.shape)
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
