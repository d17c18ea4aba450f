"""LoRA folders with random or given matrices, as PEFT and as mlx-vlm write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ATTENTION = tuple(f"self_attn.{name}_proj" for name in "qkvo")
MLP = tuple(f"mlp.{name}_proj" for name in ("gate", "up", "down"))


def weight_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Of a model's file with plain weights: every tensor's shape."""
    data = (folder / "model.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return {name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}


def linear_layers(folder: Path, *kinds: str) -> dict[str, tuple[int, int]]:
    """(O, I) of every layer of these kinds, by transformers' name."""
    found = {}
    for name, shape in weight_shapes(folder).items():
        module = name.removesuffix(".weight")
        if len(shape) == 2 and module != name and module.endswith(kinds or (*ATTENTION, *MLP)):
            found[module] = (shape[0], shape[1])
    return found


def random_matrices(
    layers: Mapping[str, tuple[int, int]], rank: int = 4, seed: int = 1, size: float = 0.3
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """A and B of each layer, (R, I) and (O, R); a size of 0 makes B as it is before any training."""
    random = np.random.default_rng(seed)
    return {
        name: (
            (random.standard_normal((rank, takes)) / np.sqrt(takes)).astype(np.float32),
            (random.standard_normal((gives, rank)) * size).astype(np.float32),
        )
        for name, (gives, takes) in layers.items()
    }


def write_peft(
    folder: Path,
    matrices: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]],
    *,
    prefix: str = "base_model.model.",
    alpha: float = 8,
    **config: Any,
) -> Path:
    """What PEFT's save_pretrained writes."""
    rank = next(iter(matrices.values()))[0].shape[0]
    tensors: dict[str, NDArray[np.float32]] = {}
    for module, (down, up) in matrices.items():
        tensors |= {f"{prefix}{module}.lora_A.weight": down, f"{prefix}{module}.lora_B.weight": up}
    write_safetensors(folder / "adapter_model.safetensors", tensors)
    known = {
        "peft_type": "LORA",
        "base_model_name_or_path": "",
        "r": rank,
        "lora_alpha": alpha,
        "target_modules": sorted({module.rsplit(".", 1)[-1] for module in matrices}),
        "bias": "none",
        "modules_to_save": None,
        "use_rslora": False,
        "use_dora": False,
        "rank_pattern": {},
        "alpha_pattern": {},
        "init_lora_weights": True,
    }
    return _with_config(folder, known | config)


def write_mlx(
    folder: Path,
    matrices: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]],
    *,
    scale: float = 2.0,
    is_old: bool = False,
) -> Path:
    """What mlx-vlm's trainer writes, today or in its earlier versions."""
    rank = next(iter(matrices.values()))[0].shape[0]
    names = ("A", "B") if is_old else ("lora_a", "lora_b")
    tensors: dict[str, NDArray[np.float32]] = {}
    for module, sides in matrices.items():
        tensors |= {f"{mlx_name(module)}.{name}": side.T for name, side in zip(names, sides, strict=True)}
    write_safetensors(folder / "adapters.safetensors", tensors)
    if is_old:
        return _with_config(folder, {"rank": rank, "alpha": scale * rank, "dropout": 0.0})
    keys = [mlx_name(module) for module in matrices]
    lora = {"rank": rank, "dropout": 0.0, "scale": scale, "keys": keys}
    return _with_config(folder, {"fine_tune_type": "lora", "num_layers": -1, "lora_parameters": lora})


def mlx_name(module: str) -> str:
    """A layer's name in mlx-vlm, from transformers'."""
    if module.startswith("model.visual."):
        return module.replace("model.visual.", "vision_tower.", 1)
    return module.replace("model.language_model.", "language_model.model.", 1)


def write_safetensors(file: Path, tensors: Mapping[str, NDArray[np.float32]]) -> None:
    """Writes float32 tensors."""
    file.parent.mkdir(parents=True, exist_ok=True)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, tensor in tensors.items():
        data = np.ascontiguousarray(tensor, dtype="<f4").tobytes()
        offsets = [len(body), len(body) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        body += data
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    file.write_bytes(len(head).to_bytes(8, "little") + head + body)


def change_config(folder: Path, **config: Any) -> None:
    """Other settings in a folder that is written already."""
    known = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    _with_config(folder, known | config)


def keep_layers(
    matrices: Mapping[str, tuple[NDArray[np.float32], NDArray[np.float32]]], layers: Sequence[int]
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Those of some decoder layers alone."""
    return {name: sides for name, sides in matrices.items() if any(f".layers.{layer}." in name for layer in layers)}


def _with_config(folder: Path, config: Mapping[str, Any]) -> Path:
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    return folder
