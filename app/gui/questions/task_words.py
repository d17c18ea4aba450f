"""The tasks that come with the program in the person's language.

The files in resources/presets hold the English; a test holds both equal. Prompts of a fixed form, which the model was
trained with, are the same in every language.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from app.core.presets import Preset


def titles() -> dict[str, str]:
    """Each task's title by its id."""
    translate = QCoreApplication.translate
    return {
        "describe": translate("Tasks", "Describe"),
        "count": translate("Tasks", "Count"),
        "compare": translate("Tasks", "Compare pictures"),
        "read_text": translate("Tasks", "Read text"),
        "spot_text": translate("Tasks", "Find text with its place"),
        "key_values": translate("Tasks", "Fill in a form"),
        "boxes": translate("Tasks", "Locate"),
        "points": translate("Tasks", "Points"),
        "document_markdown": translate("Tasks", "Document to Markdown"),
        "document_html": translate("Tasks", "Document to HTML"),
        "chart_table": translate("Tasks", "Chart to table"),
        "screenshot_html": translate("Tasks", "Screenshot to web page"),
    }


def chip_titles() -> dict[str, str]:
    """Short titles of the tasks that stand in the row above the question, in its order."""
    translate = QCoreApplication.translate
    return {
        "describe": translate("Tasks", "Describe"),
        "read_text": translate("Tasks", "Read text"),
        "chart_table": translate("Tasks", "Table"),
        "boxes": translate("Tasks", "Locate"),
    }


def prompts() -> dict[str, str]:
    """The prompts in plain words by their task's id."""
    translate = QCoreApplication.translate
    return {
        "describe": translate("Tasks", "Describe this image."),
        "count": translate("Tasks", "How many {things} are there?"),
        "compare": translate("Tasks", "What is different between these images?"),
        "read_text": translate("Tasks", "Read all the text in the image."),
        "chart_table": translate("Tasks", "Read the values from the chart and write them as a Markdown table."),
        "screenshot_html": translate("Tasks", "Write one HTML file with its CSS that looks like this screenshot."),
    }


def blank_words() -> dict[tuple[str, str], str]:
    """What stands in a blank at first, by the task's id and the blank's name."""
    translate = QCoreApplication.translate
    return {
        ("count", "things"): translate("Tasks", "objects"),
        ("boxes", "things"): translate("Tasks", "person, car, animal"),
        ("points", "things"): translate("Tasks", "person"),
    }


def localized(preset: Preset, *, is_asked_in_english: bool = False) -> Preset:
    """A task in the person's language; one that is not known here as its file says it.

    Args:
        preset: As its file says it.
        is_asked_in_english: The model knows no other language, so only the title is translated.
    """
    preset = replace(preset, title=titles().get(preset.preset_id, preset.title))
    if is_asked_in_english:
        return preset
    words = blank_words()
    return replace(
        preset,
        prompt=prompts().get(preset.preset_id, preset.prompt),
        blanks=tuple(
            replace(blank, default=words.get((preset.preset_id, blank.name), blank.default)) for blank in preset.blanks
        ),
    )
