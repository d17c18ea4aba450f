"""Questions about a scene with the one right answer to each, and whole conversations.

An answer is a function of the scene and the question alone; questions whose answer could be
disputed (two circles and "What color is the circle?") are never asked.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import wordings as w
from outlines import SHAPE_NAMES
from outside import OUTSIDE_ANSWER, sample_outside
from scenes import PLACES, Scene, ShapeThing
from shape_colours import COLOUR_NAMES

COUNT_WORDS = ("no", "one", "two", "three")
NO_TEXT = "There is no text."
NO_SHAPES = "There are no shapes."
BOX_STEP = 10
BANDS_BY_PLACE = {"on the left": (0, 0), "on the right": (0, 2), "at the top": (1, 0), "at the bottom": (1, 2)}


@dataclass(frozen=True)
class Turn:
    """A question, its answer, and the task it belongs to."""

    task: str
    question: str
    answer: str


def article(words: str) -> str:
    """The words with "a" or "an" before them."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def look(thing: ShapeThing) -> str:
    """Colour and shape, as in "red circle"."""
    return f"{thing.colour} {thing.shape}"


def phrase(scene: Scene) -> str | None:
    """What the scene shows, in lower case and without a full stop; None outside the world."""
    if scene.number is not None:
        return f"the number {scene.number.digits}"
    if not scene.shapes:
        return None
    parts = [f"{article(look(thing))} {thing.place}" for thing in scene.shapes]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def describe(scene: Scene) -> str:
    """The answer to "Describe this image."."""
    said = phrase(scene)
    return OUTSIDE_ANSWER if said is None else _sentence(said)


def compare(first: Scene, second: Scene) -> str:
    """The answer to "Compare the two images."."""
    one, two = phrase(first), phrase(second)
    if one is None or two is None:
        return OUTSIDE_ANSWER
    if one == two:
        return f"Both images show {one}."
    return f"Image 1 shows {one}. Image 2 shows {two}."


def count_answer(count: int, noun: str = "shape") -> str:
    """A count in words, as a sentence."""
    return f"There is one {noun}." if count == 1 else f"There are {COUNT_WORDS[count]} {noun}s."


def boxes_answer(rows: list[tuple[tuple[int, int, int, int], str]], key: str = "label") -> str:
    """Boxes as fenced JSON in the makers' convention: 0-1000, x1 y1 x2 y2, rounded to steps of ten."""
    lines = []
    for box, label in rows:
        numbers = ", ".join(str(min(1000, BOX_STEP * round(value / BOX_STEP))) for value in box)
        lines.append(f'\t{{"bbox_2d": [{numbers}], "{key}": "{label}"}}')
    return "```json\n[\n" + ",\n".join(lines) + "\n]\n```"


def _ask(task: str, choices: tuple[str, ...], rng: random.Random, **fields: str) -> Callable[[str], Turn]:
    text = rng.choice(choices)
    for name, value in fields.items():
        text = text.replace(f"{{{name}}}", value)
    question = w.vary(text, rng)
    return lambda answer: Turn(task, question, answer)


def _describe(scene: Scene, rng: random.Random) -> Turn:
    return _ask("describe", w.DESCRIBE, rng)(describe(scene))


def _count(scene: Scene, rng: random.Random) -> Turn:
    return _ask("count", w.COUNT, rng)(count_answer(len(scene.shapes)))


def _count_kind(scene: Scene, rng: random.Random) -> Turn:
    kind = rng.choice(scene.shapes).shape if scene.shapes and rng.random() < 0.6 else rng.choice(SHAPE_NAMES)
    count = sum(thing.shape == kind for thing in scene.shapes)
    return _ask("count_kind", w.COUNT_KIND, rng, k=kind)(count_answer(count, kind))


def _read(scene: Scene, rng: random.Random) -> Turn:
    return _ask("read", w.READ, rng)(scene.number.digits if scene.number else NO_TEXT)


def _locate(scene: Scene, rng: random.Random) -> Turn:
    rows = [(box, look(thing)) for box, thing in zip(scene.boxes, scene.shapes, strict=False)]
    return _ask("locate", w.LOCATE, rng)(boxes_answer(rows) if rows else NO_SHAPES)


def _locate_one(scene: Scene, rng: random.Random) -> Turn | None:
    if scene.number is not None:
        words = rng.choice(("number", "number", f"number {scene.number.digits}"))
        return _ask("locate_one", w.LOCATE_ONE, rng, t=words)(
            boxes_answer([(scene.boxes[0], f"number {scene.number.digits}")])
        )
    index = rng.randrange(len(scene.shapes))
    thing = scene.shapes[index]
    kinds = [other.shape for other in scene.shapes]
    if [look(other) for other in scene.shapes].count(look(thing)) > 1:
        return None
    words = thing.shape if kinds.count(thing.shape) == 1 and rng.random() < 0.4 else look(thing)
    return _ask("locate_one", w.LOCATE_ONE, rng, t=words)(boxes_answer([(scene.boxes[index], look(thing))]))


def _spot_text(scene: Scene, rng: random.Random) -> Turn:
    rows = [(scene.boxes[0], scene.number.digits)] if scene.number else []
    return _ask("spot_text", w.SPOT_TEXT, rng)(boxes_answer(rows, "text_content") if rows else NO_TEXT)


