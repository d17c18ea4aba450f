"""How the Hub is reached: which address, through which proxy, with which token, or not at all."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.core.errors import UserError

if TYPE_CHECKING:
    from app.core.settings import Settings

HUB_ADDRESS = "https://huggingface.co"
_ENDPOINT = "HF_ENDPOINT"
_SET_ASIDE = "VIEWFINDER_HF_ENDPOINT_SET_ASIDE"
_TRUE_WORDS = ("1", "ON", "YES", "TRUE")
_NAME_AND_PASSWORD = re.compile(r"(?<=://)[^/?#]*@")
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True, slots=True)
class HubAccess:
    """How the Hub is reached; what could be a secret is in no printed form of it.

    Attributes:
        endpoint: Address of a mirror; empty for ``HF_ENDPOINT`` or the Hub itself.
        proxy: Address of a proxy, which may hold a password; empty for what the system's variables say.
        is_offline: No connection is made.
        token: Sent to the address alone, never to where it redirects; None for none.
    """

    endpoint: str = ""
    proxy: str = field(default="", repr=False)
    is_offline: bool = False
    token: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Where requests go, without a slash at its end; a name and a password in ``HF_ENDPOINT`` are left out."""
        given = (self.endpoint or endpoint_of_environment() or HUB_ADDRESS).strip()
        return _NAME_AND_PASSWORD.sub("", given if "://" in given else f"https://{given}").rstrip("/")

    @property
    def is_address(self) -> bool:
        """Whether requests can go there at all."""
        return _parts_of(self.address) is not None

    @property
    def may_send_token(self) -> bool:
        """Whether nobody on the way to the address can read along: https, or this machine itself."""
        parts = _parts_of(self.address)
        return parts is not None and (parts[0] == "https" or _is_this_machine(parts[1]))


def hub_access(settings: Settings) -> HubAccess:
    """How the settings say that the Hub is reached; no token is looked for where nothing will be asked.

    Thread: any but the main one; a keychain may ask the person.
    """
    from app.core.models.hub_token import find_token  # noqa: PLC0415 - rarely used, so not at the start

    access = HubAccess(settings.hub_endpoint, settings.hub_proxy, stays_offline(settings))
    if access.is_offline:
        return access
    return HubAccess(access.endpoint, access.proxy, token=find_token(access.address))


def stays_offline(settings: Settings) -> bool:
    """Whether no connection is to be made: by the person's own word, or by that of the environment."""
    return settings.is_offline or is_offline_by_environment()


def endpoint_of_environment() -> str:
    """What ``HF_ENDPOINT`` says, whether or not it can be an address; empty where it says nothing."""
    return os.environ.get(_ENDPOINT) or os.environ.get(_SET_ASIDE) or ""


def set_bad_endpoint_aside() -> None:
    """Takes an ``HF_ENDPOINT`` away that is no address, so that only what would ask there says so.

    WORKAROUND(huggingface_hub 2.4, constants): its import fails over such an address; remove when it does not. The
    processes that this one starts know it too.
    """
    given = os.environ.get(_ENDPOINT)
    if given and _parts_of(HubAccess(given).address) is None:
        os.environ[_SET_ASIDE] = os.environ.pop(_ENDPOINT)


def is_offline_by_environment() -> bool:
    """Whether the variables that the Hub's own library reads forbid connections."""
    # The library reads them once, when it is imported; each start of a test needs its own answer.
    return is_true(os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or "")


def is_true(value: str) -> bool:
    """Whether a variable's value means yes to the Hub's own library."""
    return value.upper() in _TRUE_WORDS


def checked_endpoint(text: str) -> str:
    """A mirror's address as a person wrote it, made whole; empty stays empty.

    Raises:
        UserError: It is no address, or has a password in it.
    """
    address = text.strip()
    if not address:
        return ""
    whole = (address if "://" in address else f"https://{address}").rstrip("/")
    parts = _parts_of(whole)
    if parts is None or parts[0] not in {"http", "https"}:
        raise UserError("This is not the address of a mirror.", "Write it as https://hf-mirror.com.")
    if "@" in urlsplit(whole).netloc:
        raise UserError(
            "A name and a password do not belong in the mirror's address.", "Keep a token for it further down."
        )
    if urlsplit(whole).query or urlsplit(whole).fragment:
        raise UserError("The mirror's address has “?” or “#” in it.", "Write it as https://hf-mirror.com.")
    return whole


def checked_proxy(text: str) -> str:
    """A proxy's address as a person wrote it, made whole; empty stays empty.

    Raises:
        UserError: It is no address of a proxy.
    """
    address = text.strip()
    if not address:
        return ""
    whole = (address if "://" in address else f"http://{address}").rstrip("/")
    # GNOME and others write socks:// for version 5.
    whole = whole.replace("socks://", "socks5://", 1) if whole.startswith("socks://") else whole
    parts = _parts_of(whole)
    if parts is None or parts[0] not in _PROXY_SCHEMES:
        raise UserError("This is not the address of a proxy.", "Write it as http://host:port, or socks5://host:port.")
    return whole


def _parts_of(address: str) -> tuple[str, str] | None:
    """Scheme and host, or None for what is no address."""
    try:
        parts = urlsplit(address)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return None
    host = parts.hostname or ""
    is_plain = host.isprintable() and not any(letter.isspace() or letter in "<>\"'\\" for letter in address)
    return (parts.scheme.lower(), host) if host and has_port and is_plain else None


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
