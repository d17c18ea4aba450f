"""The throw-away head that teaches the vision tower patch by patch; it is never exported.

Each merged token says, for each of its four patches: what covers it, in which colour, and
where the thing's box lies, relative to the token's centre
and to the picture, and in which of the nine places.
"""

# mypy: allow-subclassing-any
# torch is not installed where the types are checked, so nn.Module is Any there.

import torch
from drawing import CLASS_COUNT, DIGIT_CLASS, IGNORE
from network_sizes import MERGE, PATCH_PX
from scenes import LEFT_END, PLACES, RIGHT_START
from shape_colours import COLOUR_NAMES
from torch import Tensor, nn
from torch.nn import functional

BOX_UNIT_PX = 96.0
PLACE_COUNT = len(PLACES)
_PER_PATCH = CLASS_COUNT + len(COLOUR_NAMES) + 4
_PLACE_PER_PATCH = PLACE_COUNT + 4
BINS = 21
"""Steps of a twentieth of the picture in which each side of a box is also said: near to the digits of an answer."""


class DenseHead(nn.Module):
    """A linear reading of merged tokens."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.read = nn.Linear(width, MERGE * MERGE * _PER_PATCH)
        self.place = nn.Linear(width, MERGE * MERGE * _PLACE_PER_PATCH)
        self.bins = nn.Linear(width, MERGE * MERGE * 4 * BINS)
        self.token_class = nn.Linear(width, DIGIT_CLASS)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (B, N, D) to readings (B, P, K), one part of K after the other, in merge-block order."""
        tokens = self.norm(tokens)
        read = self.read(tokens).view(tokens.shape[0], -1, _PER_PATCH)
        place = self.place(tokens).view(tokens.shape[0], -1, _PLACE_PER_PATCH)
        bins = self.bins(tokens).view(tokens.shape[0], -1, 4 * BINS)
        return torch.cat((read, place, bins, self.token_class(tokens).repeat_interleave(MERGE * MERGE, 1)), -1)


def block_order(grid: Tensor) -> Tensor:
    """A label grid (B, R, C, ...) as rows (B, P, ...) in merge-block order."""
    batch, rows, columns = grid.shape[:3]
    rest = grid.shape[3:]
    blocks = grid.view(batch, rows // MERGE, MERGE, columns // MERGE, MERGE, *rest)
    return blocks.transpose(2, 3).reshape(batch, rows * columns, *rest)


def _token_centres(rows: int, columns: int) -> Tensor:
    row = torch.arange(rows // MERGE).repeat_interleave(columns // MERGE) * MERGE * PATCH_PX + PATCH_PX
    column = torch.arange(columns // MERGE).repeat(rows // MERGE) * MERGE * PATCH_PX + PATCH_PX
    centre = torch.stack((column, row, column, row), -1).float()
    return centre.repeat_interleave(MERGE * MERGE, 0)


def _places(centres: Tensor) -> Tensor:
    """Places (K,) of centres (K, 2), 0-1 across and down."""
    left, right = LEFT_END, RIGHT_START
    band = (centres > left).long() + (centres > right).long()
    return 3 * band[:, 1] + band[:, 0]


def _token_classes(classes: Tensor) -> Tensor:
    """The one shape that each merged token touches (N,): 0 for none, IGNORE for digits or two shapes."""
    patches = classes.view(-1, MERGE * MERGE)
    largest = patches.max(-1).values
    smallest = torch.where(patches > 0, patches, CLASS_COUNT).min(-1).values
    unsure = (largest >= DIGIT_CLASS) | ((largest > 0) & (smallest != largest)) | (patches == IGNORE).all(-1)
    return torch.where(unsure, IGNORE, largest.clamp(min=0))


def dense_loss(readings: Tensor, classes: Tensor, colours: Tensor, extents: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Loss of the readings against the drawn truth, and accuracies for the log.

    Args:
        readings: (B, P, K) from the head.
        classes: (B, R, C) with IGNORE where unsure.
        colours: (B, R, C).
        extents: (B, R, C, 4), pixels.
    """
    rows, columns = classes.shape[1:]
    target, colour, extent = block_order(classes).flatten(), block_order(colours).flatten(), block_order(extents)
    share = (extent / torch.tensor([columns, rows, columns, rows]) / PATCH_PX).flatten(0, 1)
    extent = ((extent - _token_centres(rows, columns)) / BOX_UNIT_PX).flatten(0, 1)
    flat = readings.float().flatten(0, 1)
    said, said_colour, said_extent, said_place, said_share, said_bins, said_token = flat.split(
        (CLASS_COUNT, len(COLOUR_NAMES), 4, PLACE_COUNT, 4, 4 * BINS, DIGIT_CLASS), dim=-1
    )
    weight = torch.full((CLASS_COUNT,), 1.0)
    weight[0] = 0.3
    loss = functional.cross_entropy(said, target, weight, ignore_index=IGNORE)
    token_target = _token_classes(target)
    token = functional.cross_entropy(said_token[:: MERGE * MERGE], token_target, ignore_index=IGNORE)
    loss = loss + 0.5 * token
    covered = target > 0
    shaped = colour != IGNORE
    shaped &= target > 0
    log: dict[str, float] = {}
    if covered.any():
        loss = loss + functional.smooth_l1_loss(said_extent[covered], extent[covered], beta=0.1)
        loss = loss + 4.0 * functional.smooth_l1_loss(said_share[covered], share[covered], beta=0.02)
        bins = (share[covered] * (BINS - 1)).floor().clamp(0, BINS - 1).long().flatten()
        said_bin = said_bins[covered].reshape(-1, BINS)
        loss = loss + functional.cross_entropy(said_bin, bins)
        log["bin"] = (said_bin.argmax(-1) == bins).float().mean().item()
        found = token_target > 0
        if found.any():
            log["token"] = (said_token[:: MERGE * MERGE].argmax(-1) == token_target)[found].float().mean().item()
        right = said.argmax(-1) == target
        digits = covered & ~shaped
        if digits.any():
            log["digit"] = right[digits].float().mean().item()
        if shaped.any():
            loss = loss + 0.5 * functional.cross_entropy(said_colour[shaped], colour[shaped])
            place = _places((share[shaped][:, :2] + share[shaped][:, 2:]) / 2)
            loss = loss + 0.5 * functional.cross_entropy(said_place[shaped], place)
            log["place"] = (said_place[shaped].argmax(-1) == place).float().mean().item()
            log["shape"] = right[shaped].float().mean().item()
            log["colour"] = (said_colour[shaped].argmax(-1) == colour[shaped]).float().mean().item()
        log["box_px"] = (said_extent[covered] - extent[covered]).abs().mean().item() * BOX_UNIT_PX
    return loss, log
