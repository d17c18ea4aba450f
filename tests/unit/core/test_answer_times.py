"""Times of a video in the words of an answer."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.answer_times import is_time_label, times_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("At <12.3 seconds> the ball leaves", [("<12.3 seconds>", 12.3, None)]),
        ("It leaves at 12.3 seconds.", [("12.3 seconds", 12.3, None)]),
        ("It leaves at about 12.5 s.", [("12.5 s", 12.5, None)]),
        ("The ball (12.3s) leaves", [("12.3s", 12.3, None)]),
        ("0:12", [("0:12", 12, None)]),
        ("see 01:02:03 now", [("01:02:03", 3723, None)]),
        ("at 00:12.50,", [("00:12.50", 12.5, None)]),
        ("0:00 – 0:06", [("0:00 – 0:06", 0, 6)]),
        ("0:00–0:06", [("0:00–0:06", 0, 6)]),
        ("0:00 -> 0:06", [("0:00 -> 0:06", 0, 6)]),
        ("[0:05-0:10] x", [("0:05-0:10", 5, 10)]),
        ("00:00:01,500 --> 00:00:02,500", [("00:00:01,500 --> 00:00:02,500", 1.5, 2.5)]),
        ("from 3.0 to 5.5 seconds", [("3.0 to 5.5 seconds", 3, 5.5)]),
        ("between 3.0 and 5.5 seconds", [("3.0 and 5.5 seconds", 3, 5.5)]),
        ("between 0:05 and 0:10", [("0:05 and 0:10", 5, 10)]),
        ("at 0:05 and 0:10", [("0:05", 5, None), ("0:10", 10, None)]),
        ("<3.0 seconds> - <5.5 seconds>", [("<3.0 seconds> - <5.5 seconds>", 3, 5.5)]),
        ("**0:12**: x", [("0:12", 12, None)]),
        ("- 3.2s: ball", [("3.2s", 3.2, None)]),
        ("12 seconds into the video", [("12 seconds", 12, None)]),
        ("the 12-second mark", [("12-second", 12, None)]),
        ("at 3.0s, 5.5s and 7.2s", [("3.0s", 3, None), ("5.5s", 5.5, None), ("7.2s", 7.2, None)]),
        ("at 1 minute 20 seconds", [("1 minute 20 seconds", 80, None)]),
        ("at 1m20s", [("1m20s", 80, None)]),
        ("from second 3 to second 5", [("second 3 to second 5", 3, 5)]),
        ("3.2秒", [("3.2秒", 3.2, None)]),
        ("第12秒", [("第12秒", 12, None)]),
        ("在1分20秒球离开", [("1分20秒", 80, None)]),
        ("3秒到5秒", [("3秒到5秒", 3, 5)]),
        ("第3到第5秒", [("第3到第5秒", 3, 5)]),
        ("在0:12时", [("0:12", 12, None)]),
        ("00：03至00：05", [("00：03至00：05", 3, 5)]),
        ('[{"start": 3.0, "end": 5.5, "event": "x"}]', [("3.0", 3, 5.5), ("5.5", 5.5, None)]),
        ('{"start_time": "00:03.20", "end_time": "00:05.5"}', [("00:03.20", 3.2, 5.5), ("00:05.5", 5.5, None)]),
        ('{"start_s": 3, "label": "a", "end_s": 5}', [("3", 3, 5), ("5", 5, None)]),
        ('{"start": 3}, {"end": 5}', [("3", 3, None), ("5", 5, None)]),
        ('{"timestamp": [3.0, 5.5]}', [("3.0, 5.5", 3, 5.5)]),
        ('{"time": "12.3"}', [("12.3", 12.3, None)]),
        ("{'time': '12.3 s'}", [("12.3", 12.3, None)]),
        ('{"start_ms": 3000}', [("3000", 3, None)]),
        ('{"开始时间": 3, "结束时间": 5}', [("3", 3, 5), ("5", 5, None)]),
        ("The given query happens in 3.0 - 5.5 seconds.", [("3.0 - 5.5 seconds", 3, 5.5)]),
        ("5 seconds in, it falls", [("5 seconds", 5, None)]),
        ("at 00:05.2s", [("00:05.2s", 5.2, None)]),
        ("at 1.5 minutes", [("1.5 minutes", 90, None)]),
        ("the 2-minute mark", [("2-minute", 120, None)]),
        ("在2分钟时", [("2分钟", 120, None)]),
        ("start_time: 3.2\nend_time: 5.6", [("3.2", 3.2, 5.6), ("5.6", 5.6, None)]),
        ("{start: 3, end: 5}", [("3", 3, 5), ("5", 5, None)]),
        ('["0:03", "0:05"]', [("0:03", 3, None), ("0:05", 5, None)]),
        ('"0:12"', [("0:12", 12, None)]),
        ('{"event": "it falls at 0:12"}', [("0:12", 12, None)]),
    ],
)
def test_times_are_found(text: str, found: list[tuple[str, float, float | None]]) -> None:
    assert [(text[t.begin : t.end], t.start_s, t.end_s) for t in times_in(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "in 16:9",
        "an aspect ratio of 16:10",
        "a score of 2:10",
        "2:1",
        "at 10:30 am",
        "at 10:30 p.m.",
        "the clock shows 10:30",
        "上午10:30",
        "A sign reads 10:30",
        'A sign says: "10:30"',
        "The title is “10:30”",
        "at 5:30 in the morning",
        "牌子上写着“10:30”",
        "画面显示10:30",
        "比分21:15",
        "John 3:16",
        "1 John 3:16-18",
        "v1:02",
        "127.0.0.1:80",
        "[::1]:8080",
        "00:11:22:33:44:55",
        "2024-05-01 10:30:00",
        "2024-05-01T10:30:00",
        "https://a.b/watch?t=0:12",
        "$0:12$",
        r"\(0:12\)",
        "line[0:12]",
        "0:75",
        "1:60:10",
        "1.2.3 seconds",
        "lasts 3 seconds",
        "for about 3 seconds",
        "for 2-3 seconds",
        "3 seconds later",
        "every 2 seconds",
        "a 14-second clip",
        "the video is 14 seconds long",
        "Duration: 14 seconds",
        "3 s of silence",
        "in 5 seconds",
        "it happens in 5 seconds",
        "at 3 s intervals",
        "at 25 s/m",
        "a 2-minute clip",
        "for 2 minutes",
        "2分钟的视频",
        "start: 3 apples",
        "持续3秒",
        "时长：14秒",
        "每3秒",
        "3秒后",
        '{"bbox_2d": [3, 5, 7, 9], "count": 3, "start_page": 2}',
    ],
)
def test_what_only_looks_like_a_time_is_none(text: str) -> None:
    assert times_in(text) == ()


def test_what_lies_behind_the_end_of_the_video_is_no_time() -> None:
    assert [t.start_s for t in times_in("0:03, 0:12, 10:30", 14.0)] == [3, 12]
    assert times_in('{"time": 1700000, "end": 15.5}', 14.0) == ()


def test_a_little_behind_the_end_is_the_end() -> None:
    (found,) = times_in("0:12 – 0:15", 14.2)
    assert (found.start_s, found.end_s) == (12, 14.2)
    (found,) = times_in("0:15", 14.2)
    assert (found.start_s, found.end_s) == (14.2, None)


def test_numbers_are_times_under_a_head_that_says_so() -> None:
    assert [t.start_s for t in times_in(" 3.5 ", label="Start (s)")] == [3.5]
    assert [(t.start_s, t.end_s) for t in times_in("0.0 - 3.5", label="**Time**")] == [(0, 3.5)]
    assert times_in("3.5", label="Event") == ()
    assert times_in("3.5") == ()


@pytest.mark.parametrize(
    "label", ["time", "Time (s)", "Start", "End time", "Timestamp", "时间", "开始时间", "Time range"]
)
def test_heads_that_say_so(label: str) -> None:
    assert is_time_label(label)


@pytest.mark.parametrize("label", ["Event", "Times seen by people", "Ending", "事件", ""])
def test_heads_that_say_something_else(label: str) -> None:
    assert not is_time_label(label)


_WORDS = (
    "0:12|1:02:03| – |-|<|>|(|[| at |from | to |3.0| s| seconds|秒|第|分|\"|start|end|'|:|: |,|{|}|$|\\(|http://|\n| |"
    "john |ratio |1|2.5|.|。"
)
_PIECES = st.sampled_from(_WORDS.split("|"))


@given(st.lists(_PIECES, max_size=40).map("".join), st.none() | st.floats(0, 100))
def test_any_text_gives_places_in_order_within_the_video(text: str, duration_s: float | None) -> None:
    last = 0
    for found in times_in(text, duration_s):
        assert last <= found.begin < found.end <= len(text)
        assert any(letter.isdigit() for letter in text[found.begin : found.end])
        assert found.end_s is None or found.start_s < found.end_s
        assert duration_s is None or max(found.start_s, found.end_s or 0) <= duration_s
        last = found.end


@given(
    st.floats(0, 99 * 60).map(lambda s: round(s, 2)), st.sampled_from(["at {0}", "({0})", "{0}: it falls", "**{0}**"])
)
def test_every_clock_time_is_read_back(seconds: float, around: str) -> None:
    minutes, rest = divmod(round(seconds * 100), 6_000)
    written = f"{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"
    text = around.format(written)
    (found,) = times_in(text)
    assert text[found.begin : found.end] == written
    assert found.start_s == pytest.approx(seconds, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.lists(_PIECES, min_size=1, max_size=6).map("".join))
def test_twice_the_text_takes_about_twice_as_long(piece: str) -> None:
    short, long = piece * (4_000 // len(piece)), piece * (32_000 // len(piece))
    taken = []
    for text in (short, long):
        began = time.thread_time()
        times_in(text)
        taken.append(time.thread_time() - began)
    assert taken[1] < 24 * taken[0] + 0.1
