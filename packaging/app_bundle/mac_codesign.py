"""Stands for a Mac's codesign where PyInstaller calls it: signs ad hoc, or takes signatures away."""

from __future__ import annotations

import sys
from pathlib import Path

import apple_platform
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


def main(arguments: list[str]) -> int:
    """Does what codesign would with these arguments of PyInstaller's."""
    path = Path(arguments[-1])
    if "--remove" in arguments:
        remove_signature(path)
        return 0
    if arguments[arguments.index("-s") + 1] != "-":
        sys.exit("Only ad hoc signatures can be made here.")
    apple_platform.sign(str(path))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
