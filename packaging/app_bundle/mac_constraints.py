"""What the Mac's program is made from, and for which Mac: the list packaging/constraints-macos.txt.

Standard library only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bundle_identity import ROOT
from setup_commands import SetUpError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSTRAINTS = ROOT / "packaging" / "constraints-macos.txt"
EXTRAS = ("bundle", "mlx")
"""Of pyproject.toml; on Linux the program is made from the same, with the versions that are newest there."""
PLATFORM = "macosx_14_0_arm64"
"""As wheels name the oldest Mac that the program runs on."""

_LINE = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[A-Za-z0-9.!+_]+)")
_HEADER = """\
# What the Mac's program is made from: macOS 14 and later, Apple silicon, Python 3.12.
# Made anew by: python3 packaging/mac_proof/mac_wheels.py resolve
"""


def read_constraints(text: str) -> dict[str, str]:
    """Versions by normalised name, in the order of the file.

    Raises:
        SetUpError: A line is not ``name==version``, or a name is there twice.
    """
    versions: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        parts = _LINE.fullmatch(line.strip())
        if parts is None:
            raise SetUpError(f"{CONSTRAINTS.name}: not a line name==version: {line!r}")
        if parts["name"] in versions:
            raise SetUpError(f"{CONSTRAINTS.name}: {parts['name']} is there twice.")
        versions[parts["name"]] = parts["version"]
    return versions


def write_constraints(versions: Mapping[str, str]) -> str:
    """The text of the file, sorted by name."""
    return _HEADER + "".join(f"{name}=={versions[name]}\n" for name in sorted(versions))
