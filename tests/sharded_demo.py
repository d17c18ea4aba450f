"""The demo model as large models come: its weights in several files with an index."""

from __future__ import annotations

import json
from functools import cache

from app.core.paths import DEMO_MODEL_DIR

_WEIGHTS = "model.safetensors"
_NOT_NEEDED = ("README.md", "evaluation.json", "training.json", _WEIGHTS)


@cache
def sharded_demo(shards: int = 6) -> dict[str, bytes]:
    """The files of the demo model by name, the weights in so many parts."""
    content = (DEMO_MODEL_DIR / _WEIGHTS).read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    metadata = header.pop("__metadata__", {"format": "pt"})
    names = sorted(header, key=lambda name: header[name]["data_offsets"])
    data_bytes = len(content) - begin
    parts: list[dict[str, bytes]] = [{} for _ in range(shards)]
    for name in names:
        start, end = header[name]["data_offsets"]
        parts[start * shards // data_bytes][name] = content[begin + start : begin + end]
    files = {path.name: path.read_bytes() for path in DEMO_MODEL_DIR.iterdir() if path.name not in _NOT_NEEDED}
    weight_map: dict[str, str] = {}
    for number, tensors in enumerate(parts, 1):
        shard = f"model-{number:05}-of-{shards:05}.safetensors"
        offset, entries = 0, {"__metadata__": metadata}
        for name, data in tensors.items():
            entries[name] = {**header[name], "data_offsets": [offset, offset + len(data)]}
            offset += len(data)
            weight_map[name] = shard
        packed = json.dumps(entries).encode()
        packed += b" " * (-len(packed) % 8)
        files[shard] = len(packed).to_bytes(8, "little") + packed + b"".join(tensors.values())
    index = {"metadata": {"total_size": data_bytes}, "weight_map": weight_map}
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    return files
