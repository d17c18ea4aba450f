"""Compares a signed bundle with the list of its contents that its signature seals, the file CodeResources.

Standard library only.
"""

from __future__ import annotations

import hashlib
import os
import plistlib
from typing import TYPE_CHECKING, Any

from mach_o import NotMachO, is_mach_o, read_mach_o
from mach_o_signature import CODE_RESOURCES_SLOT, INFO_PLIST_SLOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LIST = "_CodeSignature/CodeResources"
_UNSEALED = {"Info.plist", "PkgInfo", _LIST}
"""What the program's own code directory seals, and what nothing needs."""
_CODE_HASH_BYTES = 20


def seal_faults(contents: Path, executable: Path) -> list[str]:
    """Whether everything in a bundle is as it was when it was signed, in words.

    Args:
        contents: The bundle's folder Contents.
        executable: Its program, whose signature seals the list and Info.plist.
    """
    listed = contents / _LIST
    try:
        entries: dict[str, Any] = plistlib.loads(listed.read_bytes())["files2"]
        (program,) = read_mach_o(executable)
    except (OSError, ValueError, KeyError) as error:
        return [f"{_LIST} or the program cannot be read: {error}"]
    faults = []
    for slot, path in ((INFO_PLIST_SLOT, contents / "Info.plist"), (CODE_RESOURCES_SLOT, listed)):
        if program.signature.slots.get(slot) != hashlib.sha256(path.read_bytes()).digest():
            faults.append(f"{path.name} is not the one that the program's signature seals")
    nested = tuple(f"{place}/" for place, entry in entries.items() if (contents / place).is_dir() and "cdhash" in entry)
    own = executable.relative_to(contents).as_posix()
    faults += [
        f"{place} is not sealed"
        for place in _places(contents)
        if place not in entries and place not in {own, *_UNSEALED} and not place.startswith(nested)
    ]
    for place, entry in entries.items():
        faults += _entry_faults(contents, place, entry if isinstance(entry, dict) else {"hash": entry})
    return faults


def _entry_faults(contents: Path, place: str, entry: dict[str, Any]) -> list[str]:
    path = contents / place
    if "symlink" in entry:
        is_same = path.is_symlink() and os.readlink(path) == entry["symlink"]  # noqa: PTH115 - the text as it stands
        return [] if is_same else [f"{place} is not the link that is sealed"]
    if not path.exists():
        return [] if entry.get("optional") else [f"{place} is sealed and not there"]
    if "cdhash" in entry:
        return [] if entry["cdhash"] in _code_hashes(path) else [f"{place} is not the code that is sealed"]
    if "hash2" in entry and path.is_file() and hashlib.sha256(path.read_bytes()).digest() != entry["hash2"]:
        return [f"{place} is not what is sealed"]
    return []


def _code_hashes(path: Path) -> set[bytes]:
    """The hashes that nested code is known by: of a file, or of a framework's own library."""
    code = path
    if path.is_dir():
        code = path / path.stem
    try:
        return {one.signature.code_hash[:_CODE_HASH_BYTES] for one in read_mach_o(code)} if is_mach_o(code) else set()
    except (NotMachO, OSError):
        return set()


def _places(contents: Path) -> Iterator[str]:
    """All files and links below the folder."""
    for parent, folders, names in os.walk(contents):
        base = contents.__class__(parent)
        links = [name for name in folders if (base / name).is_symlink()]
        for name in (*names, *links):
            yield (base / name).relative_to(contents).as_posix()
