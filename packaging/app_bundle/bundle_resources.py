"""What is put into the frozen program before it is signed: what the system wants and the program never reads.

Standard library only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from info_plist import write_localizations
from quick_action import write_quick_action

if TYPE_CHECKING:
    from pathlib import Path


def place_resources(app: Path) -> None:
    """Puts the Quick Action and the words of the Info.plist into an .app; its signature must be made after this."""
    resources = app / "Contents" / "Resources"
    write_quick_action(resources)
    write_localizations(resources)
