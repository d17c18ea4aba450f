"""What lies beside the frozen program's code is what lies beside the source's: presets, catalogue, words, licences."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from app.core.licences.inside import inside_bundle
from app.core.paths import RESOURCES_DIR, SAMPLE_PICTURE
from app.core.presets import list_presets
from tests.e2e.program import ROOT
from tests.e2e.real_display import NEEDS_DISPLAY, Hands, ask_and_export, killed_at_end, quit_by_keys, until
from tests.e2e.test_window_process import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.program import Program
    from tests.frozen.installed import Installed

NOT_TAKEN_ALONG = ("resources/readme/", "resources/icon/")
"""Pictures of the README, and the icon's drawings, of which the build makes what each system wants."""


def resources_of(installed: Installed) -> Path:
    (demo,) = installed.folder.rglob("resources/demo_model")
    return demo.parent


def test_every_resource_is_there(installed: Installed) -> None:
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "resources"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
    read = [name for name in names if name and not name.startswith(NOT_TAKEN_ALONG) and not name.endswith(".ts")]
    read += [str(file.relative_to(ROOT)) for file in RESOURCES_DIR.rglob("*.qm")]
    assert len([name for name in read if name.startswith("resources/presets/")]) >= 15
    inside = resources_of(installed).parent
    assert [name for name in read if not (inside / name).is_file() or not (inside / name).stat().st_size] == []
    given = [name for name in read if name.startswith(("resources/demo_model/", "resources/samples/"))]
    assert [name for name in given if (ROOT / name).read_bytes() != (inside / name).read_bytes()] == []


def test_whose_work_is_inside_and_under_which_licence_is_known(installed: Installed) -> None:
    inside = inside_bundle(resources_of(installed).parent)
    assert inside.faults == ()
    assert inside.unknown == ()
    assert len(inside.parts) > 40
    texts = [text for part in inside.parts for text in (*part.own_texts, *part.standard_texts)]
    assert all(text.stat().st_size for text in texts)


@NEEDS_DISPLAY
@pytest.mark.parametrize(("moves", "preset_id"), [(0, "describe"), (1, "read_text")])
def test_a_task_of_the_window_asks_its_question(
    program: Program, display: str, tmp_path: Path, moves: int, preset_id: str
) -> None:
    preset = next(one for one in list_presets() if one.preset_id == preset_id)
    on_display = program.scripted(answers=["Done."]).with_variables(
        DISPLAY=display, QT_QPA_PLATFORM="xcb", XDG_CURRENT_DESKTOP="", QT_QPA_PLATFORMTHEME=""
    )
    trace, exported = tmp_path / "trace.json", tmp_path / "answer.json"
    words: list[str | Path] = ["--profile", program.profile_dir, "--startup-trace", trace]
    words += ["--backend", "fake", "--model", program.model, SAMPLE_PICTURE]
    hands = Hands(display)
    with killed_at_end(on_display.start(*words)) as window:
        wait_for("model_ready", trace, window)
        window_id = hands.do("search", "--sync", "--onlyvisible", "--name", "Viewfinder").split()[0]
        hands.do("windowfocus", "--sync", window_id)
        hands.do("key", "shift+Tab", *["Right"] * moves, "space")
        until(lambda: ask_and_export(hands, window_id, exported), "the answer was not exported")
        _, errors = quit_by_keys(hands, window_id, window)
    assert (window.returncode, errors) == (0, b"")
    (turn,) = json.loads(exported.read_text(encoding="utf-8"))["turns"]
    assert turn["question"] == preset.prompt.strip()
