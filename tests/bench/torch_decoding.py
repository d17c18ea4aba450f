"""The transformers backend's speed with random weights: against the memory's bandwidth, and against model.generate.

On a GPU the released 4B and 8B configurations, one prompt of 1,024 tokens of which most are a picture, 256 new tokens,
then eight pictures together; on a processor a tiny model, to see that the script runs. Nothing is downloaded.

    python -m tests.bench.torch_decoding [--sizes 4B 8B] [--runs 3] [--steppings compiled recorded eager]

Two limits are printed. A token cannot be had faster than its weights and cache can be read: bytes over the bandwidth of
a copy that is measured here (bytes read and written over time). The peer is ``model.generate`` as its manual shows it.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.backends.torch_answering import Answering
from app.backends.torch_decoder import STEPPINGS, Decoder
from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.events import Finished
from app.core.prompt import ChatFormat
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from app.core.vision import patches_from_frames
from tests.pictures_made import noise_picture
from tests.random_checkpoint import Widths, write_configuration

if TYPE_CHECKING:
    from app.backends.torch_decoder import Stepping
    from app.core.events import Figures
    from app.core.pictures import Picture

os.environ.setdefault("HF_HUB_OFFLINE", "1")

RELEASED = Widths(
    text_layers=36,
    heads=32,
    kv_heads=8,
    head_dim=128,
    vision_heads=16,
    vocabulary=151_936,
    max_pixels=16_777_216,
)
SIZES = {
    "tiny": Widths(vocabulary=1_024, text_width=128, text_layers=4, dtype="float32"),
    "4B": replace(
        RELEASED, text_width=2_560, mlp_width=9_728, vision_width=1_024, vision_depth=24, vision_mlp_width=4_096
    ),
    "8B": replace(
        RELEASED,
        text_width=4_096,
        mlp_width=12_288,
        vision_width=1_152,
        vision_depth=27,
        vision_mlp_width=4_304,
        is_tied=False,
    ),
}
"""Widths as in the released config.json files."""

WANTED_OF_LIMIT, WANTED_OF_PEER, WANTED_OF_ONE_BY_ONE = 0.60, 2.5, 5.0
_BATCH = 8
_COPIED_BYTES = {"cuda": 1 << 30, "cpu": 1 << 28}
_FILLER = "a"


@dataclass(frozen=True)
class Job:
    """What is asked: a prompt of so many tokens with a picture of this size in it, and so many new tokens."""

    prompt_tokens: int
    side_px: tuple[int, int]
    new_tokens: int


JOBS = {"cuda": Job(1_024, (896, 896), 256), "cpu": Job(128, (224, 224), 32)}


def main() -> int:
    """Measures and prints.

    Returns:
        The exit code.
    """
    import torch
    import transformers

    device = "cuda" if torch.cuda.is_available() else "cpu"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["4B", "8B"] if device == "cuda" else ["tiny"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--steppings", nargs="+", choices=STEPPINGS, default=list(STEPPINGS) if device == "cuda" else ["eager"]
    )
    options = parser.parse_args()
    name = torch.cuda.get_device_name() if device == "cuda" else f"processor, {torch.get_num_threads()} threads"
    bandwidth = copy_bandwidth(torch, device)
    print(
        f"{name}; torch {torch.__version__}, transformers {transformers.__version__}, Python {sys.version.split()[0]}"
    )
    print(f"copy bandwidth {bandwidth / 1e9:.1f} GB/s (read and written)")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            measure(torch, Path(folder), size, JOBS[device], bandwidth, options)
        gc.collect()
        if device == "cuda":
            torch.cuda.empty_cache()
    return 0


def measure(torch: Any, folder: Path, size: str, job: Job, bandwidth: float, options: argparse.Namespace) -> None:
    """One size: the peer, ours in each way of stepping, and a batch against one by one."""
    model, checkpoint = random_model(torch, folder, SIZES[size])
    chat = ChatFormat(checkpoint)
    requests = [asked(chat, job, seed) for seed in range(_BATCH)]
    limit = bandwidth / bytes_per_token(model, job)
    print(f"\n{size}: {job.prompt_tokens} prompt tokens, {job.new_tokens} new; limit {limit:.1f} tokens/s")
    peer_total_s, peer_rate = peer(torch, model, chat, checkpoint, requests[0], options.runs)
    decoder = Decoder(torch, model)
    answering = Answering(torch, checkpoint, chat, decoder)
    print(f"{'':24}{'tokens/s':>10}{'of limit':>10}{'first s':>10}{'whole s':>10}{'× peer':>8}")
    print(f"{'model.generate':24}{peer_rate:10.1f}{peer_rate / limit:10.0%}{'':>10}{peer_total_s:10.2f}{1:8.1f}")
    best: Stepping = options.steppings[0]
    best_rate = 0.0
    for stepping in options.steppings:
        decoder.set_stepping(stepping)
        found = [answer(answering, requests[:1])[0] for _ in range(options.runs + 1)][1:]
        answering.forget()
        rate = statistics.median(figures.tokens_per_s for figures in found)
        first = statistics.median(figures.time_to_first_token_s for figures in found)
        whole = statistics.median(figures.total_s for figures in found)
        print(f"{stepping:24}{rate:10.1f}{rate / limit:10.0%}{first:10.3f}{whole:10.2f}{rate / peer_rate:8.1f}")
        if rate > best_rate:
            best, best_rate = stepping, rate
    decoder.set_stepping(best)
    alone_s, together_s = images(answering, requests, options.runs)
    print(f"{'one by one':24}{60 * _BATCH / alone_s:10.1f} images a minute")
    print(f"{f'{_BATCH} together':24}{60 * _BATCH / together_s:10.1f} images a minute, {alone_s / together_s:.1f}×")
    if decoder.device.type == "cuda":
        for words, value, wanted in (
            ("share of the limit", best_rate / limit, WANTED_OF_LIMIT),
            ("times model.generate", best_rate / peer_rate, WANTED_OF_PEER),
            ("times one by one", alone_s / together_s, WANTED_OF_ONE_BY_ONE),
        ):
            print(f"{words:24}{value:10.2f}, wanted {wanted}: {'met' if value >= wanted else 'MISSED'}")


def copy_bandwidth(torch: Any, device: str) -> float:
    """Bytes a second that a large copy reads and writes."""
    source = torch.ones(_COPIED_BYTES[device], dtype=torch.uint8, device=device)
    into = torch.empty_like(source)
    times = []
    for _ in range(8):
        synchronise(torch)
        began = time.perf_counter()
        into.copy_(source)
        synchronise(torch)
        times.append(time.perf_counter() - began)
    return float(2 * _COPIED_BYTES[device] / min(times))


def synchronise(torch: Any) -> None:
    """Waits for the GPU."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def random_model(torch: Any, folder: Path, widths: Widths) -> tuple[Any, Checkpoint]:
    """transformers' model of these widths with random weights, made where it runs, and what describes it."""
    import transformers

    config = write_configuration(folder, widths)
    (folder / "model.safetensors").touch()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    with torch.device(device):
        model = transformers.Qwen3VLForConditionalGeneration._from_config(
            transformers.Qwen3VLConfig.from_dict(config), dtype=getattr(torch, widths.dtype), attn_implementation="sdpa"
        )
    checkpoint = replace(read_checkpoint(folder, "random"), end_token_ids=())
    return model.eval().requires_grad_(False), checkpoint


