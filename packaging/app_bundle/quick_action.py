"""The Finder's Quick Action “Ask Viewfinder”: an Automator document that opens what is selected with the program.

The system starts the program where it is not running and hands it the files like those of “Open With”: there is no
second way in. Standard library only.

Source: the keys of documents that Automator 2.10 saves for “Quick Action”, with the one action “Run Shell Script”.
"""

from __future__ import annotations

import plistlib
import shutil
import uuid
from typing import TYPE_CHECKING, Any

from bundle_identity import BUNDLE_ID, NAME, version
from file_kinds import DOCUMENTS

if TYPE_CHECKING:
    from pathlib import Path

TITLE = f"Ask {NAME}"
WORKFLOW_NAME = f"{TITLE}.workflow"
TITLES = {"en": TITLE, "zh-Hans": f"用 {NAME} 提问"}
"""By language, what the Finder's menu says."""
SCRIPT = f'exec /usr/bin/open -b {BUNDLE_ID} "$@"\n'
"""Files come as arguments, so that no character of a name means anything to the shell."""

_ACTION = "/System/Library/Automator/Run Shell Script.action"
_FINDER = "/System/Library/CoreServices/Finder.app"
_FINDER_ID = "com.apple.finder"
_FILES = "com.apple.Automator.fileSystemObject"
_NOTHING = "com.apple.Automator.nothing"
_AS_ARGUMENTS = 1


def write_quick_action(folder: Path) -> Path:
    """Writes the workflow into a folder, in the place of one that is there, and gives where it is."""
    workflow = folder / WORKFLOW_NAME
    contents = workflow / "Contents"
    shutil.rmtree(workflow, ignore_errors=True)
    contents.mkdir(parents=True)
    (contents / "Info.plist").write_bytes(plistlib.dumps(service_description()))
    (contents / "document.wflow").write_bytes(plistlib.dumps(document()))
    for language, title in TITLES.items():
        strings = contents / "Resources" / f"{language}.lproj" / "ServicesMenu.strings"
        strings.parent.mkdir(parents=True, exist_ok=True)
        strings.write_bytes(plistlib.dumps({TITLE: title}))
    return workflow


def service_description() -> dict[str, Any]:
    """The workflow's Info.plist: what the menu says, and for which files it is offered."""
    service = {
        "NSMenuItem": {"default": TITLE},
        "NSMessage": "runWorkflowAsService",
        "NSIconName": "NSActionTemplate",
        "NSBackgroundColorName": "background",
        "NSRequiredContext": {"NSApplicationIdentifier": _FINDER_ID},
        "NSSendFileTypes": [kind for document in DOCUMENTS for kind in document.content_types],
    }
    return {
        "CFBundleDevelopmentRegion": "en",
        "CFBundleIdentifier": f"{BUNDLE_ID}.ask",
        "CFBundleName": TITLE,
        "CFBundleShortVersionString": version(),
        "NSServices": [service],
    }


def document() -> dict[str, Any]:
    """The workflow itself, as Automator reads it."""
    return {
        "AMApplicationBuild": "512",
        "AMApplicationVersion": "2.10",
        "AMDocumentVersion": "2",
        "actions": [{"action": _shell_action(), "isViewVisible": 1}],
        "connectors": {},
        "workflowMetaData": {
            "applicationBundleID": _FINDER_ID,
            "applicationBundleIDsByPath": {_FINDER: _FINDER_ID},
            "applicationPath": _FINDER,
            "applicationPaths": [_FINDER],
            "inputTypeIdentifier": _FILES,
            "outputTypeIdentifier": _NOTHING,
            "presentationMode": 15,
            "processesInput": 0,
            "serviceApplicationBundleID": _FINDER_ID,
            "serviceApplicationPath": _FINDER,
            "serviceInputTypeIdentifier": _FILES,
            "serviceOutputTypeIdentifier": _NOTHING,
            "serviceProcessesInput": 0,
            "systemImageName": "NSActionTemplate",
            "useAutomaticInputType": 0,
            "workflowTypeIdentifier": "com.apple.Automator.servicesMenu",
        },
    }


def _shell_action() -> dict[str, Any]:
    parameters = ("COMMAND_STRING", "CheckedForUserDefaultShell", "inputMethod", "shell", "source")
    defaults: tuple[str | int, ...] = ("", 0, 0, "/bin/sh", "")
    values: tuple[str | int, ...] = (SCRIPT, 1, _AS_ARGUMENTS, "/bin/sh", "")
    return {
        "AMAccepts": {"Container": "List", "Optional": 1, "Types": ["com.apple.cocoa.string"]},
        "AMActionVersion": "2.0.3",
        "AMApplication": ["Automator"],
        "AMParameterProperties": {name: {} for name in parameters},
        "AMProvides": {"Container": "List", "Types": ["com.apple.cocoa.string"]},
        "ActionBundlePath": _ACTION,
        "ActionName": "Run Shell Script",
        "ActionParameters": dict(zip(parameters, values, strict=True)),
        "BundleIdentifier": "com.apple.RunShellScript",
        "CFBundleVersion": "2.0.3",
        "CanShowSelectedItemsWhenRun": 0,
        "CanShowWhenRun": 1,
        "Category": ["AMCategoryUtilities"],
        "Class Name": "RunShellScriptAction",
        "InputUUID": _identifier("input"),
        "Keywords": ["Shell", "Script", "Command", "Run", "Unix"],
        "OutputUUID": _identifier("output"),
        "UUID": _identifier("action"),
        "UnlocalizedApplications": ["Automator"],
        "arguments": {
            str(number): {
                "default value": default,
                "name": name,
                "required": "0",
                "type": "0",
                "uuid": str(number),
            }
            for number, (name, default) in enumerate(zip(parameters, defaults, strict=True))
        },
        "isViewVisible": 1,
        "location": "309.000000:253.000000",
        "nibPath": f"{_ACTION}/Contents/Resources/Base.lproj/main.nib",
    }


def _identifier(part: str) -> str:
    """The same at every build, so that two builds of one version hold the same workflow."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{part}.ask.{BUNDLE_ID}")).upper()
