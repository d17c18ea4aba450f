"""What the bundled program is called and counted as, for the spec, the property list, the workflow and the builder.

Standard library only; the program is not imported.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "resources"

NAME = "Viewfinder"
BUNDLE_ID = "org.viewfinder.Viewfinder"
MIN_MACOS = "14.0"
"""The oldest macOS that MLX has a build for."""
NOTICES_NAME = "THIRD-PARTY-NOTICES.txt"
"""Of the file beside a build that holds every licence inside it."""
COPYRIGHT = "Copyright © 2026 the Viewfinder authors"

_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


def executable_name(system: str) -> str:
    """The name of the program's own file on a system as `sys.platform` calls it: what the Dock shows, what is typed."""
    return NAME if system == "darwin" else NAME.lower()


def version(package: Path = ROOT / "app" / "__init__.py") -> str:
    """The program's version, read from its package without importing it.

    Raises:
        ValueError: The package does not say.
    """
    found = _VERSION.search(package.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{package} has no line that gives __version__.")
    return found[1]
