"""Trains the demo model from nothing on drawn pictures and writes its checkpoints.

    python packaging/demo_model/train.py --out demo-train --minutes 120

Two processes share the work, each with one thread; every batch is drawn from the seed, the
stage, the step and the process's number. A run that was ended goes on with `--resume`.
"""

import argparse
import math
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from batches import Mixture, chat_batch, vision_batch
from demo_tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from dense_head import DenseHead
from learning import chat_loss, vision_loss
from network import DemoModel
from network_sizes import Sizes
from torch import Tensor, distributed, multiprocessing

VISION_SHARE = 0.18
VISION_TOKENS = 320
CHAT_TOKENS = 2600
VISION_RATE = 1.5e-3
CHAT_RATE = 1.5e-3
TOWER_FACTOR = 0.7
HEAD_FACTOR = 2.0
PLATEAU, COOLING_FROM = 0.36, 0.88
"""The rate falls along a cosine to this share of its peak, stays there, and falls to nothing at the end."""
EMA_DECAY = 0.998
LOG_STEPS = 100
SAVE_STEPS = 250


@dataclass
class Tally:
    """Running means for the log."""

    values: dict[str, list[float]] = field(default_factory=dict)
    tasks: dict[str, list[int]] = field(default_factory=dict)

    def add(self, log: dict[str, float], counts: dict[str, tuple[int, int]] | None = None) -> None:
        """Takes in one step."""
        for name, value in log.items():
            self.values.setdefault(name, []).append(value)
        for task, (good, total) in (counts or {}).items():
            entry = self.tasks.setdefault(task, [0, 0])
            entry[0] += good
            entry[1] += total

    def text(self) -> str:
        """One line with the means and the share of exact answers per task; then starts anew."""
        means = " ".join(f"{name}={sum(vs) / len(vs):.3f}" for name, vs in self.values.items())
        tasks = " ".join(f"{task}={good / total:.2f}({total})" for task, (good, total) in sorted(self.tasks.items()))
        self.values, self.tasks = {}, {}
        return f"{means} | {tasks}" if tasks else means


@dataclass
class Progress:
    """How far a run has come."""

    stage: str = "vision"
    step: int = 0
    pictures: int = 0
    elapsed_s: float = 0.0


def _rate(stage: str, step: int, part: float) -> float:
    warm = min(1.0, (step + 1) / 200)
    if stage == "vision":
        return VISION_RATE * warm * (1.0 if part < 0.7 else 1 - 0.5 * (part - 0.7) / 0.3)
    if part < COOLING_FROM:
        return CHAT_RATE * warm * max(PLATEAU, 0.5 * (1 + math.cos(math.pi * part)))
    return CHAT_RATE * warm * (0.01 + PLATEAU * (1 - min(1.0, part)) / (1 - COOLING_FROM))