def bytes_per_token(model: Any, job: Job) -> float:
    """What must be read for one token: the decoder's weights, the head's, and the cache at its mean length."""
    text = model.model.language_model
    weights = {id(weight): weight for weight in (*text.parameters(), *model.lm_head.parameters())}
    if model.lm_head.weight is not text.embed_tokens.weight:
        del weights[id(text.embed_tokens.weight)]
    config = model.config.text_config
    row = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * text.norm.weight.element_size()
    read = sum(weight.numel() * weight.element_size() for weight in weights.values())
    return float(read + row * (job.prompt_tokens + job.new_tokens / 2))


def asked(chat: ChatFormat, job: Job, seed: int) -> Request:
    """A request whose prompt has exactly so many tokens."""
    picture = noise_picture(seed, *job.side_px)
    short = _request(picture, _FILLER, job, seed)
    missing = job.prompt_tokens - chat.encode(short).length
    request = _request(picture, _FILLER * (1 + missing), job, seed)
    assert chat.encode(request).length == job.prompt_tokens
    return request


def _request(picture: Picture, text: str, job: Job, seed: int) -> Request:
    return Request(f"r{seed}", (Turn(text, (picture,)),), replace(GREEDY, max_tokens=job.new_tokens))


def answer(answering: Answering, requests: list[Request]) -> list[Figures]:
    """Answers requests that nothing is known of; the figures of each."""
    answering._features.clear()
    if answering._held is not None:
        answering._held.token_ids.clear()
    ends = [event for event in answering.answer(requests, lambda _: False) if isinstance(event, Finished)]
    assert all(end.outcome == "length" for end in ends), ends
    return [end.figures for end in ends]


def images(answering: Answering, requests: list[Request], runs: int) -> tuple[float, float]:
    """Seconds for all the requests one by one, and together; each the best of some runs after one that warms up."""
    alone, together = [], []
    for _ in range(runs + 1):
        began = time.perf_counter()
        for request in requests:
            answer(answering, [request])
        alone.append(time.perf_counter() - began)
        began = time.perf_counter()
        answer(answering, requests)
        together.append(time.perf_counter() - began)
    return min(alone[1:]), min(together[1:])


def peer(
    torch: Any, model: Any, chat: ChatFormat, checkpoint: Checkpoint, request: Request, runs: int
) -> tuple[float, float]:
    """``model.generate`` as its manual shows it: seconds for the whole, and tokens a second after the first."""
    prompt = chat.encode(request)
    patches, grid = patches_from_frames(prompt.media[0].frames)
    kinds = {checkpoint.image_token_id: 1}
    device = model.device
    inputs = {
        "input_ids": torch.from_numpy(prompt.token_ids.astype(np.int64))[None].to(device),
        "mm_token_type_ids": torch.tensor([[kinds.get(token, 0) for token in prompt.token_ids.tolist()]]).to(device),
        "pixel_values": torch.from_numpy(patches).to(device, model.dtype),
        "image_grid_thw": torch.tensor([grid]).to(device),
    }
    model.generation_config.eos_token_id = None

    def seconds(new_tokens: int) -> float:
        synchronise(torch)
        began = time.perf_counter()
        said = model.generate(**inputs, max_new_tokens=new_tokens, do_sample=False, pad_token_id=0)
        synchronise(torch)
        assert said.shape[1] == prompt.length + new_tokens
        return time.perf_counter() - began

    count = request.sampling.max_tokens
    times = [(seconds(1), seconds(count)) for _ in range(runs + 1)][1:]
    return statistics.median(whole for _, whole in times), (count - 1) / statistics.median(w - f for f, w in times)


if __name__ == "__main__":
    sys.exit(main())
