from __future__ import annotations

import copy
import json
import pickle

from app.core.errors import ErrorText, Sentence, UserError, as_sentence


def test_a_sentence_is_its_english_text_and_remembers_its_parts() -> None:
    kind = Sentence("a video")
    said = Sentence("“{name}” is {kind}.", name="a{b}.mov", kind=kind)
    assert said == "“a{b}.mov” is a video."
    assert (said.template, said.values) == ("“{name}” is {kind}.", {"name": "a{b}.mov", "kind": kind})
    assert json.dumps([said], ensure_ascii=False) == '["“a{b}.mov” is a video."]'


def test_words_without_values_may_hold_braces() -> None:
    assert as_sentence("{all}") == "{all}"
    assert as_sentence(Sentence("{n}", n=3)).values == {"n": 3}


def test_a_sentence_survives_copies() -> None:
    said = Sentence("{count} of {whole}", count=3, whole=Sentence("{n}", n=4))
    for twin in (pickle.loads(pickle.dumps(said)), copy.deepcopy(said)):  # noqa: S301 - our own bytes
        assert (twin, twin.template, twin.values) == (said, said.template, said.values)


def test_an_error_keeps_the_parts_of_its_sentence() -> None:
    error = UserError(Sentence("“{name}” is empty.", name="a.png"), "Choose another.")
    assert str(error) == "“a.png” is empty. Choose another."
    assert error.said == ErrorText("“a.png” is empty.", "Choose another.", "", "input")
    assert isinstance(error.said.text, Sentence)
