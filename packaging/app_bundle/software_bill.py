"""Writes what is inside a bundle: a software bill of materials (CycloneDX 1.6) and THIRD-PARTY-NOTICES.txt beside it.

To be run by the Python that was frozen, because that tells versions of what it was built with, and after everything is
signed, because that changes the libraries: ``PYTHON packaging/app_bundle/software_bill.py BUNDLE FILE``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from bundle_identity import COPYRIGHT, NAME, NOTICES_NAME, ROOT, version
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

if str(ROOT) not in sys.path:
    sys.path.insert(1, str(ROOT))

from app.core.licences.distributions import is_expression
from app.core.licences.inside import BUNDLE_LICENCE, Inside, inside_bundle
from app.core.licences.wording import whole_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.licences.distributions import Crate
    from app.core.licences.inside import Part

    Licence = LicenseExpression | DisjunctiveLicense

_ARGUMENTS = 3


def write_bill(frozen: Path, file: Path) -> list[str]:
    """Writes the bill of a bundle to a file, and its notices beside it; the same bundle gives the same bytes.

    Args:
        frozen: The folder of the program on Linux, the ``.app`` on a Mac.
        file: The bill, such as ``Viewfinder.cdx.json``.

    Returns:
        What is wrong, in words; empty is well. The files are written all the same.

    Raises:
        OSError: Something cannot be read or written; a FileNotFoundError where there is no bundle.
    """
    place = bundle_place(frozen)
    inside = inside_bundle(place)
    bill = make_bill(inside, executables_of(frozen), made_at(os.environ.get("SOURCE_DATE_EPOCH")))
    file.write_text(JsonV1Dot6(bill).output_as_string(indent=1) + "\n", encoding="utf-8")
    file.with_name(NOTICES_NAME).write_text(whole_text(inside), encoding="utf-8")
    return list(inside.faults)


def bundle_place(frozen: Path) -> Path:
    """The folder of a bundle that holds its libraries and distributions.

    Raises:
        FileNotFoundError: It is no bundle.
    """
    for place in (frozen / "Contents" / "Frameworks", frozen / "_internal"):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{frozen} is no bundle: it has neither Contents/Frameworks nor _internal.")


def executables_of(frozen: Path) -> tuple[Path, ...]:
    """The program's own files that are started."""
    folder = frozen / "Contents" / "MacOS" if (frozen / "Contents").is_dir() else frozen
    return tuple(sorted(file for file in folder.iterdir() if file.is_file() and os.access(file, os.X_OK)))


def made_at(epoch_text: str | None) -> datetime:
    """When the bundle's sources were made: as SOURCE_DATE_EPOCH says, else the commit, else the newest file."""
    if not epoch_text:
        command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
        epoch_text = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if epoch_text.isdigit():
        epoch_s = int(epoch_text)
    else:
        epoch_s = max(int(file.stat().st_mtime) for file in (ROOT / "app").rglob("*.py"))
    return datetime.fromtimestamp(epoch_s, tz=timezone.utc)


def make_bill(inside: Inside, executables: Sequence[Path], timestamp: datetime) -> Bom:
    """The bill of what is inside: the program, on it everything else, and what of these needs what."""
    root = Component(
        name=NAME,
        version=version(),
        type=ComponentType.APPLICATION,
        bom_ref=NAME,
        licenses=[LicenseExpression(BUNDLE_LICENCE)],
        copyright=COPYRIGHT,
        description="The bundled program as a whole; its own code is under Apache-2.0.",
    )
    parts = {_reference(part): _component(part) for part in inside.parts}
    crates = {crate.purl: _crate_component(crate) for part in inside.parts for crate in part.crates}
    files = {file: _file_component(file, inside.root) for file in inside.files}
    started = [_file_component(file, file.parent) for file in executables]
    bill = Bom(
        components=[*parts.values(), *crates.values(), *files.values(), *started],
        metadata=BomMetaData(
            component=root, lifecycles=[PredefinedLifecycle(LifecyclePhase.BUILD)], timestamp=timestamp
        ),
        serial_number=uuid.UUID(int=0),
    )
    distributions = {part.distribution: parts[_reference(part)] for part in inside.parts if part.distribution}
    by_name = {part.name: part for part in inside.parts if part.distribution}
    carried: dict[str, list[Component]] = {}
    for part in inside.parts:
        if part.carrier in by_name:
            carried.setdefault(by_name[part.carrier].distribution, []).append(parts[_reference(part)])
    owned: set[Path] = set()
    for part in inside.parts:
        component = parts[_reference(part)]
        needed = [distributions[name] for name in part.needs if part.distribution]
        needed += carried.get(part.distribution, []) if part.distribution else []
        needed += [crates[crate.purl] for crate in part.crates]
        bill.register_dependency(component, [*needed, *(files[file] for file in part.files)])
        owned.update(part.files)
    tops = [parts[_reference(part)] for part in inside.parts if not part.carrier]
    bill.register_dependency(root, [*tops, *started, *(files[file] for file in inside.files if file not in owned)])
    # A number that is that of this content and of no other.
    bill.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, JsonV1Dot6(bill).output_as_string())
    return bill


def _reference(part: Part) -> str:
    kind = f"pkg:pypi/{part.distribution}" if part.distribution else f"inside:{part.carrier}/{part.name}"
    return f"{kind}@{part.version}"


def _component(part: Part) -> Component:
    return Component(
        name=part.name,
        version=part.version or None,
        type=ComponentType.LIBRARY,
        bom_ref=_reference(part),
        licenses=_licences(part.licence),
        copyright=part.copyright or None,
        description=part.note or None,
        purl=_purl(part),
        external_references=_addresses(part),
        properties=[Property(name="viewfinder:came-with", value=part.carrier)] if part.carrier else None,
    )


def _purl(part: Part) -> PackageURL | None:
    if part.distribution:
        return PackageURL("pypi", None, part.distribution, part.version)
    if not part.version or part.name == NAME:
        return None
    return PackageURL("generic", None, part.name.lower().replace(" ", "-"), part.version.partition(" ")[0])


def _crate_component(crate: Crate) -> Component:
    return Component(
        name=crate.name,
        version=crate.version or None,
        bom_ref=crate.purl,
        licenses=_licences(crate.licence),
        purl=PackageURL.from_string(crate.purl),
    )


def _file_component(file: Path, root: Path) -> Component:
    name = file.relative_to(root).as_posix()
    with file.open("rb") as opened:
        digest = hashlib.sha256()
        while chunk := opened.read(1 << 20):
            digest.update(chunk)
    return Component(
        name=name,
        type=ComponentType.FILE,
        bom_ref=f"file:{name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.hexdigest())],
    )


def _licences(expression: str) -> list[Licence]:
    if not expression:
        return []
    return [LicenseExpression(expression) if is_expression(expression) else DisjunctiveLicense(name=expression)]


def _addresses(part: Part) -> list[ExternalReference]:
    given = ((ExternalReferenceType.WEBSITE, part.home), (ExternalReferenceType.SOURCE_DISTRIBUTION, part.sources))
    return [ExternalReference(type=kind, url=XsUri(url)) for kind, url in given if url.startswith("http")]


def main(arguments: Sequence[str]) -> int:
    """Writes the bill that the command line asks for; gives the exit code."""
    if len(arguments) != _ARGUMENTS:
        print("usage: software_bill.py BUNDLE FILE", file=sys.stderr)
        return 2
    try:
        faults = write_bill(Path(arguments[1]), Path(arguments[2]))
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
