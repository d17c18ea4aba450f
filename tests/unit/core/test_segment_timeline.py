from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ErrorText
from app.core.events import Figures
from app.core.merging import batches, merging_question, timeline_text
from app.core.moments import Moment
from app.core.results import SegmentRecord
from app.core.segment_timeline import span_text, timeline_of


def told(answer: str, start_s: float = 60.0, end_s: float = 120.0, tokens: int = 0) -> SegmentRecord:
    return SegmentRecord(start_s, end_s, answer=answer, outcome="done", figures=Figures(answer_tokens=tokens))


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ("A red circle\n\nmoves.", [(60.0, 120.0, "A red circle moves.")]),
        ("<62.5 seconds> A door opens.", [(62.5, None, "A door opens.")]),
        (
            "- **1:05 – 1:10**: A man enters.\n- 1:12.5: He sits.",
            [(65.0, 70.0, "A man enters."), (72.5, None, "He sits.")],
        ),
        (
            "1. 61 - 64 seconds: It rains.\n2. At 90.0s, it stops.",
            [(61.0, 64.0, "It rains."), (90.0, None, "it stops.")],
        ),
        ("| 01:05.20 - 01:10.00 | A goal |", [(65.2, 70.0, "A goal")]),
        ('```json\n[{"start": "01:05.20", "end": "01:10", "event": "A goal"}]\n```', [(65.2, 70.0, "A goal")]),
        ('[{"start": 61, "end": 200, "label": "Run", "note": "fast"}]', [(61.0, 120.0, "Run")]),
        ("1:05–1:10：一个人进来。", [(65.0, 70.0, "一个人进来。")]),
        # A time that is not in the segment is a slip.
        ("0:05: A door opens.", [(60.0, 120.0, "0:05: A door opens.")]),
        ("5 apples lie there.", [(60.0, 120.0, "5 apples lie there.")]),
        ("1:05", [(60.0, 120.0, "1:05")]),
    ],
)
def test_times_of_an_answer_become_rows(answer: str, rows: list[tuple[float, float | None, str]]) -> None:
    assert timeline_of([told(answer)]) == tuple(Moment(*row) for row in rows)


def test_rows_stand_in_order_and_twice_seen_is_told_once() -> None:
    rows = timeline_of(
        [told("1:59: Bell", 60, 120), told("1:59: Bell\n1:58.5: Step", 118, 180), SegmentRecord(178, 240)]
    )
    assert [(row.start_s, row.text) for row in rows] == [(118.5, "Step"), (119.0, "Bell")]


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e4), st.text(max_size=80)), max_size=5))
def test_every_answered_segment_has_a_row_within_its_times(parts: list[tuple[float, float, str]]) -> None:
    segments = [told(text, start_s, start_s + lasts_s) for start_s, lasts_s, text in parts]
    rows = timeline_of(segments)
    for segment in segments:
        assert any(segment.start_s <= row.start_s <= (row.end_s or row.start_s) <= segment.end_s for row in rows)


def test_spans_read_as_players_show_them() -> None:
    assert span_text(0, 768) == "0:00 – 12:48"
    assert span_text(3600, 3661) == "1:00:00 – 1:01:01"
    assert span_text(1.75, 4.0) == "0:01.8 – 0:04.0"
    assert span_text(5.0) == "0:05"


def test_the_merging_question_has_every_answer_under_its_true_range() -> None:
    text = merging_question("How many {parts}?", [told("Two {count}.", 0, 60), told("Three.", 58, 120)])
    assert text.count("How many {parts}?") == 1
    assert "0:00 – 1:00 (0.0 to 60.0 seconds):\nTwo {count}." in text
    assert "0:58 – 2:00 (58.0 to 120.0 seconds):\nThree." in text
    assert "in 2 parts" in text
    failed = SegmentRecord(58, 120, outcome="failed", error=ErrorText("Damaged.", "Copy it."))
    assert "Not looked at: Damaged. Copy it." in merging_question("How many?", [failed])


def test_a_chinese_question_is_merged_in_chinese() -> None:
    assert "请针对整段视频" in merging_question("发生了什么？", [told("门开了。")])
    table = timeline_text("发生了什么？", [told("门开了。")])
    assert table.splitlines() == ["### 时间线", "", "| 时间 | 内容 |", "| --- | --- |", "| 1:00 – 2:00 | 门开了。 |"]


def test_the_timeline_is_a_table_whatever_was_answered() -> None:
    failed = SegmentRecord(118, 180, outcome="failed", error=ErrorText("Damaged."))
    lines = timeline_text("What?", [told("a | b\n# c"), failed]).splitlines()
    assert lines[4:] == ["| 1:00 – 2:00 | a \\| b # c |", "| 1:58 – 3:00 | Not looked at: Damaged. |"]


def test_answers_that_fit_together_are_one_batch() -> None:
    segments = [told("x" * 40, tokens=10) for _ in range(6)]
    assert batches("?", segments, None) == [segments]
    assert batches("?", segments, 5_000) == [segments]


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=30), st.integers(500, 5_000))
def test_batches_keep_order_and_become_fewer(tokens: list[int], room: int) -> None:
    segments = [told("x " * count, number, number + 1, tokens=count) for number, count in enumerate(tokens)]
    found = batches("?", segments, room)
    assert [segment.start_s for batch in found for segment in batch] == list(range(len(tokens)))
    assert sum(len(batch) for batch in found) == len(segments)
    assert all(len(batch) > 1 for batch in found[:-1])
    assert len(segments) == 1 or len(found) < len(segments)
