"""What an answer says happened when."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.moments import Moment
from app.core.timelines import timeline_in

_TABLE = """## Timeline

| time | event |
|---|---|
| 0:00 – 0:06 | An orange circle enters |
| **0:06** | It slows at 0:07 |
| 0:09 – 0:15 | It leaves |

The video ends at 0:14.
"""
_COLUMNS = """| Start (s) | End (s) | What | Where |
|:--|--:|---|---|
| 0.0 | 3.2 | a | left |
| 3.2 | 5 | b \\| c | right |"""
_JSON = """Here it is:
```json
[
  {"start": "00:00.00", "end": "00:03.20", "event": "It {enters} at 0:01"},
  {"box": {"x": 1}, "start": 3.2, "end": 5, "event": "It leaves"},
  {"start": "00:05"""
_LIST = """- **0:00 – 0:06**: ball
- **0:06** it slows at 0:07
* [0:07-0:09] gone
1. <3.0 seconds> - <5.5 seconds>: back
<7.0 seconds> again
The ball falls at 0:05.
0:12"""


@pytest.mark.parametrize(
    ("answer", "moments"),
    [
        (_TABLE, [(0, 6, "An orange circle enters"), (6, None, "It slows at 0:07"), (9, 14, "It leaves")]),
        (_COLUMNS, [(0, 3.2, "a – left"), (3.2, 5, "b \\| c – right")]),
        (_JSON, [(0, 3.2, "It {enters} at 0:01"), (3.2, 5, "It leaves")]),
        (_LIST, [(0, 6, "ball"), (6, None, "it slows at 0:07"), (7, 9, "gone"), (3, 5.5, "back"), (7, None, "again")]),
        ("第3秒：球进入\n- 5秒到7秒：球离开", [(3, None, "球进入"), (5, 7, "球离开")]),
        ('{"events":[{"timestamp":[1.0,2.0],"description":"a"}]}', [(1, 2, "a")]),
        ("[{'start': 1.5, 'end': 2, 'event': 'it'}]", [(1.5, 2, "it")]),
        ("The ball falls at 0:05 and lies there.", []),
        ("| a | b |\n|---|---|\n| 16:9 | 3 |", []),
        ("", []),
    ],
)
def test_moments_are_listed_in_order(answer: str, moments: list[tuple[float, float | None, str]]) -> None:
    assert timeline_in(answer, 14.0) == tuple(Moment(*moment) for moment in moments)


def test_what_begins_behind_the_end_is_left_out() -> None:
    assert timeline_in("- 0:03: a\n- 2:30: b", 14.0) == (Moment(3, None, "a"),)
    assert len(timeline_in("- 0:03: a\n- 2:30: b")) == 2


_PIECES = st.sampled_from(["{", "}", '"', "'", "start", ":", "0:12", "| ", "|", "\n", "---", "- ", "a", ",", "5", "\\"])


@given(st.lists(_PIECES, max_size=60).map("".join))
def test_anything_gives_a_timeline(answer: str) -> None:
    for moment in timeline_in(answer, 20.0):
        assert 0 <= moment.start_s <= 20
        assert moment.end_s is None or moment.start_s < moment.end_s <= 20


@pytest.mark.parametrize(
    "piece", ["{", '{"', "}{", "|", "| 0:12 ", "0:12 a\n", "|a|b|\n", '{"start":1,"a":"', "- ", ">0:12"]
)
def test_long_answers_take_time_in_proportion(piece: str) -> None:
    began = time.thread_time()
    timeline_in(piece * (60_000 // len(piece)) + ("}" * 60_000 if piece == "{" else ""))
    assert time.thread_time() - began < 5
