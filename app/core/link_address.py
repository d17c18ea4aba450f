"""Where a link really leads, with nothing hidden: letters that cannot be seen, or look like others, are written out."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

OPENABLE = frozenset({"http", "https", "mailto"})
_CHANGED_BY_IDNA_2003 = frozenset("ßς")
"""Letters that names may have today, and that Python still writes as others."""
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
    named = parts.path if parts.scheme == "mailto" else host
    if "%" in named or (parts.scheme == "mailto" and not named.isascii()):  # read as other letters than are shown
        return False
    return bool(named)


def has_foreign_host(address: str) -> bool:
    """Whether the host's name has letters that may look like others."""
    return _with_plain_host(address) != address


def _shown(letter: str) -> str:
    return f"⟨U+{ord(letter):04X}⟩" if unicodedata.category(letter) in _HIDDEN else letter


def _with_plain_host(address: str) -> str:
    try:
        netloc = urlsplit(address).netloc
    except ValueError:
        return address
    host = netloc.rpartition("@")[2]
    start = address.find(netloc)
    if host.isascii() or start < 0:
        return address
    end = start + len(netloc)
    name, colon, port = host.partition(":")
    return address[: end - len(host)] + _plain(name) + colon + port + address[end:]


def _plain(name: str) -> str:
    try:
        if _CHANGED_BY_IDNA_2003.isdisjoint(name):
            return name.encode("idna").decode("ascii")
        return ".".join(_plain_label(label) for label in name.split("."))
    except UnicodeError:
        return "".join(letter if letter.isascii() else f"⟨U+{ord(letter):04X}⟩" for letter in name)


def _plain_label(label: str) -> str:
    if _CHANGED_BY_IDNA_2003.isdisjoint(label):
        return label.encode("idna").decode("ascii")
    return "xn--" + unicodedata.normalize("NFKC", label.lower()).encode("punycode").decode("ascii")
