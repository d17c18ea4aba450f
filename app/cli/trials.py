"""The parts of the self-test, and the process in which they are tried.

The parts of a group share a process, so that a crash costs no more than the part it came in; see trial_process.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO, TypeAlias

from app.core.errors import describe_error
from app.core.trials import Found, TrialError, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Outcome: TypeAlias = Literal["ok", "failed", "not_applicable"]
WindowParts: TypeAlias = "Callable[[Path], Mapping[str, Callable[[], Found]]]"
"""Given a folder to write in, what tries Qt by the part's name."""
_Runs: TypeAlias = "Mapping[str, Callable[[], Found]]"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is tried.

    Attributes:
        name: In JSON.
        title: For people.
        group: The parts that are tried in one process.
    """

    name: str
    title: str
    group: str


PARTS = (
    Part("libraries", "Libraries", "files"),
    Part("resources", "Program's files", "files"),
    Part("device", "Device", "device"),
    Part("product", "Matrix product", "device"),
    Part("kernels", "Metal kernels", "device"),
    Part("picture", "Question, picture", "answers"),
    Part("number", "Question, number", "answers"),
    Part("video", "Question, video", "answers"),
    Part("frames", "Video frames", "media"),
    Part("exports", "Exports", "media"),
    Part("data_folder", "Settings folder", "places"),
    Part("log_folder", "Log folder", "places"),
    Part("download_folder", "Models folder", "places"),
    Part("temporary_folder", "Temporary folder", "places"),
    Part("certificates", "Certificates", "places"),
    Part("keychain", "Keychain", "places"),
    Part("window", "Window", "window"),
    Part("languages", "Languages", "window"),
)


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of a self-test.

    Attributes:
        work_dir: A throw-away folder, or None where none could be made.
        profile_dir: Whose folders are looked at; None for the system's own places.
    """

    work_dir: Path | None
    profile_dir: Path | None

    def work_dir_made(self, name: str) -> Path:
        """A throw-away folder of this name.

        Raises:
            TrialError: None can be made.
        """
        if self.work_dir is None:
            raise TrialError("No temporary folder can be made.")
        folder = self.work_dir / name
        folder.mkdir(exist_ok=True)
        return folder


@dataclass(frozen=True, slots=True)
class PartEnded:
    """How a part went.

    Attributes:
        name: The part's.
        outcome: Whether it passed, failed, or has no meaning on this machine.
        detail: What was found, or why it failed.
        duration_s: How long it took.
        versions: Versions of libraries that came to light.
        device: What models run on, where the part asked.
    """

    name: str
    outcome: Outcome
    detail: str
    duration_s: float
    versions: Mapping[str, str] = field(default_factory=dict)
    device: str = ""


def try_parts(names: Sequence[str], places: Places, window: WindowParts, out: TextIO) -> int:
    """Tries parts one after the other; of each a line of JSON tells how it went.

    Args:
        names: Of PARTS.
        places: What may be written and what is looked at.
        window: What tries Qt.
        out: Where the lines go.

    Returns:
        The exit code.
    """
    trying = _Trying(places, window)
    try:
        with contextlib.closing(trying):
            for name in names:
                began = time.perf_counter()
                outcome, found = _tried(partial(trying.run, name))
                duration_s = round(time.perf_counter() - began, 3)
                ended = PartEnded(name, outcome, found.detail, duration_s, dict(found.versions), found.device)
                out.write(json.dumps(asdict(ended)) + "\n")
                out.flush()
    except BrokenPipeError:  # whoever started this is gone
        return 1
    return 0


def _tried(run: Callable[[], Found]) -> tuple[Outcome, Found]:
    """What became of a part; nothing that a broken library raises ends the others."""
    try:
        found = run()
    except TrialError as error:
        return "failed", Found(error.reason, error.versions)
    except Exception as error:  # noqa: BLE001 - see above
        return "failed", Found(reason_of(describe_error(error)))
    return "ok" if found.is_applicable else "not_applicable", found


class _Trying:
    """What the parts of one process share."""

    def __init__(self, places: Places, window: WindowParts) -> None:
        self._places = places
        self._window = window
        self._ends = contextlib.ExitStack()
        self._runs: dict[str, Callable[[], Found]] = {}

    def run(self, name: str) -> Found:
        """Tries a part; raises what it raises."""
        if name not in self._runs:
            group = next(part.group for part in PARTS if part.name == name)
            self._runs.update(self._of_group(group))
        return self._runs[name]()

    def _of_group(self, group: str) -> _Runs:
        runs: dict[str, Callable[[], _Runs]] = {
            "files": self._files,
            "device": self._device,
            "answers": self._answers,
            "media": self._media,
            "places": self._folders,
            "window": self._of_window,
        }
        return runs[group]()

    def close(self) -> None:
        """Ends what the parts began; a fault of that is the process's own."""
        self._ends.close()

    def _files(self) -> _Runs:
        from app.cli.trial_machine import try_libraries  # noqa: PLC0415 - each group imports what it tries
        from app.cli.trial_places import try_resources  # noqa: PLC0415

        return {"libraries": try_libraries, "resources": try_resources}

    def _device(self) -> _Runs:
        from app.cli.trial_machine import DeviceTrial  # noqa: PLC0415

        device = DeviceTrial()
        self._ends.callback(device.close)
        return {"device": device.device, "product": device.product, "kernels": device.kernels}

    def _answers(self) -> _Runs:
        from app.cli.trial_answers import DemoAnswers  # noqa: PLC0415

        demo = DemoAnswers()
        self._ends.callback(demo.close)
        return {"picture": demo.picture, "number": demo.number, "video": demo.video}

    def _media(self) -> _Runs:
        from app.cli.trial_media import try_exports, try_frames  # noqa: PLC0415

        return {"frames": try_frames, "exports": lambda: try_exports(self._places.work_dir_made("exports"))}

    def _folders(self) -> _Runs:
        from app.cli import trial_places  # noqa: PLC0415

        profile_dir = self._places.profile_dir
        return {
            "data_folder": lambda: trial_places.try_data_folder(profile_dir),
            "log_folder": lambda: trial_places.try_log_folder(profile_dir),
            "download_folder": lambda: trial_places.try_download_folder(profile_dir),
            "temporary_folder": trial_places.try_temporary_folder,
            "certificates": trial_places.try_certificates,
            "keychain": trial_places.try_keychain,
        }

    def _of_window(self) -> _Runs:
        return self._window(self._places.work_dir_made("window"))
