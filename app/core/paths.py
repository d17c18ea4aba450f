"""Where the program's own files and a person's state are."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Sentence, UserError
from app.core.files import shown_name

RESOURCES_DIR = Path(__file__).resolve().parents[2] / "resources"
DEMO_MODEL_DIR = RESOURCES_DIR / "demo_model"
PRESETS_DIR = RESOURCES_DIR / "presets"
TRANSLATIONS_DIR = RESOURCES_DIR / "translations"
CATALOGUE_FILE = RESOURCES_DIR / "catalogue.toml"
MERGING_FILE = RESOURCES_DIR / "merging.toml"
SCHEMAS_DIR = RESOURCES_DIR / "schemas"
LICENCES_DIR = RESOURCES_DIR / "licences"
WINDOW_ICON = RESOURCES_DIR / "icon" / "window.png"
SAMPLE_PICTURE = RESOURCES_DIR / "samples" / "shapes.png"
SAMPLE_NUMBER = RESOURCES_DIR / "samples" / "number.png"
SAMPLE_QUESTION = "Describe this image."
SAMPLE_VIDEO = RESOURCES_DIR / "samples" / "moving-circle.mp4"
SAMPLE_VIDEO_QUESTION = "What happens in this video?"


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
    def questions_file(self) -> Path:
        """Earlier questions and the unfinished one, as JSON."""
        return self.data_dir / "questions.json"

    @property
    def window_file(self) -> Path:
        """Window geometry, as an INI file."""
        return self.data_dir / "window.ini"

    @property
    def recent_file(self) -> Path:
        """Files and commands that were used last, as JSON."""
        return self.data_dir / "recent.json"

    @property
    def last_uses_file(self) -> Path:
        """When each model was last used, as JSON."""
        return self.data_dir / "model-uses.json"

    @property
    def catalogue_file(self) -> Path:
        """Models that the person adds to the catalogue, as TOML; the program never writes it."""
        return self.data_dir / "catalogue.toml"

    @property
    def told_sizes_file(self) -> Path:
        """How large repositories are, as the Hub has told, as JSON."""
        return self.data_dir / "model-sizes.json"

    @property
    def downloads_file(self) -> Path:
        """Downloads that are not finished, as JSON."""
        return self.data_dir / "downloads.json"

    @property
    def log_file(self) -> Path:
        """The newest log."""
        return self.log_dir / "viewfinder.log"

    @property
    def crash_file(self) -> Path:
        """Where the window's process was when it crashed."""
        return self.log_dir / "crash.log"


def profile_at(folder: Path) -> Profile:
    """A profile that keeps everything in one folder.

    Raises:
        UserError: It begins with ``~`` and a name that is no account's here.
    """
    try:
        folder = Path(os.path.realpath(folder.expanduser()))
    except (RuntimeError, ValueError) as error:
        text = Sentence("The folder {folder} of the profile cannot be found.", folder=shown_name(str(folder)))
        raise UserError(text, "Write it without “~”.", str(error)) from error
    return Profile(folder, folder / "logs")


def default_profile() -> Profile:
    """Where this system keeps a program's data and logs.

    Raises:
        UserError: This account has no home folder.
    """
    if sys.platform == "darwin":
        home = home_dir()
        return Profile(home / "Library/Application Support/Viewfinder", home / "Library/Logs/Viewfinder")
    if sys.platform == "win32":
        root = _folder_of("LOCALAPPDATA", "AppData/Local") / "Viewfinder"
        return Profile(root, root / "Logs")
    data = _folder_of("XDG_DATA_HOME", ".local/share") / "viewfinder"
    state = _folder_of("XDG_STATE_HOME", ".local/state") / "viewfinder"
    return Profile(data, state)


def _folder_of(variable: str, below_home: str) -> Path:
    given = os.environ.get(variable)
    return Path(given) if given else home_dir() / below_home


def home_dir() -> Path:
    """The person's home folder.

    Raises:
        UserError: This account has none.
    """
    try:
        return Path.home()
    except RuntimeError as error:
        text = "This account has no home folder to keep settings and logs in."
        raise UserError(text, "Name a folder with --profile DIR.", str(error)) from error
