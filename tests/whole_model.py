"""Model folders that are whole, as far as can be told without a runtime: no weights of any use are in them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CONFIG: dict[str, Any] = {
    "model_type": "qwen3_vl",
    "text_config": {"max_position_embeddings": 262_144, "dtype": "bfloat16", "eos_token_id": 151_645},
    "vision_config": {"depth": 24},
    "image_token_id": 151_655,
    "video_token_id": 151_656,
}


def weights(size_bytes: int = 0, names: Sequence[str] = ("model.visual.a",), kind: str = "BF16") -> bytes:
    """A safetensors file with so many bytes in its last tensor."""
    header = {name: {"dtype": kind, "shape": [size_bytes // 2], "data_offsets": [0, size_bytes]} for name in names}
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + bytes(size_bytes)


def write_whole_model(folder: Path, config: dict[str, Any] | None = None, parts: int = 1, size_bytes: int = 64) -> Path:
    """Writes a whole model with an index if it has several parts."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG if config is None else config), encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    (folder / "chat_template.jinja").write_text("{{ messages }}", encoding="utf-8")
    if parts == 1:
        (folder / "model.safetensors").write_bytes(weights(size_bytes))
        return folder
    names = [f"model-{part + 1:05}-of-{parts:05}.safetensors" for part in range(parts)]
    for number, name in enumerate(names):
        (folder / name).write_bytes(weights(size_bytes, (f"model.visual.{number}",)))
    index = {"weight_map": {f"model.visual.{number}": name for number, name in enumerate(names)}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def cached(cache_dir: Path, repository: str, files: Path, revision: str, *, is_main: bool = True) -> Path:
    """Puts a folder's files into a cache as huggingface_hub lays it out, with links; gives the snapshot."""
    import hashlib

    repo = cache_dir / f"models--{repository.replace('/', '--')}"
    snapshot = repo / "snapshots" / revision
    snapshot.mkdir(parents=True)
    (repo / "blobs").mkdir(exist_ok=True)
    (repo / "refs").mkdir(exist_ok=True)
    for file in sorted(files.iterdir()):
        data = file.read_bytes()
        blob = repo / "blobs" / hashlib.sha256(data).hexdigest()
        blob.write_bytes(data)
        (snapshot / file.name).symlink_to(os.path.relpath(blob, snapshot))
    if is_main:
        (repo / "refs" / "main").write_text(revision, encoding="ascii")
    return snapshot
