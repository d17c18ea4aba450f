import random
from typing import Any

import numpy as np
import pytest
from clips import DIRECTIONS, sample_clip
from drawing import draw_scene
from scenes import PLACES, Scene, sample_number_scene, sample_shapes_scene, sample_texture_scene
from shape_colours import COLOUR_NAMES, NAMED_VALUES, RANGES, colour_distance, sample_colour

SEEN = (192, 256)
ASPECT = 4 / 3


def drawn_plainly(seed: int) -> tuple[Scene, np.ndarray[Any, Any]]:
    """A scene of one shape on white without outline, compression or noise, drawn at 640 x 480."""
    for attempt in range(1000):
        rng = random.Random(f"{seed}-{attempt}")
        scene = sample_shapes_scene(ASPECT, 1, rng)
        if scene.shapes[0].outline_rgb is None and scene.background_end is None:
            calm = random.Random(f"calm-{seed}")
            scene, _, image = draw_scene(scene, SEEN, calm, (640, 480))
            pixels = np.asarray(image).astype(int)
            if (pixels == np.array(scene.background)).all(axis=2).mean() > 0.2:
                return scene, pixels
    raise AssertionError("no plain scene")


@pytest.mark.parametrize("seed", range(25))
def test_a_box_agrees_with_the_drawn_pixels(seed: int) -> None:
    scene, pixels = drawn_plainly(seed)
    ink = np.abs(pixels - np.array(scene.background)).sum(axis=2) > 60
    ys, xs = np.nonzero(ink)
    found = np.array([xs.min() / 640, ys.min() / 480, (xs.max() + 1) / 640, (ys.max() + 1) / 480]) * 1000
    assert np.abs(found - np.array(scene.boxes[0])).max() <= 8


@pytest.mark.parametrize("seed", range(25))
def test_a_place_agrees_with_the_position(seed: int) -> None:
    scene = sample_shapes_scene(random.Random(seed).uniform(0.5, 2), 3, random.Random(seed))
    for thing in scene.shapes:
        words = thing.place
        assert words in PLACES
        assert ("left" in words) == (thing.centre_x < 0.36)
        assert ("right" in words) == (thing.centre_x > 0.64)
        assert ("top" in words) == (thing.centre_y < 0.36)
        assert ("bottom" in words) == (thing.centre_y > 0.64)


@pytest.mark.parametrize("seed", range(25))
def test_shapes_stand_in_reading_order_in_places_of_their_own(seed: int) -> None:
    scene = sample_shapes_scene(ASPECT, 3, random.Random(seed))
    cells = [thing.cell for thing in scene.shapes]
    assert cells == sorted(set(cells))


@pytest.mark.parametrize("seed", range(25))
def test_shapes_do_not_touch(seed: int) -> None:
    scene, drawn, _ = draw_scene(sample_shapes_scene(ASPECT, 3, random.Random(seed)), SEEN, random.Random(seed))
    for index, one in enumerate(scene.boxes):
        for other in scene.boxes[index + 1 :]:
            assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    assert drawn.pixels.shape == (*SEEN, 3)


def test_the_same_seed_draws_the_same_picture() -> None:
    pictures = []
    for _ in range(2):
        rng = random.Random("again")
        pictures.append(draw_scene(sample_shapes_scene(ASPECT, 2, rng), SEEN, rng)[1].pixels)
    assert (pictures[0] == pictures[1]).all()


@pytest.mark.parametrize("seed", range(15))
def test_a_number_is_printed_inside_the_picture(seed: int) -> None:
    rng = random.Random(seed)
    scene, drawn, _ = draw_scene(sample_number_scene(ASPECT, 4, rng), SEEN, rng)
    assert scene.number is not None
    assert 1 <= len(scene.number.digits) <= 3
    x1, y1, x2, y2 = scene.boxes[0]
    assert 0 <= x1 < x2 <= 1000
    assert 0 <= y1 < y2 <= 1000
    assert {int(digit) + 5 for digit in scene.number.digits} <= set(drawn.classes.flatten().tolist()) | {-100}


def test_a_picture_of_nothing_known_has_no_labels() -> None:
    rng = random.Random(1)
    scene, drawn, _ = draw_scene(sample_texture_scene(ASPECT, rng), SEEN, rng)
    assert scene.boxes == ()
    assert not drawn.classes.any()


@pytest.mark.parametrize("name", COLOUR_NAMES)
def test_colour_names_have_ranges_that_do_not_meet(name: str) -> None:
    for other in COLOUR_NAMES:
        if other in (name, "black") or name == "black":
            continue
        for box in RANGES[name]:
            for rival in RANGES[other]:
                apart = [
                    one[1] <= two[0] or two[1] <= one[0]
                    for one, two in (
                        (box.hue, rival.hue),
                        (box.saturation, rival.saturation),
                        (box.value, rival.value),
                    )
                ]
                assert any(apart), (name, other)


@pytest.mark.parametrize("name", COLOUR_NAMES)
def test_well_known_values_are_nearest_to_their_own_name(name: str) -> None:
    rng = random.Random(name)
    for _ in range(50):
        assert len(sample_colour(name, rng)) == 3
    first = NAMED_VALUES[name][0]
    rivals = [values[0] for other, values in NAMED_VALUES.items() if other != name]
    assert all(colour_distance(first, rival) > 60 for rival in rivals)


@pytest.mark.parametrize("seed", range(12))
def test_a_clip_moves_where_its_sentence_says(seed: int) -> None:
    clip = sample_clip(6, (96, 128), random.Random(seed))
    background = np.median(clip.frames.reshape(-1, 3), axis=0)
    centres = []
    for frame in (clip.frames[0], clip.frames[-1]):
        ink = np.abs(frame.astype(int) - background).sum(axis=2)
        ink = np.where(ink > 90, ink, 0)
        rows, columns = np.mgrid[0:96, 0:128]
        centres.append(((ink * columns).sum() / ink.sum() / 128, (ink * rows).sum() / ink.sum() / 96))
    moved = (centres[1][0] - centres[0][0], centres[1][1] - centres[0][1])
    axis_x, axis_y = DIRECTIONS[clip.direction]
    assert moved[0] * axis_x + moved[1] * axis_y > 0.05
    assert clip.sentence.endswith(f"moves {clip.direction}.")
