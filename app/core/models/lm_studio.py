"""Where LM Studio keeps its models: ``<publisher>/<repository>`` below one folder that a person may have moved.

Source: its command line (lmstudio-ai/lms, lmstudio-js: findLMStudioHome) and its settings file, of versions 0.2 to 0.4.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

_POINTER_FILE = ".lmstudio-home-pointer"
_HOMES = (".lmstudio", ".cache/lm-studio")
"""Today's and that of versions before 0.3.6."""
_SETTINGS_FILE = "settings.json"
_FOLDER_SETTING = "downloadsFolder"


def lm_studio_folders() -> tuple[Path, ...]:
    """Each folder of models there is, today's first."""
    try:
        home = Path.home()
    except RuntimeError:
        return ()
    places = [*_pointed_to(home / _POINTER_FILE), *(home / name for name in _HOMES)]
    found: list[Path] = []
    for place in places:
        found += [*_chosen_in(place / _SETTINGS_FILE), place / "models"]
    found += _chosen_in(_older_settings(home))
    seen: dict[str, Path] = {}
    for folder in found:
        if _is_folder(folder):
            seen.setdefault(os.path.realpath(folder), folder)
    return tuple(seen.values())


def _pointed_to(pointer: Path) -> list[Path]:
    try:
        text = pointer.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return []
    return [Path(text)] if os.path.isabs(text) and "\0" not in text else []  # noqa: PTH117 - a text, maybe no path


def _chosen_in(settings_file: Path) -> list[Path]:
    try:
        chosen = json.loads(settings_file.read_text(encoding="utf-8"))[_FOLDER_SETTING]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    is_path = isinstance(chosen, str) and os.path.isabs(chosen) and "\0" not in chosen  # noqa: PTH117
    return [Path(chosen)] if is_path else []


def _older_settings(home: Path) -> Path:
    if sys.platform == "darwin":
        return home / "Library/Application Support/LM Studio" / _SETTINGS_FILE
    if sys.platform == "win32":
        return home / "AppData/Roaming/LM Studio" / _SETTINGS_FILE
    return Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "LM Studio" / _SETTINGS_FILE


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
