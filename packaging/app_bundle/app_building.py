"""Builds the program for this system, tries what came out, and says where it is and what to do next.

Standard library only. Each step is a function of its own module; this one has their order.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from platform import machine
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NoReturn

import build_environment
import bundle_checks
import freezing
from build_commands import BuildError, Steps, require_developer_tools
from bundle_identity import NAME, NOTICES_NAME, ROOT, executable_name, version
from bundle_resources import place_resources
from code_signing import require_identity, sign_app, verify_signature
from disk_image import assess, sign_disk_image, write_disk_image
from moved_trial import put_back, try_elsewhere
from notarizing import notarize_app, require_profile, staple, submit
from one_build import only_one
from setup_commands import SetUpError, clean_environment, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HERE = Path(__file__).parent
_REFUSED = 2
_INTERRUPTED = 130
_TERMINATED = 143
_MAC = "darwin"


@dataclass(frozen=True)
class Wishes:
    """What was asked for.

    Attributes:
        identity: Who signs, as the keychain names it; None for a signature without a name.
        profile: The keychain's profile for Apple's notary; None where it is not asked.
        is_image_wanted: Whether a disk image is made.
    """

    identity: str | None = None
    profile: str | None = None
    is_image_wanted: bool = False


@dataclass(frozen=True)
class Places:
    """Where a build reads and writes.

    Attributes:
        dist: Gets what is made.
        work: Is used meanwhile.
        environment: The build's own Python environment.
    """

    dist: Path = ROOT / "dist"
    work: Path = ROOT / "build" / "app"
    environment: Path = build_environment.ENVIRONMENT

    @property
    def lock(self) -> Path:
        """What a build holds while it works; not among what is put out of sight meanwhile."""
        return self.work.with_name(f"{self.work.name}.lock")


@dataclass(frozen=True)
class Built:
    """What was made.

    Attributes:
        frozen: The .app, or the program's folder.
        bill: The bill of materials.
        notices: The notices of all that is inside.
        image: The disk image, or None.
    """

    frozen: Path
    bill: Path
    notices: Path
    image: Path | None = None


def main(arguments: Sequence[str]) -> int:
    """The command; its exit status tells whether everything was made and every trial passed."""
    try:
        wishes = parse(arguments, sys.platform, machine())
    except BuildError as error:
        say(str(error))
        return _REFUSED
    try:
        with terminated_tidily(), only_one(Places().lock):
            began = time.monotonic()
            built = build(wishes, Places(), Steps(), sys.platform)
    except SetUpError as error:
        say(f"Nothing was shipped. {error}")
        return 1
    except OSError as error:  # no room, no permission
        say(f"Nothing was shipped. {reason_of(error)}. See to it, then start it again.")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. Start it again to go on.")
        return _INTERRUPTED
    say(f"Made and tried in {time.monotonic() - began:.0f} s:")
    print(summary(built, wishes, sys.platform))
    return 0


def parse(arguments: Sequence[str], system: str, processor: str) -> Wishes:
    """What the words of the command line ask for.

    Raises:
        BuildError: It cannot be done, or not here.
    """
    parser = argparse.ArgumentParser(
        prog="build_app.py",
        description=f"Builds {NAME} so that it needs no Python: on a Mac dist/{NAME}.app, on Linux the folder "
        f"dist/{NAME.lower()}. What came out is tried in another folder before anything is said to be ready.",
        epilog="Without --sign a Mac's program has a signature without a name: README, “The app”, says how to open it.",
    )
    parser.add_argument(
        "--sign", metavar="IDENTITY", help="sign as this identity of the keychain: Developer ID Application: …"
    )
    parser.add_argument("--notarize", metavar="PROFILE", help="ask Apple's notary, with this profile of notarytool's")
    parser.add_argument("--dmg", action="store_true", help="make a disk image too")
    given = parser.parse_args(arguments)
    asked = [f"--{name}" for name in ("sign", "notarize", "dmg") if getattr(given, name) not in {None, False}]
    if system not in {_MAC, "linux"}:
        raise BuildError(f"{NAME} is built on a Mac or on Linux; this is {system}.")
    if system != _MAC and asked:
        raise BuildError(f"Only a Mac can do this: {', '.join(asked)}. Leave it out here.")
    if system == _MAC and processor != "arm64":
        raise BuildError(f"{NAME} runs on Apple silicon; build it there, with a Python for arm64. This is {processor}.")
    if given.sign is not None and not given.sign.strip("- "):
        raise BuildError("--sign wants the name of an identity. Leave it out for a signature without a name.")
    if given.notarize is not None and given.sign is None:
        raise BuildError("Apple's notary takes only what a Developer ID has signed: give --sign with --notarize.")
    return Wishes(given.sign, given.notarize, given.dmg)


def build(wishes: Wishes, places: Places, steps: Steps, system: str) -> Built:
    """Makes everything that is wished for, each part tried before the next one is made of it.

    Raises:
        SetUpError: A step failed; the text says which and why.
        OSError: There is no room, or no permission.
    """
    is_mac = system == _MAC
    if is_mac:
        require_developer_tools(steps)
    _check_wishes(wishes, steps)
    places.dist.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=places.dist):
        pass  # what cannot be written is said now, not in some minutes
    for path in (freezing.frozen_place(places.dist, system), places.environment, places.work):
        put_back(path)
    python = build_environment.prepare()
    frozen = freezing.freeze(python, places.dist, places.work)
    executable = frozen / ("Contents/MacOS" if is_mac else "") / executable_name(system)
    if is_mac:
        place_resources(frozen)
        say("Signing it from the inside out ...")
        sign_app(frozen, executable, wishes.identity, places.work, steps)
        _check(frozen, places)
    else:
        steps.output(python, _HERE / "app_icon.py", frozen / "share" / "icons" / "hicolor")
    say("Trying it in another folder ...")
    try_elsewhere(frozen, executable, (places.environment, places.work), steps)
    built = _write_bill(python, frozen, places, steps, system)
    if not is_mac:
        return built
    verify_signature(frozen, steps)  # nothing of the trial may have changed it
    if wishes.profile is not None:
        say("Waiting for Apple's notary (some minutes) ...")
        notarize_app(frozen, wishes.profile, places.work, steps)
        assess(frozen, steps)
    if not wishes.is_image_wanted:
        return built
    say("Making the disk image ...")
    image = places.dist / f"{NAME}-{version()}-{machine()}.dmg"
    _make_image(built, image, wishes, places, steps)
    return Built(built.frozen, built.bill, built.notices, image)


def summary(built: Built, wishes: Wishes, system: str) -> str:
    """Where everything is and what to do with it."""
    lines = [f"  {built.frozen}  ({_size_mb(built.frozen)} MB)"]
    if built.image is not None:
        lines.append(f"  {built.image}  ({_size_mb(built.image)} MB)")
    lines.append(f"  {built.bill}  (what is inside, for machines)")
    lines.append(f"  {built.notices}  (the same for people, with every licence)")
    if system != _MAC:
        lines.append(
            f"Start it: {built.frozen / executable_name(system)}. The folder may lie anywhere; give it on as a whole."
        )
    elif wishes.profile is not None:
        given = built.image or built.frozen
        lines.append(f"Apple has notarized it: {given.name} can be given to anybody. Drag the app to Applications.")
    elif wishes.identity is not None:
        lines.append(
            "It is signed but not notarized: other Macs refuse it when it was downloaded. Add --notarize PROFILE."
        )
    else:
        lines.append(
            "Drag the app to Applications. Its signature has no name: a Mac that has it from the network wants to be "
            f"told first:\n  xattr -dr com.apple.quarantine /Applications/{NAME}.app"
        )
    return "\n".join(lines)


def reason_of(error: OSError) -> str:
    """Why the system refused, and about which file; of a whole folder that was copied, about the first one."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list) and error.args[0]:
        return str(error.args[0][0][-1])
    return str(error)


