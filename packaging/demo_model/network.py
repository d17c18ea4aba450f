"""A lean torch form of Qwen3-VL: the same weights, names and arithmetic as the released models."""

# mypy: allow-subclassing-any
# torch is not installed where the types are checked, so nn.Module is Any there.

import math

from language_model import LanguageModel
from network_sizes import Sizes
from torch import nn
from vision_tower import VisionTower, smooth_positions


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
        positions = self.visual.pos_embed.weight
        positions.data += smooth_positions(sizes.positions_per_side, positions.shape[1])
