"""Results for tests of exports: one as they are, and any that could be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from app.core.errors import ErrorText
from app.core.events import Figures
from app.core.footage import FrameWish
from app.core.results import AdapterRecord, ClipRecord, MediaRecord, ModelRecord, Result, SegmentRecord, TurnRecord
from app.core.sampling import GREEDY, MAX_SEED, Sampling

ASKED_AT = datetime(2026, 3, 4, 15, 6, 7, tzinfo=timezone(timedelta(hours=8)))
MODEL = ModelRecord("demo", "sha256:0123", "bf16", "mlx", "mlx 0.32.4, mlx-vlm 0.7.10")
FIGURES = Figures(312, 200, 40, 0.52, 3.1, 30.14, 123_456_789)


def media_record(name: str = "two-shapes.png", path: Path | None = None, sha256: str = "ab" * 32) -> MediaRecord:
    return MediaRecord(name, path, sha256, 640, 480, 640, 480, 300)


def clip_record(name: str = "clip.mp4") -> ClipRecord:
    times_s = (0.0, 0.5, 1.0, 1.5)
    size = (640, 480, 320, 256)
    return ClipRecord(name, None, "cd" * 32, "ef" * 32, *size, 160, 60.0, 30.0, times_s, FrameWish())


def turn_record(question: str = "Describe this image.", answer: str = "A red circle.", **others: Any) -> TurnRecord:
    values = {"media": (), "outcome": "done", "sampling": GREEDY, "figures": FIGURES}
    values |= {"created_at": ASKED_AT, "max_image_tokens": None}
    return TurnRecord(question=question, answer=answer, **{**values, **others})


def result_of(*turns: TurnRecord, **others: Any) -> Result:
    values = {"system": "", "program_version": "0.1.0", "created_at": ASKED_AT}
    return Result(model=MODEL, turns=turns or (turn_record(),), **{**values, **others})


TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "\x00\x1b[31m", "a\r\nb\tc", "undecodable \udcff", "照片 🖼️", "\u2028\u2029", "```\n<b>", "| a |"]
    ),
)
TIMES = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.builds(timezone, st.integers(-12 * 60, 14 * 60).map(lambda minutes: timedelta(minutes=minutes))),
)
COUNTS = st.integers(0, 2**40)
SPANS = st.floats(0, 1e9, allow_nan=False)
PATHS = st.one_of(st.none(), TEXTS.map(lambda text: Path("/pictures") / text.replace("/", "_")))
SHA256S = st.binary(min_size=32, max_size=32).map(bytes.hex)
SIDES = st.integers(1, 100_000)
SAMPLINGS = st.builds(
    Sampling,
    st.integers(1, 262_144),
    st.floats(0, 5),
    st.floats(0, 1),
    st.integers(0, 1_000_000),
    st.floats(0, 1),
    st.floats(0.1, 10),
    st.floats(-2, 2),
    st.one_of(st.none(), st.integers(0, MAX_SEED)),
)
WISHES = st.one_of(
    st.just(FrameWish()),
    st.builds(FrameWish, st.floats(0.01, 1000), st.none(), st.none(), st.none(), st.integers(1, 100_000)),
    st.builds(FrameWish, st.none(), st.integers(4, 768), st.floats(0, 1e5), st.floats(2e5, 3e5)),
)
FRAME_TIMES = st.lists(SPANS, min_size=2, max_size=6).map(lambda times: tuple(times[: len(times) // 2 * 2]))
PICTURES = st.builds(MediaRecord, TEXTS, PATHS, SHA256S, SIDES, SIDES, SIDES, SIDES, st.integers(1, 16_384))
CLIPS = st.builds(
    ClipRecord,
    TEXTS,
    PATHS,
    SHA256S,
    SHA256S,
    SIDES,
    SIDES,
    SIDES,
    SIDES,
    st.integers(1, 24_576),
    SPANS,
    SPANS,
    FRAME_TIMES,
    WISHES,
)
MEDIA = st.one_of(PICTURES, CLIPS)
OUTCOMES = st.sampled_from(["done", "length", "cancelled", "failed"])
FIGURES_ANY = st.builds(Figures, COUNTS, COUNTS, COUNTS, SPANS, SPANS, SPANS, COUNTS)
SEGMENTS = st.builds(
    SegmentRecord,
    st.floats(0, 100),
    st.floats(101, 1e5),
    st.one_of(st.none(), CLIPS),
    TEXTS,
    st.one_of(st.none(), OUTCOMES),
    FIGURES_ANY,
    st.one_of(st.none(), st.builds(ErrorText, TEXTS, TEXTS)),
)
TURNS = st.builds(
    TurnRecord,
    TEXTS,
    st.lists(MEDIA, max_size=2).map(tuple),
    TEXTS,
    OUTCOMES,
    SAMPLINGS,
    FIGURES_ANY,
    TIMES,
    st.one_of(st.none(), st.integers(1, 16_384)),
)
LONG_TURNS = st.builds(
    replace,
    TURNS,
    segments=st.lists(SEGMENTS, min_size=1, max_size=3).map(tuple),
    segment_s=st.one_of(st.none(), st.floats(1, 1e4)),
)
ADAPTERS = st.one_of(st.none(), st.builds(AdapterRecord, TEXTS, PATHS.filter(bool), SHA256S))
RESULTS = st.builds(
    Result,
    st.builds(ModelRecord, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.one_of(st.none(), st.integers(1, 262_144)), ADAPTERS),
    TEXTS,
    st.lists(st.one_of(TURNS, LONG_TURNS), min_size=1, max_size=3).map(tuple),
    TEXTS,
    TIMES,
)
