"""Measures the demo model: exact answers per task, overlap of boxes, direction of motion.

    python packaging/demo_model/evaluate.py --runtime program --write

The program's own MLX backend answers (or transformers, with `--runtime transformers`, for
comparison); the pictures are drawn from seeds that training never uses.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from answering import Answerer, make_answerer
from evaluation_cases import OPENING, TASKS, Case, sample_cases
from model_card import write_card
from scoring import direction_of, mean_overlap

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "resources" / "demo_model"


class Scores:
    """Right and asked per task, and the figures that are not exact matches."""

    def __init__(self) -> None:
        self.exact: dict[str, list[bool]] = defaultdict(list)
        self.overlaps: list[float] = []
        self.directions: list[bool] = []
        self.misses: list[tuple[str, str, str, str]] = []

    def add(self, case: Case, answers: list[str]) -> None:
        """Takes in the answers to the turns of a case."""
        for turn, answer in zip(case.turns, answers, strict=True):
            if turn.task == OPENING:
                continue
            right = answer.strip() == turn.answer
            self.exact[turn.task].append(right)
            if turn.task == "locate":
                self.overlaps += mean_overlap(answer, turn.answer)
            elif turn.task == "video":
                self.directions.append(direction_of(answer) == direction_of(turn.answer))
            if not right and turn.task != "locate":
                self.misses.append((turn.task, turn.question, turn.answer, answer))

    def table(self) -> dict[str, Any]:
        """The figures, ready for JSON."""
        exact = {
            task: {"asked": len(rows), "exact_percent": round(100 * sum(rows) / len(rows), 1)}
            for task, rows in sorted(self.exact.items())
        }
        figures: dict[str, Any] = {"exact": exact}
        if self.overlaps:
            figures["locate_mean_iou"] = round(sum(self.overlaps) / len(self.overlaps), 3)
        if self.directions:
            figures["video_direction_percent"] = round(100 * sum(self.directions) / len(self.directions), 1)
        return figures


def evaluate(answerer: Answerer, tasks: list[str], count: int, seed: int) -> Scores:
    """Asks `count` cases of every task."""
    scores = Scores()
    for task in tasks:
        started = time.monotonic()
        for case in sample_cases(task, count, seed):
            scores.add(case, answerer.answer(case))
        print(f"{task}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return scores


def keep(folder: Path, runtime: str, table: dict[str, Any]) -> None:
    """Writes the figures beside the model and into its card; other tasks of the same count and seed stay."""
    path = folder / "evaluation.json"
    tables = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    held = tables.get(runtime, {})
    if (held.get("count"), held.get("seed")) == (table["count"], table["seed"]):
        table = {**held, **table, "exact": {**held["exact"], **table["exact"]}}
    tables[runtime] = table
    path.write_text(json.dumps(tables, indent=2) + "\n", encoding="utf-8")
    write_card(folder)


def main() -> None:
    """Reads the arguments, asks, prints the table."""
    parser = argparse.ArgumentParser(description="Measure the demo model.")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--runtime", choices=("program", "transformers"), default="program")
    parser.add_argument("--count", type=int, default=100, help="cases per task")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    parser.add_argument("--misses", type=int, default=0, help="print this many wrong answers per task")
    parser.add_argument("--write", action="store_true", help="write evaluation.json and the model card's table")
    options = parser.parse_args()
    answerer = make_answerer(options.runtime, options.model)
    try:
        scores = evaluate(answerer, options.tasks, options.count, options.seed)
    finally:
        answerer.close()
    table = {"count": options.count, "seed": options.seed, **scores.table()}
    print(json.dumps(table, indent=2))
    shown: dict[str, int] = defaultdict(int)
    for task, question, answer, said in scores.misses:
        shown[task] += 1
        if shown[task] <= options.misses:
            print(f"{task}: {question!r}\n  right {answer!r}\n  said  {said!r}")
    if options.write:
        keep(options.model, options.runtime, table)


if __name__ == "__main__":
    main()
