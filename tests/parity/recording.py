"""What a runtime makes of the cases, as plain numbers that a test in another process can compare.

Both runtimes get the demo model's weights in float32, so that what differs is the runtime and not the rounding.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.core.checkpoint import find_checkpoint, read_checkpoint
from app.core.events import Finished, TextPiece
from app.core.models.adapter import read_low_ranks
from app.core.models.adapter_files import layer_name
from app.core.prompt import ChatFormat
from app.core.vision import patches_from_frames
from tests.parity.cases import digest, make_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from app.core.backend import Backend
    from app.core.checkpoint import Checkpoint
    from app.core.models.adapter import Adapter
    from app.core.requests import Request

DEMO_LORA = Path(__file__).resolve().parents[1] / "demo_lora"
"""A LoRA by which the demo model describes pictures in another wording; packaging/demo_model/train_adapter.py."""
ADAPTED_PART = 0
"""The cases that are asked with it."""
ADAPTED_FILE = "parity-mlx-adapter.json"
_LOGITS_OF = {
    "mlx": ("app.backends.mlx_backend", "_Loaded", "_logits"),
    "transformers": ("app.backends.torch_decoder", "Decoder", "logits"),
}
"""Where each backend has the logits of a prompt's last token."""


def float32_demo(folder: Path, adapter: Adapter | None = None) -> Checkpoint:
    """The demo model with its very weights, each written as a float32, and what an adapter adds to them."""
    added = {} if adapter is None else {f"{low.layer}.weight": low.up @ low.down for low in read_low_ranks(adapter)}
    demo = find_checkpoint("demo")
    folder.mkdir(parents=True, exist_ok=True)
    for file in demo.folder.iterdir():
        if file.suffix in {".json", ".jinja"}:
            (folder / file.name).write_bytes(file.read_bytes())
    data = (demo.folder / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    body = b""
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        assert entry["dtype"] == "BF16"
        values = np.frombuffer(data[start + first : start + last], dtype="<u2").astype("<u4") << 16
        if layer_name(name) in added:
            values = (values.view("<f4") + added.pop(layer_name(name)).ravel()).view("<u4")
        entry |= {"dtype": "F32", "data_offsets": [len(body), len(body) + values.nbytes]}
        body += values.tobytes()
    assert not added
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + body)
    return read_checkpoint(folder, "demo in float32")


def record(backend: Backend, checkpoint: Checkpoint, part: int) -> dict[str, Any]:
    """For every case of a part by its name: digests of what goes in, the first logits, and the greedy answer.

    To be called on the model thread, the checkpoint loaded.
    """
    chat = ChatFormat(checkpoint)
    found: dict[str, Any] = {}
    with drawn_logits(backend.name) as logits:
        for case in make_cases(part):
            if case.before is not None:
                answered(backend, case.before)
            logits.clear()
            text, reused = answered(backend, case.request)
            prompt = chat.encode(case.request)
            parts = [patches_from_frames(span.frames) for span in prompt.media]
            found[case.request.request_id] = {
                "tokens": digest(prompt.token_ids),
                "positions": digest(prompt.positions),
                "grids": [list(span.grid) for span in prompt.media],
                "patches": digest(*(patches for patches, _ in parts)),
                "logits": logits[0].tolist(),
                "answer": text,
                "reused": reused,
            }
    return found


def answered(backend: Backend, request: Request) -> tuple[str, int]:
    """The answer, and how many tokens of its prompt were taken over from the one before."""
    text = ""
    for event in backend.generate([request], lambda _: False):
        if isinstance(event, TextPiece):
            text += event.text
        elif isinstance(event, Finished):
            assert event.error is None, event.error
            reused = event.figures.reused_tokens
    return text, reused


@contextmanager
def drawn_logits(backend_name: str) -> Iterator[list[NDArray[np.float32]]]:
    """The logits of every token that is drawn, (V,) each, while it is open."""
    from importlib import import_module

    module, class_name, method = _LOGITS_OF[backend_name]
    owner = getattr(import_module(module), class_name)
    plain = getattr(owner, method)
    seen: list[NDArray[np.float32]] = []

    def watched(self: Any, hidden: Any) -> Any:
        logits = plain(self, hidden)
        seen.append(np.array(logits.tolist(), dtype=np.float32).reshape(-1))
        return logits

    setattr(owner, method, watched)
    try:
        yield seen
    finally:
        setattr(owner, method, plain)