@contextmanager
def terminated_tidily() -> Iterator[None]:
    """Lets what must be put back be put back when the system ends this process."""

    def leave(_number: int, _frame: object) -> NoReturn:
        sys.exit(_TERMINATED)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    heard = {number: handler for number, handler in before.items() if handler not in {signal.SIG_IGN, None}}  # nohup
    for number in heard:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)


def _check_wishes(wishes: Wishes, steps: Steps) -> None:
    """What would be missed at the very end is looked for before anything is built."""
    if wishes.identity is not None:
        require_identity(wishes.identity, steps)
    if wishes.profile is not None:
        require_profile(wishes.profile, steps)


def _check(app: Path, places: Places) -> None:
    # Not the whole home: many wheels were built in that of a hosted runner, where this may run too.
    faults = bundle_checks.check_bundle(app, [str(ROOT), str(places.environment)])
    if faults:
        told = "".join(f"\n      {fault}" for fault in faults)
        raise BuildError(f"{app.name} would not run everywhere:{told}")


def _write_bill(python: Path, frozen: Path, places: Places, steps: Steps, system: str) -> Built:
    name = "macos" if system == _MAC else system
    bill = places.dist / f"{NAME.lower()}-{version()}-{name}-{machine()}.cdx.json"
    command = [str(python), str(_HERE / "software_bill.py"), str(frozen), str(bill)]
    done = steps.call(command, clean_environment(), None)
    if done.code:
        told = "".join(f"\n      {line}" for line in f"{done.output}\n{done.errors}".splitlines() if line.strip())
        raise BuildError(f"The bill of what is inside {frozen.name} has faults:{told}")
    return Built(frozen, bill, bill.with_name(NOTICES_NAME))


def _make_image(built: Built, image: Path, wishes: Wishes, places: Places, steps: Steps) -> None:
    write_disk_image(built.frozen, [built.notices], image, places.work, steps)
    if wishes.identity is not None:
        sign_disk_image(image, wishes.identity, steps)
    if wishes.profile is not None:
        say("Waiting for Apple's notary once more ...")
        submit(image, wishes.profile, steps)
        staple(image, steps)
        assess(image, steps)


def _size_mb(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if not file.is_symlink() and file.is_file()]
    return round(sum(file.stat().st_size for file in files) / 1e6)
