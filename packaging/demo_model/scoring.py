"""Scores of answers: exact match, overlap of boxes, direction of motion."""

import json
import re
from typing import Any

Box = tuple[float, float, float, float]


def boxes_in(answer: str) -> list[tuple[Box, str]]:
    """The labelled boxes of an answer; an unreadable answer has none."""
    found = re.search(r"\[.*\]", answer, re.DOTALL)
    try:
        rows: Any = json.loads(found.group(0)) if found else []
        return [((*map(float, row["bbox_2d"]),), str(row.get("label"))) for row in rows]  # type: ignore[misc]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes, 0-1."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return shared / max(1e-9, sum(areas) - shared)


def mean_overlap(said: str, truth: str) -> list[float]:
    """For each true box, its overlap with the box said for the same thing (0 where it is missing)."""
    left = boxes_in(said)
    scores = []
    for box, label in boxes_in(truth):
        rivals = [row for row in left if row[1] == label] or left
        if not rivals:
            scores.append(0.0)
            continue
        best = max(rivals, key=lambda row: overlap(row[0], box))
        left.remove(best)
        scores.append(overlap(best[0], box))
    return scores


def direction_of(sentence: str) -> str:
    """The part of a clip's description that says where to."""
    found = re.search(r"moves (.*)\.$", sentence)
    return found.group(1) if found else ""
