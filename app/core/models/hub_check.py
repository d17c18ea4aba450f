"""Asks an address whether it is a Hub, and the Hub whose the token is; nothing is downloaded."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.errors import ModelError
from app.core.models.hub_answers import HubAnswers
from app.core.models.hub_requests import host_of, open_hub
from app.core.models.refusals import hub_faults

if TYPE_CHECKING:
    import httpx2

    from app.core.models.access import HubAccess

_KNOWN_MODEL = "Qwen/Qwen3-VL-2B-Instruct"
_OK = 200


@dataclass(frozen=True, slots=True)
class HubChecked:
    """A Hub that answered.

    Attributes:
        host: Where it is.
        account: Whose the token is; empty without a token, or where the Hub does not tell.
    """

    host: str
    account: str = ""


def check_hub(access: HubAccess) -> HubChecked:
    """Asks once. Thread: any but the main one.

    Raises:
        UserError: Nothing answers, or not as the Hub does, or the token is refused.
    """
    with open_hub(access) as client:
        # A company's own Hub need not have that model; to say so as the Hub does is enough.
        with suppress(ModelError):
            HubAnswers(client, access, _KNOWN_MODEL).info(None)
        return HubChecked(host_of(access.address), _account(client, access) if access.token else "")


def _account(client: httpx2.Client, access: HubAccess) -> str:
    try:
        response = client.get(f"{access.address}/api/whoami-v2")
        told = json.loads(response.content) if response.status_code == _OK else {}
        return str(told.get("name", ""))
    except hub_faults():
        return ""
    except (ValueError, AttributeError):
        return ""
