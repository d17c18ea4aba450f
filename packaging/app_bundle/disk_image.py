"""The disk image: the program, a link to where it belongs, the Quick Action, and the notices of what is inside.

Standard library only.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bundle_identity import NAME
from code_signing import sign_options
from quick_action import write_quick_action

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from build_commands import Steps

_APPLICATIONS = "/Applications"


def write_disk_image(app: Path, notices: Sequence[Path], image: Path, work_dir: Path, steps: Steps) -> None:
    """Writes the disk image.

    Args:
        app: The .app, signed.
        notices: Files that lie beside it.
        image: The file to write, over one that is there.
        work_dir: Where the contents are laid out meanwhile.
        steps: What runs ditto and hdiutil.

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
        steps.output(steps.tools.hdiutil, "create", "-volname", NAME, *folder, "-ov", *form, image)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


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
