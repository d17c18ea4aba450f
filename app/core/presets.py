"""Task presets: a prompt worth keeping, with its blanks and the sampling that suits it; one TOML file each."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from app.core.checked_values import CheckedValue, read_toml
from app.core.errors import Sentence, UserError
from app.core.files import shown_name
from app.core.paths import PRESETS_DIR
from app.core.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ID = re.compile(r"[a-z][a-z0-9_]*")
_BLANK = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_KEYS = {"id", "title", "order", "media", "prompt", "is_prompt_fixed", "chip", "blanks", "sampling"}
MediaKind: TypeAlias = Literal["picture", "video"]
_EITHER: frozenset[MediaKind] = frozenset({"picture", "video"})
_SAMPLING_KEYS = {field.name for field in fields(Sampling)} - {"seed"}


@dataclass(frozen=True, slots=True)
class Blank:
    """A place in a prompt that a person fills in.

    Attributes:
        name: Stands in the prompt as ``{name}``.
        title: What belongs there, for people.
        default: What stands there until they say otherwise.
        is_default_fixed: It is the same in every language.
    """

    name: str
    title: str
    default: str
    is_default_fixed: bool = False


@dataclass(frozen=True, slots=True)
class ShortPlace:
    """The place of a task in the row above the question.

    Attributes:
        title: Short, for people.
        order: Where it stands in the row, least first.
    """

    title: str
    order: int


@dataclass(frozen=True, slots=True)
class Preset:
    """A task.

    Attributes:
        preset_id: Names it in settings and on the command line.
        title: For people.
        order: Where it stands among the others, least first.
        prompt: The question, with ``{name}`` for each blank.
        blanks: In the order they are to be filled in.
        sampling: The settings that it changes, by their names in `Sampling`.
        chip: Its place among the common ones, or None.
        is_prompt_fixed: The prompt is the same in every language: models were trained with its very words.
        media: What it can be asked about.
    """

    preset_id: str
    title: str
    order: int
    prompt: str
    blanks: tuple[Blank, ...] = ()
    sampling: tuple[tuple[str, float], ...] = ()
    chip: ShortPlace | None = None
    is_prompt_fixed: bool = False
    media: frozenset[MediaKind] = _EITHER

    def question(self, filled: Mapping[str, str] | None = None) -> str:
        """The prompt with its blanks filled in; one that is missing or empty gets its default."""
        filled = filled or {}
        words = {blank.name: filled.get(blank.name, "").strip() or blank.default for blank in self.blanks}
        return _BLANK.sub(lambda found: words.get(found.group(1), found.group()), self.prompt)

    def filled_spans(self, text: str) -> tuple[tuple[int, int], ...] | None:
        """Where in a question the blanks of this prompt stand, in the text's order; None when it is another question.

        What fills a blank is not looked at; it may be empty.
        """
        parts = _BLANK.split(self.prompt)
        pattern = "".join("(.*?)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
        found = re.fullmatch(pattern, text.strip(), re.DOTALL)
        if found is None:
            return None
        before = len(text) - len(text.lstrip())
        return tuple((before + start, before + end) for start, end in found.regs[1:])

    def sampling_from(self, sampling: Sampling) -> Sampling:
        """A person's settings with what this task needs changed."""
        changes: dict[str, Any] = dict(self.sampling)
        return replace(sampling, **changes)


def list_presets(folder: Path = PRESETS_DIR) -> tuple[Preset, ...]:
    """Every preset in a folder, in order.

    Raises:
        UserError: A file cannot be used, or two have one id; the text names the file and the reason.
    """
    presets: dict[str, Preset] = {}
    for path in sorted(folder.glob("*.toml")):
        preset = read_preset(path)
        if preset.preset_id in presets:
            name = shown_name(path.name)
            raise UserError(
                Sentence(
                    "The preset {name} has the id “{preset_id}” of another.", name=name, preset_id=preset.preset_id
                ),
                "Give it one of its own.",
            )
        presets[preset.preset_id] = preset
    return tuple(sorted(presets.values(), key=lambda preset: (preset.order, preset.preset_id)))


