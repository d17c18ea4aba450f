"""Stand-ins for the tools of a Mac: scripts that note how they were called; and an .app with the form of a real one."""

from __future__ import annotations

import json
import struct
from dataclasses import fields, replace
from pathlib import Path

from build_commands import MacTools, Steps

CODE = b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01"
"""How a Mach-O file for Apple silicon begins."""
_UNIVERSAL = struct.pack(">7I", 0xCAFEBABE, 1, 0x0100000C, 0, 28, len(CODE), 2) + CODE
"""And one for several processors, of which it has but one."""
_DITTO = """
[ "$1" = -c ] && { for last; do :; done; : > "$last"; exit 0; }
cp -RP "$1" "$2"
"""
_HDIUTIL = """
for last; do :; done
while [ "$1" != -srcfolder ]; do shift; done
(cd "$2" && find . | sort) > "$last"
"""


class PlayedMac:
    """The tools in a folder of a test, and what they were asked, in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        for field in fields(MacTools):
            self.plays(field.name, "exit 0")
        self.plays("ditto", _DITTO)
        self.plays("hdiutil", _HDIUTIL)
        self.plays("xcrun", self.notary())
        tools = MacTools()
        self.steps = Steps(tools=replace(tools, **{field.name: str(folder / field.name) for field in fields(tools)}))

    def plays(self, tool: str, script: str) -> None:
        """Has a tool do something, after it has noted how it was called."""
        note = f"printf '%s\\037' {tool} \"$@\" >> '{self._folder}/calls'\necho >> '{self._folder}/calls'\n"
        file = self._folder / tool
        file.write_text(f"#!/bin/sh\n{note}{script}\n")
        file.chmod(0o755)

    @property
    def calls(self) -> list[list[str]]:
        """Each command line, its program by name."""
        noted = self._folder / "calls"
        if not noted.exists():
            return []
        return [line.split("\x1f")[:-1] for line in noted.read_text().splitlines()]

    @staticmethod
    def notary(status: str = "Accepted", code: int = 0, issues: tuple[dict[str, str], ...] = ()) -> str:
        """A notary that gives an answer and, asked for its log, its reasons."""
        answer = json.dumps({"id": "2efe2717", "status": status, "message": "Processing complete"})
        log = json.dumps({"status": status, "issues": list(issues) or None})
        submit = f"submit) echo 'Waiting for processing' >&2; echo '{answer}'; exit {code};;"
        return f"case \"$2\" in {submit} log) echo '{log}';; esac"


def make_app(folder: Path) -> Path:
    """An .app as PyInstaller lays it out, of files that begin like code and hold nothing."""
    app = folder / "Viewfinder.app"
    contents = app / "Contents"
    framework = contents / "Frameworks" / "PySide6" / "Qt" / "lib" / "QtCore.framework"
    code = (
        contents / "MacOS" / "Viewfinder",
        contents / "Frameworks" / "mlx" / "lib" / "libmlx.dylib",
        contents / "Frameworks" / "mlx" / "core.cpython-312-darwin.so",
        framework / "Versions" / "A" / "QtCore",
        framework / "Versions" / "A" / "Helpers" / "helper",
        framework / "Versions" / "A" / "Frameworks" / "Inner.framework" / "Versions" / "A" / "Inner",
    )
    for file in code:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(CODE)
    (contents / "Frameworks" / "libpython3.12.dylib").write_bytes(_UNIVERSAL)
    (contents / "Frameworks" / "libmlx.dylib").symlink_to("mlx/lib/libmlx.dylib")
    (framework / "QtCore").symlink_to("Versions/Current/QtCore")
    (framework / "Versions" / "Current").symlink_to("A")
    (contents / "Frameworks" / "mlx" / "lib" / "mlx.metallib").write_bytes(b"MTLB")
    (contents / "Resources").mkdir()
    (contents / "Resources" / "empty").touch()
    (contents / "Info.plist").write_bytes(b"<plist/>")
    return app