def _share_gradients(parameters: list[torch.nn.Parameter], workers: int) -> float:
    """Averages gradients over the processes, clips them to norm 1; the norm before."""
    flat = torch.cat([(p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in parameters])
    distributed.all_reduce(flat)
    flat /= workers
    norm = float(flat.norm())
    flat *= min(1.0, 1.0 / (norm + 1e-6))
    at = 0
    for parameter in parameters:
        parameter.grad = flat[at : at + parameter.numel()].view_as(parameter)
        at += parameter.numel()
    return norm


def _save(path: Path, state: dict[str, Any]) -> None:
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


class Run:
    """One process of a training run."""

    def __init__(self, rank: int, options: argparse.Namespace) -> None:
        self.rank, self.options = rank, options
        torch.set_num_threads(1)
        torch.manual_seed(options.seed)
        self.tokenizer = load_tokenizer(options.out)
        self.model = DemoModel(Sizes(vocab_size=self.tokenizer.get_vocab_size()))
        self.head = DenseHead(self.model.sizes.hidden_size)
        self.progress = Progress()
        self.vision_progress: dict[str, Any] | None = None
        self.state: dict[str, Any] = {}
        path = options.out / "latest.pt"
        if options.resume and path.exists():
            self.state = torch.load(path, weights_only=True)
            self.model.load_state_dict(self.state["model"])
            self.head.load_state_dict(self.state["head"])
            self.progress = Progress(**self.state["progress"])
            self.vision_progress = self.state.get("vision_progress")
        self.average = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        if self.state:
            self.average = self.state["average"]

    def _groups(self, stage: str) -> list[dict[str, Any]]:
        """Parameters with their share of the learning rate."""
        is_chat = stage == "chat"
        tower = [p for name, p in self.model.visual.named_parameters() if is_chat or "deepstack" not in name]
        groups: list[dict[str, Any]] = [
            {"params": tower, "factor": TOWER_FACTOR if is_chat else 1.0},
            {"params": list(self.head.parameters()), "factor": HEAD_FACTOR if is_chat else 1.0},
        ]
        if is_chat:
            groups.append({"params": list(self.model.language_model.parameters()), "factor": 1.0})
        return groups

    def _part(self, started: float) -> float:
        """How much of the stage is done, 0-1, by time or by steps; the same in all processes."""
        options, stage = self.options, self.progress.stage
        steps = options.vision_steps if stage == "vision" else options.chat_steps
        if steps:
            return float(self.progress.step / steps)
        minutes = options.minutes * (VISION_SHARE if stage == "vision" else 1 - VISION_SHARE)
        spent = torch.tensor([time.monotonic() - started + self.progress.elapsed_s])
        distributed.broadcast(spent, 0)
        return float(spent.item() / 60 / minutes)

    def _step(self, rng: random.Random, part: float, tally: Tally) -> Tensor:
        if self.progress.stage == "vision":
            frames, dense = vision_batch(rng, VISION_TOKENS, small=rng.random() < (0.7 if part < 0.6 else 0.35))
            self.progress.pictures += len(frames) * self.options.workers
            loss, log = vision_loss(self.model, self.head, frames, dense)
            tally.add(log)
            return loss
        kind = random.Random(f"{self.options.seed}-kind-{self.progress.step}").random()
        batch = chat_batch(self.tokenizer, rng, kind, CHAT_TOKENS, Mixture(**vars(self.options.mixture)))
        self.progress.pictures += len(batch.ids) * max(1, len(batch.frames)) * self.options.workers
        loss, log, counts = chat_loss(self.model, self.head, batch)
        tally.add(log, counts)
        return loss

    def _optimiser(self, stage: str, *, fresh: bool) -> torch.optim.Optimizer:
        groups = self._groups(stage)
        factors = [group["factor"] for group in groups]
        optimiser = torch.optim.AdamW(groups, 1e-3, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        if not fresh:
            optimiser.load_state_dict(self.state["optimiser"])
            for group, factor in zip(optimiser.param_groups, factors, strict=True):
                group["factor"] = factor
        return optimiser

    def _average_weights(self, step: int) -> None:
        decay = min(EMA_DECAY, step / (step + 20))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)

    def stage(self, stage: str) -> None:
        """Runs one stage to its end."""
        options, progress = self.options, self.progress
        fresh = progress.stage != stage or "optimiser" not in self.state
        if progress.stage != stage:
            self.progress = progress = Progress(stage, 0, progress.pictures, 0.0)
            self.average = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        optimiser = self._optimiser(stage, fresh=fresh)
        everything = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        tally, started, before_s = Tally(), time.monotonic(), progress.elapsed_s
        while (part := self._part(started)) < 1:
            rate = _rate(stage, progress.step, part)
            for group in optimiser.param_groups:
                group["lr"] = rate * group["factor"]
            rng = random.Random(f"{options.seed}-{stage}-{progress.step}-{self.rank}")
            self._step(rng, part, tally).backward()
            tally.add({"norm": _share_gradients(everything, options.workers)})
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            progress.step += 1
            self._average_weights(progress.step)
            if self.rank == 0:
                self._report(optimiser, tally, rate, time.monotonic() - started + before_s)
        spent_s = time.monotonic() - started + before_s
        if stage == "vision":
            self.vision_progress = {**vars(progress), "elapsed_s": spent_s}
        if self.rank == 0:
            self._write(optimiser, spent_s)

    def _report(self, optimiser: torch.optim.Optimizer, tally: Tally, rate: float, spent_s: float) -> None:
        progress = self.progress
        if progress.step % LOG_STEPS == 0:
            told = f"{progress.stage} {progress.step} {progress.pictures} {spent_s:.0f}s lr={rate:.1e}"
            print(told, tally.text(), flush=True)
        if progress.step % SAVE_STEPS == 0:
            self._write(optimiser, spent_s)

    def _write(self, optimiser: torch.optim.Optimizer, spent_s: float) -> None:
        _save(
            self.options.out / "latest.pt",
            {
                "model": self.model.state_dict(), "average": self.average, "head": self.head.state_dict(),
                "optimiser": optimiser.state_dict(), "progress": {**vars(self.progress), "elapsed_s": spent_s},
                "vision_progress": self.vision_progress, "sizes": self.model.sizes.as_dict(), "seed": self.options.seed,
            },
        )  # fmt: skip


def _work(rank: int, options: argparse.Namespace) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{options.out.resolve()}/rendezvous", rank=rank, world_size=options.workers
    )
    run = Run(rank, options)
    if run.progress.stage == "vision":
        run.stage("vision")
    run.stage("chat")
    distributed.barrier()
    distributed.destroy_process_group()


def main() -> None:
    """Reads the arguments and starts the processes."""
    parser = argparse.ArgumentParser(description="Train the demo model from nothing.")
    parser.add_argument("--out", type=Path, default=Path("demo-train"), help="folder for checkpoints and the tokenizer")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=120.0, help="time for both stages")
    parser.add_argument("--vision-steps", type=int, default=0, help="steps instead of minutes for the first stage")
    parser.add_argument("--chat-steps", type=int, default=0, help="steps instead of minutes for the second stage")
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each")
    parser.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    for name, share in vars(Mixture()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=share, help="share of the batches")
    options = parser.parse_args()
    options.mixture = argparse.Namespace(**{name: getattr(options, name) for name in vars(Mixture())})
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "rendezvous").unlink(missing_ok=True)
    if not (options.resume and (options.out / "tokenizer.json").exists()):
        save_tokenizer(train_tokenizer(options.seed), options.out)
    multiprocessing.spawn(_work, (options,), nprocs=options.workers)


if __name__ == "__main__":
    main()