def read_preset(path: Path) -> Preset:
    """One preset.

    Raises:
        UserError: The file cannot be used; the text names it and the reason.
    """
    name, hint = shown_name(path.name), "Correct the file, or remove it."
    try:
        value = read_toml(path)
    except OSError as error:
        raise UserError(
            Sentence("The preset {name} cannot be read.", name=name), "Check its permissions.", str(error)
        ) from error
    except (ValueError, RecursionError) as error:
        raise UserError(
            Sentence("The preset {name} is damaged: it is not TOML.", name=name), hint, str(error)
        ) from error
    return _preset(CheckedValue(value, Sentence("The preset {name}", name=name), hint))


def _preset(part: CheckedValue) -> Preset:
    _check_keys(part, _KEYS)
    title, prompt, blanks = _words(part["title"]), _words(part["prompt"]), part.get("blanks")
    preset = Preset(
        preset_id=_identifier(part["id"]),
        title=title,
        order=part["order"].count(),
        prompt=prompt,
        blanks=tuple(_blank(blank) for blank in blanks.items()) if blanks is not None else (),
        sampling=_sampling(part.get("sampling")),
        chip=_chip(part.get("chip"), title),
        is_prompt_fixed=_is_so(part.get("is_prompt_fixed")),
        media=_media(part.get("media")),
    )
    named, used = [blank.name for blank in preset.blanks], _BLANK.findall(prompt)
    if len(set(named)) < len(named):
        raise part["blanks"].fault("has one name twice")
    if set(named) != set(used):
        wrong = min(set(named) ^ set(used))
        raise part["prompt"].fault(Sentence("and the blanks do not agree about “{wrong}”", wrong=wrong))
    return preset


def _blank(part: CheckedValue) -> Blank:
    _check_keys(part, {"name", "title", "default", "is_default_fixed"})
    is_fixed = _is_so(part.get("is_default_fixed"))
    return Blank(_identifier(part["name"]), _words(part["title"]), _words(part["default"]), is_fixed)


def _chip(part: CheckedValue | None, title: str) -> ShortPlace | None:
    if part is None:
        return None
    _check_keys(part, {"title", "order"})
    short = part.get("title")
    return ShortPlace(title if short is None else _words(short), part["order"].count())


def _media(part: CheckedValue | None) -> frozenset[MediaKind]:
    if part is None:
        return _EITHER
    named = [item.text() for item in part.items()]
    found = frozenset(kind for kind in _EITHER if kind in named)
    if not named or len(found) < len(set(named)):
        raise part.fault(Sentence("is none of {names}", names=", ".join(sorted(_EITHER))))
    return found


def _is_so(part: CheckedValue | None) -> bool:
    if part is not None and not isinstance(part.value, bool):
        raise part.fault("is neither true nor false")
    return part is not None and bool(part.value)


def _sampling(part: CheckedValue | None) -> tuple[tuple[str, float], ...]:
    if part is None:
        return ()
    _check_keys(part, _SAMPLING_KEYS)
    whole = {field.name for field in fields(Sampling) if isinstance(field.default, int)}
    changes: dict[str, Any] = {
        name: part[name].count() if name in whole else part[name].number()
        for name in part.keys()  # noqa: SIM118
    }
    try:
        Sampling(**changes).checked()
    except UserError as error:
        raise part.range_fault(error) from error
    return tuple(changes.items())


def _check_keys(part: CheckedValue, known: set[str]) -> None:
    for key in part.keys():  # noqa: SIM118 - not a dict
        if key not in known:
            raise part[key].fault(Sentence("is none of {names}", names=", ".join(sorted(known))))


def _identifier(part: CheckedValue) -> str:
    if not _ID.fullmatch(part.text()):
        raise part.fault("is not made of small letters, digits and underscores")
    return part.text()


def _words(part: CheckedValue) -> str:
    if not part.text().strip():
        raise part.fault("is empty")
    return part.text().strip()
