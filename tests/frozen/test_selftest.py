"""The program's own test passes where nothing of the build is; where something is wrong its exit code tells."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from app.core.paths import SCHEMAS_DIR
from tests.frozen.installed import SOMEBODY, SYSTEM_PATH, after_mounting, folder_of, start_options

if TYPE_CHECKING:
    from pathlib import Path

    from tests.frozen.installed import Installed

NEEDED = {"libraries", "resources", "device", "product", "picture", "number", "video", "frames", "exports"}
NEEDED |= {"data_folder", "log_folder", "temporary_folder", "certificates", "window", "languages"}


def test_it_passes_in_an_empty_environment(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("--selftest", variables={"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_passes_for_another_user_and_says_so_in_json(installed: Installed) -> None:
    with folder_of(SOMEBODY) as home:
        done = installed.run("--selftest", "--json", variables={"HOME": str(home)}, user=SOMEBODY)
    assert done.returncode == 0, done.stdout + done.stderr
    told = valid(done.stdout)
    assert told["is_passed"]
    assert told["is_bundled"]
    assert told["program"] == str(installed.folder)
    assert {part["name"] for part in told["parts"] if part["outcome"] == "ok"} >= NEEDED


@pytest.mark.skipif(not os.path.exists("/proc/1"), reason="needs a folder that root cannot write either")  # noqa: PTH110
def test_it_fails_where_nothing_can_be_kept(installed: Installed) -> None:
    done = installed.run("--selftest", "--json", variables={"HOME": "/proc/1"})
    assert done.returncode == 1
    assert failed(valid(done.stdout)) >= {"data_folder", "log_folder"}


@pytest.mark.parametrize(
    ("hidden", "parts"),
    [("resources/demo_model", {"picture", "number", "video"}), ("av.libs", {"video", "frames"})],
)
def test_it_fails_where_a_part_of_the_program_is_gone(
    installed: Installed, tmp_path: Path, hidden: str, parts: set[str]
) -> None:
    (place,) = installed.folder.rglob(hidden)
    words = [*after_mounting(f"mount -t tmpfs none {shlex.quote(str(place))}"), str(installed.file)]
    words += ["--selftest", "--json"]
    options = start_options(variables={"HOME": str(tmp_path), "PATH": SYSTEM_PATH})
    done = subprocess.run(words, timeout=300, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 1, done.stderr
    assert failed(valid(done.stdout)) >= parts


def valid(text: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(text)
    schema = json.loads((SCHEMAS_DIR / "selftest-1.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(told, schema, format_checker=jsonschema.FormatChecker())
    return told


def failed(told: dict[str, Any]) -> set[str]:
    return {part["name"] for part in told["parts"] if part["outcome"] == "failed"}
