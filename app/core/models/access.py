"""How the Hub is reached: which address, through which proxy, with which token, or not at all."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

HUB_ADDRESS = "https://huggingface.co"
_TRUE_WORDS = ("1", "ON", "YES", "TRUE")


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
        """Where requests go, without a slash at its end."""
        return (self.endpoint or os.environ.get("HF_ENDPOINT") or HUB_ADDRESS).rstrip("/")


def is_offline_by_environment() -> bool:
    """Whether the variables that the Hub's own library reads forbid connections."""
    # The library reads them once, when it is imported; each start of a test needs its own answer.
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in _TRUE_WORDS
