from __future__ import annotations

import plistlib
import subprocess
from pathlib import Path
from typing import Any

import bundle_resources
import file_kinds
import pytest
import quick_action
from bundle_identity import BUNDLE_ID

NAMES = (
    "two words.png",
    "Grüße – 图片.jpeg",
    "one\nline more.mov",
    "'quoted' \"twice\" $HOME `id` \\ *.png",
    "-b.png",
    "trailing ",
)


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    return quick_action.write_quick_action(tmp_path / "Services")


def read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = plistlib.loads(file.read_bytes())
    return content


def opened_with(workflow: Path, tmp_path: Path, files: list[str], code: int = 0) -> tuple[int, list[str]]:
    """The exit status of the workflow's own script, and what it gave the command that opens files."""
    noted = tmp_path / "noted"
    stand_in = tmp_path / "open"
    stand_in.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" > '{noted}'\nexit {code}\n")
    stand_in.chmod(0o755)
    parameters = read(workflow / "Contents" / "document.wflow")["actions"][0]["action"]["ActionParameters"]
    assert parameters["inputMethod"] == 1, "files come as arguments"
    script = parameters["COMMAND_STRING"]
    assert script.count("/usr/bin/open") == 1
    command = [parameters["shell"], "-c", script.replace("/usr/bin/open", str(stand_in)), "-", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "")
    return done.returncode, noted.read_text().split("\0")[:-1]


def test_all_that_is_selected_is_opened_at_once_whatever_it_is_called(workflow: Path, tmp_path: Path) -> None:
    files = [f"/Users/somebody/{name}" for name in NAMES]
    assert opened_with(workflow, tmp_path, files) == (0, ["-b", BUNDLE_ID, *files])


def test_hundreds_of_files_are_opened_in_one_go(workflow: Path, tmp_path: Path) -> None:
    files = [f"/Volumes/Card/DCIM/a fairly long name of a picture {number:05}.jpeg" for number in range(1_000)]
    assert opened_with(workflow, tmp_path, files) == (0, ["-b", BUNDLE_ID, *files])


def test_automator_hears_when_the_program_cannot_be_opened(workflow: Path, tmp_path: Path) -> None:
    assert opened_with(workflow, tmp_path, ["/a.png"], code=1) == (1, ["-b", BUNDLE_ID, "/a.png"])


def test_the_finder_offers_it_for_what_the_program_opens_and_nothing_else(workflow: Path) -> None:
    (service,) = read(workflow / "Contents" / "Info.plist")["NSServices"]
    assert service["NSMenuItem"] == {"default": "Ask Viewfinder"}
    assert service["NSMessage"] == "runWorkflowAsService"
    assert service["NSRequiredContext"] == {"NSApplicationIdentifier": "com.apple.finder"}
    kinds = service["NSSendFileTypes"]
    assert {"public.image", "public.movie", "public.folder"} <= set(kinds)
    assert kinds == [kind for document in file_kinds.DOCUMENTS for kind in document.content_types]
    assert "NSReturnTypes" not in service


def test_it_is_a_quick_action_of_the_finder_for_files(workflow: Path) -> None:
    document = read(workflow / "Contents" / "document.wflow")
    told = document["workflowMetaData"]
    assert told["workflowTypeIdentifier"] == "com.apple.Automator.servicesMenu"
    assert told["serviceInputTypeIdentifier"] == "com.apple.Automator.fileSystemObject"
    assert told["serviceOutputTypeIdentifier"] == "com.apple.Automator.nothing"
    assert told["serviceApplicationBundleID"] == "com.apple.finder"
    assert document["AMDocumentVersion"] == "2"


def test_its_one_action_is_the_systems_own_and_whole(workflow: Path) -> None:
    (entry,) = read(workflow / "Contents" / "document.wflow")["actions"]
    action = entry["action"]
    assert action["BundleIdentifier"] == "com.apple.RunShellScript"
    assert action["Class Name"] == "RunShellScriptAction"
    assert action["ActionBundlePath"].startswith("/System/Library/Automator/")
    assert action["nibPath"].startswith(action["ActionBundlePath"])
    parameters = action["ActionParameters"].keys()
    assert action["AMParameterProperties"].keys() == parameters
    assert {argument["name"] for argument in action["arguments"].values()} == parameters
    assert len({action[name] for name in ("UUID", "InputUUID", "OutputUUID")}) == 3


def test_the_menu_says_it_in_the_languages_of_the_window(workflow: Path) -> None:
    folder = workflow / "Contents" / "Resources"
    assert read(folder / "en.lproj" / "ServicesMenu.strings") == {"Ask Viewfinder": "Ask Viewfinder"}
    assert read(folder / "zh-Hans.lproj" / "ServicesMenu.strings") == {"Ask Viewfinder": "用 Viewfinder 提问"}


def test_two_builds_write_the_same_and_one_over_another_leaves_no_trace(workflow: Path) -> None:
    before = {file: file.read_bytes() for file in workflow.rglob("*") if file.is_file()}
    (workflow / "Contents" / "old.txt").write_text("of an earlier version")
    assert quick_action.write_quick_action(workflow.parent) == workflow
    assert {file: file.read_bytes() for file in workflow.rglob("*") if file.is_file()} == before


def test_the_app_carries_it_and_its_words_among_its_resources(tmp_path: Path) -> None:
    app = tmp_path / "Viewfinder.app"
    bundle_resources.place_resources(app)
    resources = app / "Contents" / "Resources"
    assert (resources / "Ask Viewfinder.workflow" / "Contents" / "document.wflow").is_file()
    assert (resources / "zh-Hans.lproj" / "InfoPlist.strings").is_file()
    assert not (app / "Contents" / "Frameworks").exists()
