"""What every runtime reuses of the question before, and what it does not: tests that each runtime's file takes over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.events import GenerateEvent, VisionProgress
from app.core.requests import Turn
from tests.pictures_made import noise_picture
from tests.short_answers import asked, end_of, text_of

ONE = (noise_picture(1),)
THREE = (noise_picture(1, 96, 64), noise_picture(2, 64, 128), noise_picture(3, 160, 96))

Answer = Callable[..., Sequence[GenerateEvent]]


class WhatIsReused:
    """Asks by the fixture `answer`, which forgets what came before when it is told `cold`."""

    def test_a_follow_up_reuses_the_cache_and_equals_a_cold_answer(self, answer: Answer) -> None:
        first = asked(Turn("What is it?", THREE))
        said = text_of(answer(first, cold=True))
        second = asked(Turn("What is it?", THREE, said), Turn("Are you sure?"))
        warm = answer(second)
        cold = answer(second, cold=True)
        assert end_of(warm).figures.reused_tokens > 40
        assert end_of(cold).figures.reused_tokens == 0
        assert text_of(warm) == text_of(cold)
        assert [event for event in warm if isinstance(event, VisionProgress)] == [VisionProgress("r", 3, 3, 3)]

    def test_another_question_about_the_same_picture_reuses_the_picture(self, answer: Answer) -> None:
        answer(asked(Turn("What is it?", ONE)), cold=True)
        request = asked(Turn("How many?", ONE))
        warm = answer(request)
        assert end_of(warm).figures.reused_tokens > ONE[0].tokens
        assert text_of(warm) == text_of(answer(request, cold=True))

    def test_another_picture_of_the_same_size_is_seen_anew(self, answer: Answer) -> None:
        answer(asked(Turn("What is it?", (noise_picture(1),))), cold=True)
        request = asked(Turn("What is it?", (noise_picture(2),)))
        warm = answer(request)
        cold = answer(request, cold=True)
        assert text_of(warm) == text_of(cold)
        assert [event.reused for event in warm if isinstance(event, VisionProgress)] == [0]
