"""The numbers of an architecture that memory depends on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelShape:
    """What memory depends on; widths are in numbers, not bytes.

    Attributes:
        layers: Of the language model whose keys and values grow with the conversation.
        hidden_width: Of a token between layers.
        heads: Query heads of a layer.
        kv_heads: Heads of which keys and values are kept.
        head_width: Of each head.
        inner_width: The widest that one token becomes within a layer's feed-forward part.
        vocabulary: Tokens that there are.
        embedding_params: Numbers in the table of tokens and, where it is another, in the table that chooses words.
        layer_params: All other numbers of the language model.
        vision_params: Numbers of the vision tower with what joins it to the language model.
        vision_depth: Its layers.
        vision_width: Of a patch between its layers.
        vision_heads: Of a layer.
        vision_inner_width: The widest that one patch becomes within a layer.
        taps: Layers of the vision tower that are handed on beside the last one (DeepStack).
        context_tokens: The longest prompt and answer together.
        state_params: Numbers that a conversation of any length keeps in layers without keys and values.
    """

    layers: int
    hidden_width: int
    heads: int
    kv_heads: int
    head_width: int
    inner_width: int
    vocabulary: int
    embedding_params: int
    layer_params: int
    vision_params: int
    vision_depth: int
    vision_width: int
    vision_heads: int
    vision_inner_width: int
    taps: int
    context_tokens: int
    state_params: int = 0

    @property
    def text_params(self) -> int:
        """Numbers of the language model."""
        return self.embedding_params + self.layer_params

    @property
    def cached_params(self) -> int:
        """Numbers that are kept of each token of a conversation."""
        return 2 * self.layers * self.kv_heads * self.head_width
