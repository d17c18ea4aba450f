"""Proves without a Mac what can be proven of its program: python3 packaging/mac_proof/prove_mac.py.

Each step is timed and says what it found; the exit code is that of the worst. What took long is kept in build/.
Standard library only; what more is needed is installed into environments of its own.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app_bundle"))

import mac_assembly
import mac_wheels
from bundle_checks import check_bundle
from bundle_identity import ROOT
from mac_constraints import CONSTRAINTS, PLATFORM, read_constraints, write_constraints
from mach_o_checks import read_folder, symbol_faults
from setup_commands import SetUpError, say
from setup_stamp import requirements_digest
from wheel_checks import check_wheels

if TYPE_CHECKING:
    from collections.abc import Sequence

BITTEN = {"pyside6-essentials": "6.12.0"}
"""Wheels that say macOS 14 and do not load there: a check that finds nothing in them is none."""

_RESOLVED = mac_assembly.FOLDER / "resolved.txt"
_INTERRUPTED = 130
_SHOWN_FAULTS = 20
_SHOWN_PARTS = 12


@dataclass
class Proof:
    """What the steps hand on to one another.

    Attributes:
        wheels: The wheel of each package, once downloaded.
    """

    wheels: dict[str, Path] = field(default_factory=dict)


class NotProven(Exception):  # noqa: N818 - says what came of it
    """A step found faults; the text lists them."""


def prove(steps: Sequence[tuple[str, Callable[[Proof], str]]] = ()) -> int:
    """Takes each step in turn; one that fails ends the proof.

    Returns:
        0 where all is proven, 1 where a step failed, 130 after Ctrl-C.
    """
    proof = Proof()
    whole = time.monotonic()
    taken = steps or steps_for(platform.system())
    for number, (title, step) in enumerate(taken, start=1):
        say(f"[{number}/{len(taken)}] {title}")
        began = time.monotonic()
        try:
            found = step(proof)
        except KeyboardInterrupt:
            say("\nInterrupted. What is finished is kept; start it again to go on.")
            return _INTERRUPTED
        except (SetUpError, NotProven, OSError) as error:
            say(f"      FAILED after {time.monotonic() - began:.1f} s: {error}")
            return 1
        say(f"      {found} ({time.monotonic() - began:.1f} s)")
    say(f"Proven after {time.monotonic() - whole:.1f} s. Never run on a Mac: see README, “What has not been tried”.")
    return 0


def _resolve(_: Proof) -> str:
    committed = _committed()
    asked = requirements_digest((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    settled = f"{asked}\n{write_constraints(committed)}"
    found = f"{len(committed)} packages fit together on macOS 14, Apple silicon, Python {mac_wheels.PYTHON_VERSION}"
    if _RESOLVED.exists() and _RESOLVED.read_text(encoding="utf-8") == settled:
        return f"{found}, as they did before"
    resolved = mac_wheels.resolve(pins=committed)
    if resolved != committed:
        changed = sorted(name for name in {*resolved, *committed} if resolved.get(name) != committed.get(name))
        raise NotProven(
            f"{CONSTRAINTS.name} does not hold what pyproject.toml asks for now, in {', '.join(changed)}. "
            "Make it anew: python3 packaging/mac_proof/mac_wheels.py resolve"
        )
    _RESOLVED.parent.mkdir(parents=True, exist_ok=True)
    _RESOLVED.write_text(settled, encoding="utf-8")
    return found


def _download(proof: Proof) -> str:
    proof.wheels = mac_wheels.download(_committed())
    size_bytes = sum(path.stat().st_size for path in proof.wheels.values())
    return f"{len(proof.wheels)} wheels for {PLATFORM}, {size_bytes / 1e6:.0f} MB"


def _check_wheels(proof: Proof) -> str:
    files, faults = check_wheels(mac_assembly.unpack(proof.wheels))
    _refuse(faults)
    return f"{len(files)} Mach-O files that may go in: for Apple silicon, nothing newer than macOS 14, nothing missing"


def _bite(_: Proof) -> str:
    wheels = mac_wheels.download(BITTEN, folder=mac_assembly.FOLDER / "bitten-wheels")
    packages = mac_assembly.unpack(wheels, mac_assembly.FOLDER / "bitten")
    files = read_folder(packages)[0]
    refused = [fault for file in files for fault in symbol_faults(file)]
    if not any("bad_function_call" in fault for fault in refused):
        raise NotProven("Qt for Python 6.12.0 does not load on macOS 14, and the check found nothing in it.")
    return f"Qt for Python 6.12.0 is refused in {len(refused)} of {len(files)} files, as macOS 14 would: {refused[0]}"


def _assemble(proof: Proof) -> str:
    app = mac_assembly.assemble(proof.wheels)
    files = read_folder(app)[0]
    sizes = mac_assembly.sizes_by_part(app)
    whole = sum(sizes.values())
    parts = ", ".join(f"{part} {size / 1e6:.0f}" for part, size in list(sizes.items())[:_SHOWN_PARTS])
    return f"{len(files)} Mach-O files, {whole / 1e6:.0f} MB without Python's own: {parts}"


_FIRST_OF_BUNDLE = ("PyInstaller makes the bundle of them", _assemble)


def _check_bundle(_: Proof) -> str:
    _refuse(check_bundle(mac_assembly.APP, [str(ROOT)]))
    return "each Mach-O file signed, thin, resolved; one libmlx, its kernels beside it; plist, icon and seal read back"


def _check_licences(_: Proof) -> str:
    if not any(find_spec(name) for name in ("tomllib", "tomli")):
        return "left out: the tables of licences are TOML, which Python 3.10 cannot read by itself"
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    from app.core.licences.inside import inside_bundle  # noqa: PLC0415 - not before Python is known to be new enough

    inside = inside_bundle(mac_assembly.APP / "Contents" / "Frameworks")
    _refuse(inside.faults)
    return f"{len(inside.parts)} pieces, each with a licence and its text; {len(inside.files)} native files, all known"


def steps_for(system: str) -> Sequence[tuple[str, Callable[[Proof], str]]]:
    """The steps of a proof on a system; a Mac builds its bundle itself, and looks through it then.

    Args:
        system: As in ``platform.system``.
    """
    return STEPS[: STEPS.index(_FIRST_OF_BUNDLE)] if system == "Darwin" else STEPS


STEPS: tuple[tuple[str, Callable[[Proof], str]], ...] = (
    ("The Mac's packages fit together", _resolve),
    ("Each has a wheel for macOS 14", _download),
    ("The wheels' libraries load on macOS 14", _check_wheels),
    ("A wheel that does not load there is refused", _bite),
    _FIRST_OF_BUNDLE,
    ("The bundle is whole", _check_bundle),
    ("All that is inside has its licence", _check_licences),
)


def _committed() -> dict[str, str]:
    return read_constraints(CONSTRAINTS.read_text(encoding="utf-8"))


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        more = [f"and {len(faults) - _SHOWN_FAULTS} more"] if len(faults) > _SHOWN_FAULTS else []
        raise NotProven("\n".join(["", *(f"      - {fault}" for fault in [*faults[:_SHOWN_FAULTS], *more])]))


if __name__ == "__main__":
    sys.exit(prove())
