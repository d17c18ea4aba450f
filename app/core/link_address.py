"""Where a link really leads, with nothing hidden: letters that cannot be seen, or look like others, are written out."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

OPENABLE = frozenset({"http", "https", "mailto"})
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})


def visible_address(address: str) -> str:
    """The address with its host as the network knows it and each hidden letter as its number."""
    return "".join(_shown(letter) for letter in _with_plain_host(address))


def can_be_opened(address: str) -> bool:
    """Whether it is a web or mail address that is written as one must be, so that what is shown is what is opened."""
    if any(unicodedata.category(letter) in _HIDDEN for letter in address) or "\\" in address:
        return False
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in OPENABLE:
        return False
    return bool(parts.path) if parts.scheme == "mailto" else bool(host)


def has_foreign_host(address: str) -> bool:
    """Whether the host's name has letters that may look like others."""
    return _with_plain_host(address) != address


def _shown(letter: str) -> str:
    return f"⟨U+{ord(letter):04X}⟩" if unicodedata.category(letter) in _HIDDEN else letter


def _with_plain_host(address: str) -> str:
    try:
        host = urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return address
    if not host or host.isascii():
        return address
    name, colon, port = host.partition(":")
    try:
        plain = name.encode("idna").decode("ascii")
    except UnicodeError:
        plain = "".join(letter if letter.isascii() else f"⟨U+{ord(letter):04X}⟩" for letter in name)
    return address.replace(host, plain + colon + port, 1)
