"""The disk image: the program, a link to where it belongs, the Quick Action, and the notices of what is inside.

Standard library only.
"""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from build_commands import failure
from bundle_identity import NAME
from code_signing import sign_options
from quick_action import write_quick_action
from setup_commands import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from build_commands import Steps

_APPLICATIONS = "/Applications"
_TRIES = 5
_PAUSE_S = 10.0


def write_disk_image(
    app: Path,
    notices: Sequence[Path],
    image: Path,
    work_dir: Path,
    steps: Steps,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Writes the disk image.

    Args:
        app: The .app, signed.
        notices: Files that lie beside it.
        image: The file to write, over one that is there.
        work_dir: Where the contents are laid out meanwhile.
        steps: What runs ditto and hdiutil.
        wait: Lets seconds pass between two tries.

    Raises:
        BuildError: It cannot be written.
    """
    stage = work_dir / "disk-image"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    try:
        steps.output(steps.tools.ditto, app, stage / app.name)
        (stage / "Applications").symlink_to(_APPLICATIONS)
        write_quick_action(stage)
        for notice in notices:
            shutil.copy(notice, stage / notice.name)
        folder, form = ["-srcfolder", str(stage)], ["-fs", "HFS+", "-format", "ULFO"]
        _create([steps.tools.hdiutil, "create", "-volname", NAME, *folder, "-ov", *form, str(image)], steps, wait)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _create(command: Sequence[str], steps: Steps, wait: Callable[[float], None]) -> None:
    """Runs hdiutil, again where it fails.

    WORKAROUND(macOS 13 to 15): what looks for malware looks into the image while hdiutil lets go of it, which then says
    “Resource busy”, in the system's language; remove when hosted Macs no longer do that.
    """
    for _ in range(_TRIES - 1):
        done = steps.call(command, None, None)
        if not done.code:
            return
        say(f"{failure(command, done)}\n      It is tried again in {_PAUSE_S:.0f} s ...")
        wait(_PAUSE_S)
    steps.output(*command)


def sign_disk_image(image: Path, identity: str, steps: Steps) -> None:
    """Signs a disk image, so that it can be notarized; it is no code, and has no hardened runtime.

    Raises:
        BuildError: It cannot be signed.
    """
    options = [option for option in sign_options(identity) if option not in {"--options", "runtime"}]
    steps.output(steps.tools.codesign, *options, image)
    steps.output(steps.tools.codesign, "--verify", "--strict", "--verbose=2", image)


def assess(file: Path, steps: Steps) -> None:
    """Has Gatekeeper say whether it would open an .app or a disk image that came from the network.

    Raises:
        BuildError: It would not.
    """
    kind = ["-t", "exec"] if file.is_dir() else ["-t", "open", "--context", "context:primary-signature"]
    steps.output(steps.tools.spctl, "--assess", "-vvv", *kind, file)
