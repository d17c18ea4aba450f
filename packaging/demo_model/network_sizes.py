"""Widths and depths of the demo model."""

from dataclasses import asdict, dataclass

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
