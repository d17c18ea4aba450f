from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING

import pytest
import wordings
from conversations import Script, picture_script, two_picture_script
from demo_tokenizer import SPECIAL, train_tokenizer
from drawing import draw_scene
from evaluation_cases import TASKS, sample_cases
from outside import OUTSIDE_ANSWER, OUTSIDE_HELD_OUT, TEMPLATES
from questions import boxes_answer, compare, count_answer, describe, outside_turn, sample_turn
from scenes import Scene, sample_number_scene, sample_shapes_scene
from scoring import boxes_in, direction_of, mean_overlap, overlap

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def scene_of(count: int, seed: int) -> Scene:
    rng = random.Random(seed)
    return draw_scene(sample_shapes_scene(4 / 3, count, rng), (192, 256), rng)[0]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(7)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("seed", range(10))
def test_a_description_names_every_shape_with_colour_and_place(count: int, seed: int) -> None:
    scene = scene_of(count, seed)
    answer = describe(scene)
    assert answer[0].isupper()
    assert answer.endswith(".")
    for thing in scene.shapes:
        assert re.search(rf"\b[Aa]n? {thing.colour} {thing.shape} {thing.place}\b", answer)


def test_the_article_fits() -> None:
    scenes = [scene_of(1, seed) for seed in range(200)]
    answers = [describe(scene) for scene in scenes]
    assert any(answer.startswith("An orange") for answer in answers)
    assert not any(answer.startswith(("A orange", "An red")) for answer in answers)


@pytest.mark.parametrize("seed", range(40))
def test_the_same_question_has_the_same_answer(seed: int) -> None:
    scene = scene_of(2, seed)
    turns = [sample_turn(scene, random.Random(seed)) for _ in range(2)]
    assert turns[0] == turns[1]


def test_counts_are_said_in_one_form() -> None:
    assert [count_answer(count) for count in range(4)] == [
        "There are no shapes.",
        "There is one shape.",
        "There are two shapes.",
        "There are three shapes.",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_boxes_are_json_between_0_and_1000(seed: int) -> None:
    scene = scene_of(3, seed)
    answer = boxes_answer([(box, thing.shape) for box, thing in zip(scene.boxes, scene.shapes, strict=True)])
    assert answer.startswith("```json\n")
    assert answer.endswith("\n```")
    rows = json.loads(answer.removeprefix("```json").removesuffix("```"))
    assert len(rows) == 3
    assert all(0 <= value <= 1000 and value % 5 == 0 for row in rows for value in row["bbox_2d"])
    assert min(mean_overlap(answer, answer)) == 1.0


def test_two_pictures_are_named_in_order() -> None:
    first, second = scene_of(1, 3), scene_of(2, 4)
    assert compare(first, second).index("Image 1") == 0
    assert f"Image 1 shows {describe(first)[0].lower()}" in compare(first, second)
    assert compare(first, first).startswith("Both images show ")


def test_every_wording_has_at_least_five_forms_and_none_is_held_out() -> None:
    pairs = [
        (wordings.DESCRIBE, wordings.DESCRIBE_HELD_OUT),
        (wordings.COUNT, wordings.COUNT_HELD_OUT),
        (wordings.READ, wordings.READ_HELD_OUT),
        (wordings.LOCATE, wordings.LOCATE_HELD_OUT),
        (wordings.COMPARE, wordings.COMPARE_HELD_OUT),
        (wordings.VIDEO, wordings.VIDEO_HELD_OUT),
        (TEMPLATES, OUTSIDE_HELD_OUT),
    ]
    for used, held_out in pairs:
        assert len(used) >= 5
        assert not set(used) & set(held_out)


@pytest.mark.parametrize("seed", range(50))
def test_a_question_outside_the_world_has_one_answer(seed: int) -> None:
    turn = outside_turn(random.Random(seed))
    assert turn.question
    assert turn.answer == OUTSIDE_ANSWER == "I only know simple shapes and numbers."


def test_any_text_survives_the_tokenizer(tokenizer: Tokenizer) -> None:
    for text in ("Describe this image.", "描述这张图片。", "naïve — ½ 🙂", "".join(map(chr, range(32, 127)))):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text
    assert [tokenizer.encode(text).ids for text in SPECIAL] == [[tokenizer.token_to_id(text)] for text in SPECIAL]
    assert len(tokenizer.encode("1024").ids) == 4


def test_the_tokenizer_is_the_same_for_the_same_seed(tokenizer: Tokenizer) -> None:
    assert train_tokenizer(7).to_str() == tokenizer.to_str()


def test_a_conversation_learns_its_answers_only(tokenizer: Tokenizer) -> None:
    scene = scene_of(2, 5)
    script = picture_script(tokenizer, scene, (6, 8), 130, random.Random(1))
    said = tokenizer.decode(
        [token for token, learned in zip(script.ids, script.learned, strict=True) if learned],
        skip_special_tokens=False,
    )
    assert said.endswith("<|im_end|>")
    assert "<|im_start|>" not in said
    assert "<|image_pad|>" not in said


def test_positions_spread_a_picture_over_rows_and_columns(tokenizer: Tokenizer) -> None:
    script = Script(tokenizer)
    script.say("Describe")
    script.show((2, 3), "<|image_pad|>")
    script.say("Describe")
    assert script.positions() == [
        [0, 1, 2, 2, 2, 2, 2, 2, 5, 6],
        [0, 1, 2, 2, 2, 3, 3, 3, 5, 6],
        [0, 1, 2, 3, 4, 2, 3, 4, 5, 6],
    ]


def test_a_second_picture_is_labelled(tokenizer: Tokenizer) -> None:
    scenes = (scene_of(1, 1), scene_of(1, 2))
    for together in (True, False):
        script = two_picture_script(tokenizer, scenes, ((4, 4), (4, 5)), random.Random(3), together=together)
        text = tokenizer.decode(script.ids, skip_special_tokens=False)
        assert ("Image 1: <|vision_start|>" in text) == together
        assert "Image 2: <|vision_start|>" in text
        assert script.grids == [(4, 4), (4, 5)]


@pytest.mark.parametrize("task", TASKS)
def test_evaluation_cases_are_reproducible_and_complete(task: str) -> None:
    once, again = sample_cases(task, 2, 1), sample_cases(task, 2, 1)
    assert [[turn.question for turn in case.turns] for case in once] == [
        [turn.question for turn in case.turns] for case in again
    ]
    assert all(turn.answer for case in once for turn in case.turns)


def test_scores() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 5)) == pytest.approx(0.5)
    assert mean_overlap("nonsense", boxes_answer([((0, 0, 10, 10), "red circle")])) == [0.0]
    assert boxes_in('```json\n[{"bbox_2d": [1, 2, 3, 4], "label": "x"}]\n```') == [((1.0, 2.0, 3.0, 4.0), "x")]
    assert direction_of("A red circle moves to the left.") == "to the left"


def test_numbers_are_read_as_printed() -> None:
    scene = sample_number_scene(1.0, 4, random.Random(2))
    assert scene.number is not None
    assert describe(scene) == f"The number {scene.number.digits}."
