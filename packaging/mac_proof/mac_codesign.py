"""Stands for a Mac's codesign where PyInstaller and `code_signing` call it: signs without a name, looks, takes away."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "app_bundle"))
import apple_platform
from mach_o_checks import mach_o_paths
from macholib.mach_o import LC_CODE_SIGNATURE, LC_SEGMENT_64
from macholib.MachO import MachO


def remove_signature(file: Path) -> None:
    """Takes the signature of a file with one architecture away: its load command and what stands at the file's end."""
    binary = MachO(str(file))
    (header,) = binary.headers
    last = header.commands[-1]
    signatures = [command for command in header.commands if command[0].cmd == LC_CODE_SIGNATURE]
    if not signatures:
        return
    if signatures != [last]:
        raise ValueError(f"The signature of {file} is not its last load command.")
    header.commands.remove(last)
    header.header.ncmds -= 1
    header.header.sizeofcmds -= last[0].cmdsize
    start = last[1].dataoff
    for command, segment, _ in header.commands:
        if command.cmd == LC_SEGMENT_64 and segment.segname.rstrip(b"\0") == b"__LINKEDIT":
            segment.filesize = start - segment.fileoff
    with file.open("rb+") as stream:
        binary.write(stream)
        stream.truncate(start)


def problems(app: Path) -> list[str]:
    """What is wrong with the signatures below a folder; that nobody signed them with a name is meant so."""
    return [
        f"{path}: {problem['description']}"
        for path in mach_o_paths(app)
        for problem in apple_platform.verify_macho(str(path))
        if not problem["description"].startswith("CMS error")
    ]


def main(arguments: list[str]) -> int:
    """Does what codesign would with the arguments that PyInstaller and `code_signing` give it."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("-s", "--sign")
    for flag in ("--force", "--all-architectures", "--timestamp", "--deep", "--strict", "--verify", "--remove"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--verbose")
    parser.add_argument("paths", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    if given.remove:
        for path in given.paths:
            remove_signature(path)
    elif given.verify:
        found = [problem for path in given.paths for problem in problems(path)]
        if found:
            sys.exit("\n".join(found))
    elif given.sign == "-":
        for path in given.paths:
            # What is inside is signed already, unless all of it shall be signed anew.
            apple_platform.sign(str(path), shallow=path.is_dir() and not given.deep)
    else:
        sys.exit("Only signatures without a name can be made here.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