def _colour_of(scene: Scene, rng: random.Random) -> Turn | None:
    if len(scene.shapes) == 1 and rng.random() < 0.5:
        return _ask("colour", w.COLOUR_OF_IT, rng)(_sentence(scene.shapes[0].colour))
    kind = rng.choice(scene.shapes).shape if rng.random() < 0.85 else rng.choice(SHAPE_NAMES)
    found = [thing for thing in scene.shapes if thing.shape == kind]
    if len(found) > 1:
        return None
    answer = _sentence(found[0].colour) if found else f"There is no {kind}."
    return _ask("colour", w.COLOUR_OF, rng, s=kind)(answer)


def _shape_of(scene: Scene, rng: random.Random) -> Turn | None:
    if len(scene.shapes) == 1 and rng.random() < 0.6:
        return _ask("shape", w.SHAPE_OF_IT, rng)(_sentence(article(scene.shapes[0].shape)))
    thing = rng.choice(scene.shapes)
    if [other.colour for other in scene.shapes].count(thing.colour) > 1:
        return None
    return _ask("shape", w.SHAPE_OF_COLOUR, rng, c=thing.colour)(_sentence(article(thing.shape)))


def _where(scene: Scene, rng: random.Random) -> Turn | None:
    thing = rng.choice(scene.shapes)
    if [look(other) for other in scene.shapes].count(look(thing)) > 1:
        return None
    kinds = [other.shape for other in scene.shapes]
    words = thing.shape if kinds.count(thing.shape) == 1 and rng.random() < 0.4 else look(thing)
    return _ask("where", w.WHERE_IS, rng, t=words)(_sentence(thing.place))


def _what_at(scene: Scene, rng: random.Random) -> Turn | None:
    place = rng.choice(scene.shapes).place if rng.random() < 0.75 else rng.choice(PLACES)
    band = BANDS_BY_PLACE.get(place)
    if band is None:
        found = [thing for thing in scene.shapes if thing.place == place]
    else:
        axis, third = band
        found = [thing for thing in scene.shapes if (thing.cell // 3 if axis else thing.cell % 3) == third]
    if len(found) > 1:
        return None
    answer = _sentence(article(look(found[0]))) if found else "Nothing."
    return _ask("what_at", w.WHAT_IS_AT, rng, p=place)(answer)


def _is_there(scene: Scene, rng: random.Random) -> Turn:
    looks = [look(thing) for thing in scene.shapes]
    kind = rng.random()
    if looks and kind < 0.5:
        words = rng.choice(looks)
    elif looks and kind < 0.75:  # near miss: right colour or right shape
        thing = rng.choice(scene.shapes)
        words = rng.choice((f"{thing.colour} {rng.choice(SHAPE_NAMES)}", f"{rng.choice(COLOUR_NAMES)} {thing.shape}"))
    else:
        words = f"{rng.choice(COLOUR_NAMES)} {rng.choice(SHAPE_NAMES)}"
    is_there = words in looks
    if rng.random() < 0.3:
        words = words.split()[1]
        is_there = any(thing.shape == words for thing in scene.shapes)
    turn = _ask("is_there", w.IS_THERE, rng, t=words)("Yes." if is_there else "No.")
    if words[0] in "aeiou":
        return Turn(turn.task, turn.question.replace(f" a {words}", f" an {words}"), turn.answer)
    return turn


def outside_turn(rng: random.Random) -> Turn:
    """A question that has nothing to do with the world."""
    return Turn("outside", w.vary(sample_outside(rng), rng), OUTSIDE_ANSWER)


def any_question(rng: random.Random) -> str:
    """A question of any task about nothing in particular."""
    pools = (w.DESCRIBE, w.DESCRIBE, w.COUNT, w.READ, w.LOCATE, w.COLOUR_OF_IT, w.SHAPE_OF_IT, w.SPOT_TEXT)
    return w.vary(rng.choice(rng.choice(pools)), rng)


Asker = Callable[[Scene, random.Random], Turn | None]
SHAPE_TASKS: tuple[tuple[Asker, float], ...] = (
    (_describe, 2.4), (_count, 0.8), (_count_kind, 1.2), (_locate, 5.0), (_locate_one, 2.2), (_colour_of, 2.0),
    (_shape_of, 0.5), (_where, 1.0), (_what_at, 1.0), (_is_there, 1.4), (_read, 0.3), (_spot_text, 0.1),
)  # fmt: skip
NUMBER_TASKS: tuple[tuple[Asker, float], ...] = (
    (_read, 3.6), (_describe, 2.0), (_count, 0.4), (_count_kind, 0.2), (_locate, 0.3), (_locate_one, 0.7),
    (_is_there, 0.3), (_spot_text, 0.6),
)  # fmt: skip


def sample_turn(scene: Scene, rng: random.Random, outside_share: float = 0.12) -> Turn:
    """A question about this scene and its answer."""
    if scene.texture is not None:
        return Turn("outside_picture", any_question(rng), OUTSIDE_ANSWER)
    while True:
        if rng.random() < outside_share:
            return outside_turn(rng)
        tasks = NUMBER_TASKS if scene.number is not None else SHAPE_TASKS
        asker = rng.choices([task for task, _ in tasks], [weight for _, weight in tasks])[0]
        turn = asker(scene, rng)
        if turn is not None:
            return turn


def describe_turn(scene: Scene, choices: tuple[str, ...], task: str, rng: random.Random) -> Turn:
    """A request to describe one scene, in one of the given wordings."""
    return _ask(task, choices, rng)(describe(scene))


def compare_turn(first: Scene, second: Scene, rng: random.Random) -> Turn:
    """A request to compare two scenes."""
    return _ask("compare", w.COMPARE, rng)(compare(first, second))
