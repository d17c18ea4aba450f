"""Finds commands by words, in whatever language they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_THE_START, _AT_A_WORD, _INSIDE, _SCATTERED, _IN_THE_MENU = 16, 8, 4, 1, 2


class Command(NamedTuple):
    """What is searched.

    Attributes:
        command_id: Its action's id.
        text: As it is shown.
        menu: The menu it stands in.
    """

    command_id: str
    text: str
    menu: str


def found(commands: Sequence[Command], query: str, recent: Sequence[str]) -> list[Command]:
    """The commands that every word of the query fits, best first; what was used last stands before its equals."""
    words = query.casefold().split()
    scored = [(sum(points), command) for command in commands if all(points := [_fit(word, command) for word in words])]
    places = {command_id: place for place, command_id in enumerate(recent)}
    scored.sort(key=lambda one: (-one[0], places.get(one[1].command_id, len(places))))
    return [command for _, command in scored]


def _fit(word: str, command: Command) -> int:
    """How well a word fits: more for the start of a word than for letters that are merely there in this order."""
    text = command.text.casefold()
    if text.startswith(word):
        return _AT_THE_START
    if any(part.startswith(word) for part in text.replace("-", " ").split()):
        return _AT_A_WORD
    if word in text:
        return _INSIDE
    if command.menu.casefold().startswith(word):
        return _IN_THE_MENU
    return _SCATTERED if _is_in_order(word, text) else 0


def _is_in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
