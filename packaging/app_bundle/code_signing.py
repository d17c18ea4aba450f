"""Signs an .app from the inside out: first every library by itself, then every framework, at last the program.

Each signature seals those inside it, so the order cannot be another; ``codesign --deep`` would give every library the
program's entitlements, which Apple's notary refuses. Standard library only.

Source: Apple, "Creating distribution-signed code for macOS", and TN2206.
"""

from __future__ import annotations

import plistlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from build_commands import BuildError
from mach_o import is_mach_o

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from build_commands import Steps

ENTITLEMENTS = Path(__file__).with_name("entitlements.plist")

_AT_ONCE = 50
"""Files that one command signs: an error names its file, and no command line grows too long."""
_NAMELESS = "-"


@dataclass(frozen=True)
class Signable:
    """What is signed, each group after the one before it.

    Attributes:
        libraries: Code that belongs to no framework, in any order.
        frameworks: Folders that are signed as a whole, the innermost first.
    """

    libraries: tuple[Path, ...]
    frameworks: tuple[Path, ...]


def signable(app: Path, executable: Path) -> Signable:
    """What has to be signed before an .app itself.

    Args:
        app: The .app.
        executable: The program in it, which is signed with the .app.
    """
    frameworks = sorted(
        (folder for folder in app.rglob("*.framework") if folder.is_dir() and not folder.is_symlink()),
        key=lambda folder: (-len(folder.parts), folder),
    )
    mains = {main for framework in frameworks for main in _main_code(framework)}
    libraries = [file for file in _code_in(app) if file != executable and file not in mains]
    return Signable(tuple(libraries), tuple(frameworks))


def _code_in(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink() and is_mach_o(file):
            yield file


def _main_code(framework: Path) -> set[Path]:
    """The file that is signed with its framework, wherever that keeps it: at its top or in its version."""
    return {(framework / framework.stem).resolve(), *(framework.glob(f"Versions/*/{framework.stem}"))}


def sign_options(identity: str | None) -> list[str]:
    """How everything is signed: by somebody with Apple's time and the hardened runtime, or without a name."""
    if identity is None:
        return ["--force", "--sign", _NAMELESS]
    return ["--force", "--timestamp", "--options", "runtime", "--sign", identity]


def sign_app(app: Path, executable: Path, identity: str | None, work_dir: Path, steps: Steps) -> None:
    """Signs everything in an .app, and looks whether the result holds.

    Args:
        app: The .app; anything signed before is signed anew.
        executable: The program in it.
        identity: Whose signature, as the keychain names it; None for one without a name.
        work_dir: Where the entitlements are put as codesign reads them.
        steps: What runs codesign.

    Raises:
        BuildError: Something could not be signed, or the signature does not hold.
    """
    codesign = [steps.tools.codesign, *sign_options(identity)]
    wanted = signable(app, executable)
    for group in _groups(wanted.libraries):
        steps.output(*codesign, *group)
    for framework in wanted.frameworks:
        steps.output(*codesign, framework)
    entitled = [] if identity is None else ["--entitlements", str(plain_entitlements(work_dir))]
    steps.output(*codesign, *entitled, app)
    verify_signature(app, steps)


def verify_signature(app: Path, steps: Steps) -> None:
    """Looks whether a signature holds, down to the innermost library.

    Raises:
        BuildError: It does not.
    """
    steps.output(steps.tools.codesign, "--verify", "--deep", "--strict", "--verbose=2", app)


def plain_entitlements(work_dir: Path) -> Path:
    """The entitlements without their reasons: what a signature holds is read by a parser of the kernel's."""
    file = work_dir / "entitlements.plist"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(plistlib.dumps(plistlib.loads(ENTITLEMENTS.read_bytes())))
    return file


def require_identity(identity: str, steps: Steps) -> None:
    """Looks, before anything is built, whether the keychain has an identity.

    Raises:
        BuildError: It has not; the text says which it has.
    """
    held = steps.output(steps.tools.security, "find-identity", "-v", "-p", "codesigning")
    if identity not in held:
        raise BuildError(
            f"The keychain has no identity “{identity}” that can sign code. It has:\n{held.rstrip() or '      none'}"
        )


def _groups(files: Sequence[Path]) -> Iterator[Sequence[Path]]:
    for start in range(0, len(files), _AT_ONCE):
        yield files[start : start + _AT_ONCE]
