"""Every export format by name. A new one is one file with a ``render`` and one row here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.core.errors import Sentence, UserError
from app.exporters import json_export, markdown_export

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from app.core.results import AnyRecord, Result


class Render(Protocol):
    """What every format has."""

    def __call__(self, result: Result, links: Mapping[AnyRecord, str] | None = None) -> str:
        """The result as text, which can be encoded as UTF-8.

        Args:
            result: What to write.
            links: Where each picture is, percent-encoded, for formats that show pictures; a picture that is not in it
                has no file. None when the text goes to no file: pictures are then linked where they came from.
        """
        ...


@dataclass(frozen=True, slots=True)
class Exporter:
    """One row of the table.

    Attributes:
        name: What a person writes after ``--format``.
        title: For file dialogs, in English.
        suffixes: Endings of its files, the usual one first.
        shows_pictures: Whether it links pictures, so that copying them beside it has a meaning.
        render: Makes the text.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    shows_pictures: bool
    render: Render


EXPORTERS: dict[str, Exporter] = {
    exporter.name: exporter
    for exporter in (
        Exporter(
            "markdown", "Markdown document", (".md", ".markdown"), shows_pictures=True, render=markdown_export.render
        ),
        Exporter("json", "JSON result", (".json",), shows_pictures=False, render=json_export.render),
    )
}


def exporter_for(path: Path) -> Exporter:
    """The exporter for a file of this name.

    Raises:
        UserError: No format has such an ending.
    """
    for exporter in EXPORTERS.values():
        if path.suffix.lower() in exporter.suffixes:
            return exporter
    known = ", ".join(f"{exporter.suffixes[0]} for {exporter.name}" for exporter in EXPORTERS.values())
    raise UserError(
        Sentence("The ending of “{name}” names no format.", name=path.name), Sentence("Use {known}.", known=known)
    )
