"""The window of an installed program on a real X server: asked, answered by the demo model, exported in both forms."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from app.core.paths import SAMPLE_PICTURE, SAMPLE_QUESTION, SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION, SCHEMAS_DIR
from tests.e2e.real_display import (
    NEEDS_DISPLAY,
    Hands,
    ask_and_export,
    export_answer,
    killed_at_end,
    quit_by_keys,
    until,
)
from tests.e2e.test_window_process import wait_for
from tests.frozen.installed import SOMEBODY, folder_of
from tests.frozen.test_surroundings import PICTURE_ANSWER, VIDEO_ANSWER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.frozen.installed import Installed

TITLES = {"en": "Export", "zh_CN": "导出"}
pytestmark = NEEDS_DISPLAY


@pytest.fixture
def somebodys() -> Iterator[Path]:
    with folder_of(SOMEBODY) as folder:
        yield folder


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize(
    ("file", "question", "answer"),
    [
        (SAMPLE_PICTURE, SAMPLE_QUESTION, PICTURE_ANSWER),
        (SAMPLE_VIDEO, SAMPLE_VIDEO_QUESTION, VIDEO_ANSWER),
    ],
    ids=["picture", "video"],
)
def test_the_demo_model_answers_in_the_window_of_another_user(
    installed: Installed,
    display: str,
    somebodys: Path,
    artefacts: Path,
    file: Path,
    question: str,
    answer: str,
    language: str,
) -> None:
    profile = somebodys / "profile"
    profile.mkdir()
    (profile / "settings.json").write_text(json.dumps({"language": language, "sampling": {"temperature": 0}}))
    for place in (profile, profile / "settings.json"):
        if SOMEBODY:
            shutil.chown(place, SOMEBODY)
    medium = Path(shutil.copy(file, somebodys))
    trace = somebodys / "trace.json"
    words: list[str | Path] = [
        "--profile",
        profile,
        "--startup-trace",
        trace,
        "--model",
        "demo",
        medium,
        "-p",
        question,
    ]
    hands = Hands(display)
    with killed_at_end(installed.start(*words, variables={"DISPLAY": display}, user=SOMEBODY)) as window:
        wait_for("model_ready", trace, window)
        window_id = hands.do("search", "--sync", "--onlyvisible", "--pid", window.pid, "--name", "Viewfinder").split()[
            0
        ]
        title = TITLES[language]
        until(
            lambda: ask_and_export(hands, window_id, somebodys / "answer.json", title=title),
            "the answer was not exported as JSON",
        )
        until(
            lambda: export_answer(hands, window_id, somebodys / "answer.md", keys="ctrl+s", title=title),
            "the answer was not exported as Markdown",
        )
        shot = artefacts / f"frozen-window-{file.stem}-{language}.png"
        subprocess.run(["import", "-display", display, "-window", window_id, shot], check=False, capture_output=True)
        out, errors = quit_by_keys(hands, window_id, window)
    assert (window.returncode, out, errors) == (0, b"", b"")
    result = json.loads((somebodys / "answer.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, json.loads((SCHEMAS_DIR / "result-1.schema.json").read_text(encoding="utf-8")))
    (turn,) = result["turns"]
    assert (turn["question"], turn["answer"]) == (question, answer.strip())
    assert answer.strip() in (somebodys / "answer.md").read_text(encoding="utf-8")
