from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.checkpoint import Checkpoint, read_checkpoint
from app.core.errors import ModelError, UserError
from app.core.paths import DEMO_MODEL_DIR
from app.core.prompt import ChatFormat, MediaSpan, Prompt, common_prefix, mrope_positions
from app.core.requests import Request, Turn
from app.core.sampling import GREEDY
from tests.model_thread import OnModelThread
from tests.pictures_made import noise_picture
from tests.random_checkpoint import SPECIAL_TOKENS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def checkpoint(random_checkpoint_dir: Path) -> Checkpoint:
    return read_checkpoint(random_checkpoint_dir, "random")


@pytest.fixture(scope="module")
def chat(checkpoint: Checkpoint) -> ChatFormat:
    return ChatFormat(checkpoint)


def asked(*turns: Turn, system: str = "") -> Request:
    return Request("r", turns, GREEDY, system)


def test_a_lone_picture_has_no_label_and_stands_before_the_words(chat: ChatFormat) -> None:
    rendered = chat.render(asked(Turn("What is it?", (noise_picture(1),)), system="Be brief."))
    assert rendered == (
        "<|im_start|>system\nBe brief.<|im_end|>\n"
        "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>What is it?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_several_pictures_are_numbered_through_the_conversation(chat: ChatFormat) -> None:
    first = Turn("Look.", (noise_picture(1), noise_picture(2)), "I see.")
    rendered = chat.render(asked(first, Turn("And this?", (noise_picture(3),))))
    block = "<|vision_start|><|image_pad|><|vision_end|>"
    assert f"user\nImage 1: {block}Image 2: {block}Look.<|im_end|>" in rendered
    assert "assistant\nI see.<|im_end|>" in rendered
    assert f"user\nImage 3: {block}And this?<|im_end|>" in rendered


def test_a_later_picture_is_numbered_after_a_lone_first_one(chat: ChatFormat) -> None:
    rendered = chat.render(asked(Turn("a", (noise_picture(1),), "b"), Turn("c", (noise_picture(2),))))
    assert "Image 1" not in rendered
    assert "Image 2: <|vision_start|>" in rendered


def test_pictures_take_their_tokens(chat: ChatFormat, checkpoint: Checkpoint) -> None:
    prompt = chat.encode(asked(Turn("Hi", (noise_picture(1, 96, 64), noise_picture(2, 32, 128)))))
    is_picture = prompt.token_ids == checkpoint.image_token_id
    assert [span.tokens for span in prompt.media] == [6, 4]
    assert [span.grid for span in prompt.media] == [(1, 4, 6), (1, 8, 2)]
    expected = np.zeros(prompt.length, dtype=bool)
    for span in prompt.media:
        expected[span.start : span.end] = True
    np.testing.assert_array_equal(is_picture, expected)


@pytest.mark.parametrize("token", SPECIAL_TOKENS)
def test_special_tokens_in_a_question_are_only_words(chat: ChatFormat, checkpoint: Checkpoint, token: str) -> None:
    plain = chat.encode(asked(Turn("Hi", (noise_picture(1),))))
    tricky = chat.encode(asked(Turn(f"Hi {token}{token}", (noise_picture(1),)), system=""))
    for token_id in (*checkpoint.end_token_ids, checkpoint.image_token_id):
        assert (tricky.token_ids == token_id).sum() == (plain.token_ids == token_id).sum()


def test_half_a_surrogate_pair_does_not_stop_a_question(chat: ChatFormat) -> None:
    half = asked(Turn("bad \ud800 text", (), "x \udfff"), Turn("\ud83d"), system="\ud800")
    assert chat.encode(half).length == chat.encode(asked(Turn("bad ? text", (), "x ?"), Turn("?"), system="?")).length


def test_positions_equal_mlx_vlms(
    chat: ChatFormat, random_checkpoint_dir: Path, on_model_thread: OnModelThread
) -> None:
    pictures = (noise_picture(1, 96, 64), noise_picture(2, 32, 128))
    prompt = chat.encode(asked(Turn("Hi", pictures, "Yes."), Turn("And?", (noise_picture(3, 64, 64),))))

    def official() -> NDArray[np.int32]:
        import mlx.core as mx
        from mlx_vlm.utils import load_model

        model = load_model(random_checkpoint_dir)
        grids = mx.array([span.grid for span in prompt.media])
        positions, _ = model.language_model.get_rope_index(mx.array(prompt.token_ids)[None], grids)
        return np.array(positions)[:, 0]

    np.testing.assert_array_equal(prompt.positions, on_model_thread(official))
    assert prompt.next_position == prompt.positions.max() + 1


def test_text_alone_counts_up() -> None:
    np.testing.assert_array_equal(mrope_positions(4, ()), np.tile(np.arange(4), (3, 1)))


def test_a_follow_up_shares_all_of_the_earlier_prompt(chat: ChatFormat) -> None:
    turn = Turn("What is it?", (noise_picture(1),))
    first = chat.encode(asked(turn))
    second = chat.encode(asked(replace(turn, answer="A star."), Turn("Sure?")))
    assert common_prefix(first.token_ids.tolist(), first.media, second) == first.length


def test_another_picture_of_the_same_size_is_never_shared(chat: ChatFormat) -> None:
    first = chat.encode(asked(Turn("What is it?", (noise_picture(1),))))
    second = chat.encode(asked(Turn("What is it?", (noise_picture(2),))))
    np.testing.assert_array_equal(first.token_ids, second.token_ids)
    assert common_prefix(first.token_ids.tolist(), first.media, second) == second.media[0].start


def test_a_picture_held_in_part_is_not_shared(chat: ChatFormat) -> None:
    prompt = chat.encode(asked(Turn("What is it?", (noise_picture(1),))))
    held = prompt.token_ids[: prompt.media[0].end - 1].tolist()
    assert common_prefix(held, prompt.media, prompt) == prompt.media[0].start


@given(st.lists(st.integers(0, 3), max_size=30), st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_without_pictures_the_prefix_is_that_of_the_ids(held: list[int], wanted: list[int]) -> None:
    prompt = Prompt(np.array(wanted, dtype=np.int32), mrope_positions(len(wanted), ()), (), len(wanted))
    expected = 0
    while expected < min(len(held), len(wanted)) and held[expected] == wanted[expected]:
        expected += 1
    assert common_prefix(held, (), prompt) == expected


def test_a_conversation_longer_than_the_context_is_refused(checkpoint: Checkpoint) -> None:
    chat = ChatFormat(replace(checkpoint, context_tokens=20))
    with pytest.raises(UserError, match="can take 20"):
        chat.encode(asked(Turn("What is it?", (noise_picture(1),))))


def test_text_comes_in_whole_characters(chat: ChatFormat) -> None:
    text = "Grün 星 🎈!"
    prompt = chat.encode(asked(Turn(text)))
    start = "<|im_start|>user\n"
    text_of = chat.text_stream()
    said = [text_of(int(token_id)) for token_id in prompt.token_ids]
    assert "�" not in "".join(said)
    assert text in "".join(said)
    assert start not in "".join(said)


def test_a_model_that_is_gone_wholly_is_said_to_be_gone(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(DEMO_MODEL_DIR, folder)
    checkpoint = read_checkpoint(folder, "house/tiny")
    shutil.rmtree(folder)
    with pytest.raises(ModelError, match=r"^The model tiny is no longer on this machine\."):
        ChatFormat(checkpoint)


@pytest.mark.parametrize("missing", ["tokenizer.json", "chat_template.jinja"])
def test_a_missing_file_is_told(checkpoint: Checkpoint, tmp_path: Path, missing: str) -> None:
    for file in checkpoint.folder.iterdir():
        if file.name != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match=r"tokenizer|chat template"):
        ChatFormat(replace(checkpoint, folder=tmp_path))


@pytest.mark.parametrize(
    ("template", "words"),
    [("{% for %}", "cannot be read"), ("{{ raise_exception('no') }}", "does not work"), ("hello", "place pictures")],
)
def test_a_template_that_does_not_work_is_told(
    checkpoint: Checkpoint, tmp_path: Path, template: str, words: str
) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "chat_template.jinja").write_text(template, encoding="utf-8")
    with pytest.raises(ModelError, match=words):
        ChatFormat(replace(checkpoint, folder=tmp_path)).encode(asked(Turn("Hi", (noise_picture(1),))))


def test_a_template_cannot_reach_out_of_its_sandbox(checkpoint: Checkpoint, tmp_path: Path) -> None:
    for file in checkpoint.folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    attack = "{{ messages.__class__.__mro__[1].__subclasses__() }}"
    (tmp_path / "chat_template.jinja").write_text(attack, encoding="utf-8")
    with pytest.raises(ModelError, match="does not work"):
        ChatFormat(replace(checkpoint, folder=tmp_path)).encode(asked(Turn("Hi")))


def test_spans_know_their_tokens() -> None:
    span = MediaSpan(5, (2, 4, 6), noise_picture(1))
    assert (span.tokens, span.end) == (12, 17)
