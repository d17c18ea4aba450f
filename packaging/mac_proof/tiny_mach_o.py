"""Mach-O files of a few kilobytes: stand-ins for what no package index has, and what checks are tried on.

Standard library only. They hold a header, load commands and symbols, and no code.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

CPU_TYPES = {"x86_64": (0x01000007, 3), "arm64": (0x0100000C, 0)}
KINDS = {"executable": 2, "dylib": 6, "bundle": 8}

_MAGIC_64, _FAT_MAGIC = 0xFEEDFACF, 0xCAFEBABE
_LC_SYMTAB, _LC_ID_DYLIB, _LC_LOAD_DYLIB, _LC_LOAD_WEAK_DYLIB = 0x2, 0xD, 0xC, 0x80000018
_LC_SEGMENT_64, _LC_RPATH, _LC_CODE_SIGNATURE, _LC_BUILD_VERSION = 0x19, 0x8000001C, 0x1D, 0x32
_PLATFORM_MACOS = 1
_TWO_LEVEL = 0x80
_N_UNDEFINED_EXTERNAL, _N_WEAK_REFERENCE = 0x1, 0x40
_PAGE_BITS = 12
_DIRECTORY_BYTES = 88
_ROOM_BYTES = 0x4000
"""Where the symbols begin: what changes load commands finds room before them."""


@dataclass(frozen=True)
class TinyImport:
    """A symbol that is asked for.

    Attributes:
        name: As in the file, with its leading underscore.
        library: Which of the libraries gives it, counted from 1.
        is_weak: Whether it may be missing.
    """

    name: str
    library: int
    is_weak: bool = False


@dataclass(frozen=True)
class TinyMachO:
    """What to write.

    Attributes:
        identity: What others find a dylib by; "" for what is no dylib.
        libraries: Install names of what is linked; with a ``?`` behind it a library may be missing.
        minimum: The oldest macOS, major and minor.
        is_signed: Whether it carries an ad hoc signature of its pages.
        text: What stands among its strings.
        slots: What its signature seals beside it: numbers of slots, counted from 1 without a gap or not, and hashes.
    """

    kind: str = "bundle"
    architecture: str = "arm64"
    identity: str = ""
    libraries: tuple[str, ...] = ("/usr/lib/libSystem.B.dylib",)
    rpaths: tuple[str, ...] = ()
    imports: tuple[TinyImport, ...] = ()
    minimum: tuple[int, int] = (14, 0)
    is_signed: bool = False
    text: bytes = b""
    slots: tuple[tuple[int, bytes], ...] = ()

    @property
    def _sealed(self) -> list[bytes]:
        """The hashes of the slots, the highest first."""
        slots = dict(self.slots)
        return [slots.get(number, bytes(32)) for number in range(max(slots, default=0), 0, -1)]

    def to_bytes(self) -> bytes:
        """The file."""
        names = b"\0" + b"".join(symbol.name.encode() + b"\0" for symbol in self.imports)
        symbols, place = b"", 1
        for symbol in self.imports:
            described = symbol.library << 8 | (_N_WEAK_REFERENCE if symbol.is_weak else 0)
            symbols += struct.pack("<IBBHQ", place, _N_UNDEFINED_EXTERNAL, 0, described, 0)
            place += len(symbol.name.encode()) + 1
        names += self.text
        names += bytes(-len(names) % 16)
        start, names_start = _ROOM_BYTES, _ROOM_BYTES + len(symbols)
        end = names_start + len(names)
        signature_bytes = _signature_size(end, self._sealed) if self.is_signed else 0
        major, minor = self.minimum
        version = major << 16 | minor << 8
        commands = [
            _segment(b"__TEXT", 0, _ROOM_BYTES, _code_section()),
            _segment(b"__LINKEDIT", start, end + signature_bytes - start),
            *([_path_command(_LC_ID_DYLIB, self.identity, is_library=True)] if self.identity else []),
            struct.pack("<6I", _LC_SYMTAB, 24, start, len(self.imports), names_start, len(names)),
            struct.pack("<6I", _LC_BUILD_VERSION, 24, _PLATFORM_MACOS, version, version, 0),
            *(
                _path_command(
                    _LC_LOAD_WEAK_DYLIB if path.endswith("?") else _LC_LOAD_DYLIB, path.rstrip("?"), is_library=True
                )
                for path in self.libraries
            ),
            *(_path_command(_LC_RPATH, path, is_library=False) for path in self.rpaths),
            *([struct.pack("<4I", _LC_CODE_SIGNATURE, 16, end, signature_bytes)] if self.is_signed else []),
        ]
        body = b"".join(commands)
        processor = CPU_TYPES[self.architecture]
        header = struct.pack("<8I", _MAGIC_64, *processor, KINDS[self.kind], len(commands), len(body), _TWO_LEVEL, 0)
        data = (header + body).ljust(_ROOM_BYTES, b"\0") + symbols + names
        return data + _signature(data, signature_bytes, self._sealed) if self.is_signed else data


def universal(*slices: TinyMachO) -> bytes:
    """One file for several architectures."""
    place = 1 << 14
    head = struct.pack(">2I", _FAT_MAGIC, len(slices))
    body = b""
    for one in slices:
        data = one.to_bytes()
        data += bytes(-len(data) % (1 << 14))
        head += struct.pack(">5I", *CPU_TYPES[one.architecture], place + len(body), len(data), 14)
        body += data
    return head.ljust(place, b"\0") + body


def _segment(name: bytes, start: int, size: int, section: bytes = b"") -> bytes:
    taken = size + -size % _ROOM_BYTES
    sections = len(section) // 80
    head = (_LC_SEGMENT_64, 72 + len(section), name, start, taken, start, size, 1, 1, sections, 0)
    return struct.pack("<II16s4Q4I", *head) + section


def _code_section() -> bytes:
    """Sixteen bytes of nothing at the end of the room for load commands: signers ask where the code begins."""
    place = _ROOM_BYTES - 16
    return struct.pack("<16s16s2Q8I", b"__text", b"__TEXT", place, 16, place, *(0,) * 7)


def _path_command(command: int, path: str, *, is_library: bool) -> bytes:
    fixed = struct.pack("<4I", 24, 0, 0x10000, 0x10000) if is_library else struct.pack("<I", 12)
    body = fixed + path.encode() + b"\0"
    body += bytes(-(len(body) + 8) % 8)
    return struct.pack("<2I", command, len(body) + 8) + body


def _signature_size(code_bytes: int, sealed: list[bytes]) -> int:
    pages = -(-code_bytes >> _PAGE_BITS)
    size = 20 + _DIRECTORY_BYTES + len(b"tiny\0") + 32 * (pages + len(sealed))
    return size + -size % 16


def _signature(code: bytes, size: int, sealed: list[bytes]) -> bytes:
    """A signature blob with a code directory alone: SHA-256 of each page, ad hoc, no requirements."""
    pages = [code[place : place + (1 << _PAGE_BITS)] for place in range(0, len(code), 1 << _PAGE_BITS)]
    name = b"tiny\0"
    hashes = b"".join([*sealed, *(hashlib.sha256(page).digest() for page in pages)])
    hashes_start = _DIRECTORY_BYTES + len(name) + 32 * len(sealed)
    length = _DIRECTORY_BYTES + len(name) + len(hashes)
    directory = struct.pack(
        ">9I4B2I3I3Q",
        *(0xFADE0C02, length, 0x20400, 0x2, hashes_start, _DIRECTORY_BYTES, len(sealed), len(pages), len(code)),
        *(32, 2, 0, _PAGE_BITS),
        *(0, 0),
        *(0, 0, 0),
        *(0, 0, 0),
    )
    directory = directory.ljust(_DIRECTORY_BYTES, b"\0") + name + hashes
    blob = struct.pack(">5I", 0xFADE0CC0, 20 + len(directory), 1, 0, 20) + directory
    return blob.ljust(size, b"\0")
