"""Where the program's own files and a person's state are."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

RESOURCES_DIR = Path(__file__).resolve().parents[2] / "resources"
DEMO_MODEL_DIR = RESOURCES_DIR / "demo_model"
PRESETS_DIR = RESOURCES_DIR / "presets"
SCHEMAS_DIR = RESOURCES_DIR / "schemas"
SAMPLE_PICTURE = RESOURCES_DIR / "samples" / "shapes.png"
SAMPLE_QUESTION = "Describe this image."


@dataclass(frozen=True, slots=True)
class Profile:
    """The folders that hold a person's state.

    Attributes:
        data_dir: Settings and window geometry.
        log_dir: Log files.
    """

    data_dir: Path
    log_dir: Path

    @property
    def settings_file(self) -> Path:
        """The settings, as JSON."""
        return self.data_dir / "settings.json"

    @property
    def window_file(self) -> Path:
        """Window geometry, as an INI file."""
        return self.data_dir / "window.ini"

    @property
    def log_file(self) -> Path:
        """The newest log."""
        return self.log_dir / "viewfinder.log"


def profile_at(folder: Path) -> Profile:
    """A profile that keeps everything in one folder."""
    folder = folder.expanduser().resolve()
    return Profile(folder, folder / "logs")


def default_profile() -> Profile:
    """Where this system keeps a program's data and logs."""
    home = Path.home()
    if sys.platform == "darwin":
        return Profile(home / "Library/Application Support/Viewfinder", home / "Library/Logs/Viewfinder")
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local")) / "Viewfinder"
        return Profile(root, root / "Logs")
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "viewfinder"
    state = Path(os.environ.get("XDG_STATE_HOME") or home / ".local/state") / "viewfinder"
    return Profile(data, state)
