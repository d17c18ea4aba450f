"""Reads the signature inside a Mach-O file, and compares what it says with the file.

Standard library only. Whose signature it is, is not looked at: for that a Mac has codesign.
Source of the layout: cs_blobs.h of Apple's XNU.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mmap

INFO_PLIST_SLOT, CODE_RESOURCES_SLOT = 1, 3

_SUPER_BLOB, _CODE_DIRECTORY = 0xFADE0CC0, 0xFADE0C02
_HASHES = {1: "sha1", 2: "sha256", 4: "sha384"}
_CODE_HASH_BYTES = 20


@dataclass(frozen=True)
class Signature:
    """What a signature says.

    Attributes:
        fault: What is wrong with it, in words, or "".
        code_hash: What others know the signed code by: the first 20 bytes of its directory's hash.
        slots: What stands beside the code and is sealed by it, hashes by the number of the slot.
    """

    fault: str
    code_hash: bytes = b""
    slots: dict[int, bytes] = field(default_factory=dict)


UNSIGNED = Signature("it is not signed")


def read_signature(data: mmap.mmap, start: int, size: int, place: tuple[int, int]) -> Signature:
    """The signature of one slice of a file.

    Args:
        data: The file.
        start: First byte of the slice.
        size: Bytes of the slice.
        place: First byte of the signature inside the slice, and its length.
    """
    begin, length = start + place[0], place[1]
    if place[0] + length > size:
        return Signature("its signature is cut off")
    magic, _, count = struct.unpack_from(">3I", data, begin)
    if magic != _SUPER_BLOB:
        return Signature("its signature is damaged")
    found = Signature("its signature says nothing about its code")
    for index in range(count):
        _, offset = struct.unpack_from(">2I", data, begin + 12 + index * 8)
        (blob,) = struct.unpack_from(">I", data, begin + offset)
        if blob == _CODE_DIRECTORY:
            found = _read_directory(data, start, place[0], begin + offset)
            if found.fault:
                return found
    return found


def _read_directory(data: mmap.mmap, start: int, signed_bytes: int, place: int) -> Signature:
    """One directory of hashes: every page of the code must have the one that stands there."""
    (whole,) = struct.unpack_from(">I", data, place + 4)
    hashes, _, slots, count, limit = struct.unpack_from(">5I", data, place + 16)
    length, kind, _, page_bits = struct.unpack_from("4B", data, place + 36)
    algorithm = _HASHES.get(kind)
    if algorithm is None or not page_bits:
        return Signature(f"its signature uses the unknown hash {kind}")
    page = 1 << page_bits
    if limit != signed_bytes or count != -(-limit // page):
        return Signature("its signature speaks of another length than the file has")

    def said(slot: int) -> bytes:
        begin = place + hashes + slot * length
        return bytes(data[begin : begin + length])

    for index in range(count):
        code = data[start + index * page : start + min((index + 1) * page, limit)]
        if hashlib.new(algorithm, code, usedforsecurity=False).digest()[:length] != said(index):
            return Signature(f"it was changed after it was signed, in page {index} of {count}")
    directory = hashlib.new(algorithm, data[place : place + whole], usedforsecurity=False).digest()
    beside = {slot: said(-slot) for slot in range(1, slots + 1) if any(said(-slot))}
    return Signature("", directory[:_CODE_HASH_BYTES], beside)
