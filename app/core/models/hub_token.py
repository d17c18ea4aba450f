"""The Hub's token: kept in the system's keychain, one for each address, or found where the Hub's own library keeps it.

A token is in no file, log or error of ours. What is thrown from here names no library's words, which might hold it.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any, Literal, TypeAlias

from app.core.errors import UserError
from app.core.models.access import is_true
from app.core.models.hub_requests import host_of

logger = logging.getLogger(__name__)

TokenPlace: TypeAlias = Literal["", "keychain", "environment", "file"]
"""Where a token is: nowhere, in the system's keychain, in ``HF_TOKEN``, in the file of the Hub's library."""
_SERVICE = "Viewfinder"
_TOKEN = re.compile(r"[\x21-\x7e]{4,2000}")
_FILE_KEYRINGS = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Backends that keep nothing, or keep it in a file."""


def find_token(address: str) -> str | None:
    """The token for an address; None where there is none, or where the keychain stays shut.

    Thread: any but the main one; a keychain may ask the person.
    """
    return _kept_token(address) or _librarys_token()


def token_place(address: str) -> TokenPlace:
    """Where the token for an address would come from; asks no server.

    Thread: any but the main one; a keychain may ask the person.
    """
    if _kept_token(address):
        return "keychain"
    if _environment_token():
        return "environment"
    return "file" if _file_token() else ""


def can_keep_token() -> bool:
    """Whether there is a keychain here. Thread: any but the main one; looking for it imports and may ask the system."""
    return _keychain() is not None


def keep_token(address: str, token: str) -> None:
    """Keeps a token in the system's keychain, in place of an earlier one. Thread: any but the main one.

    Raises:
        UserError: It cannot be a token, or there is no keychain, or it stays shut.
    """
    token = token.strip()
    if not _TOKEN.fullmatch(token):
        raise UserError("This cannot be a token.", "Copy it whole from the page where it was made: it has no spaces.")
    keychain = _keychain()
    if keychain is None:
        raise _no_keychain()
    try:
        keychain.set_password(_SERVICE, host_of(address), token)
    except Exception as error:  # noqa: BLE001 - backends raise what their systems raise
        raise _shut(error) from None  # the error's frames hold the token


def forget_token(address: str) -> None:
    """Takes the token out of the system's keychain, if it is there. Thread: any but the main one.

    Raises:
        UserError: There is no keychain, or it stays shut.
    """
    keychain = _keychain()
    if keychain is None:
        raise _no_keychain()
    try:
        if keychain.get_password(_SERVICE, host_of(address)) is not None:
            keychain.delete_password(_SERVICE, host_of(address))
    except Exception as error:  # noqa: BLE001 - backends raise what their systems raise
        raise _shut(error) from None


def _kept_token(address: str) -> str | None:
    keychain = _keychain()
    if keychain is None:
        return None
    try:
        token = keychain.get_password(_SERVICE, host_of(address))
    except Exception as error:  # noqa: BLE001 - backends raise what their systems raise
        logger.info("The keychain gives no token: %s", type(error).__name__)
        return None
    return token if token and _TOKEN.fullmatch(token) else None


def _keychain() -> Any | None:
    """The system's keychain, or None where there is none that keeps secrets out of files."""
    try:
        import keyring

        chosen = keyring.get_keyring()
        backends = list(getattr(chosen, "backends", None) or [chosen])
    except Exception as error:  # noqa: BLE001 - backends raise what their systems raise
        logger.info("No keychain: %s", type(error).__name__)
        return None
    return next((one for one in backends if not type(one).__module__.startswith(_FILE_KEYRINGS)), None)


def _librarys_token() -> str | None:
    """The token as the Hub's library reads it; a sign-in that is near its end is renewed by it."""
    if is_true(os.environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "")):
        return None
    token = _environment_token()
    if token or not _file_token():
        return token
    try:
        from huggingface_hub import get_token

        token = get_token()
    except Exception as error:  # noqa: BLE001 - renewing asks a server, whose faults are many
        logger.info("The Hub's library gives no token: %s", type(error).__name__)
        return None
    return token if token and _TOKEN.fullmatch(token) else None


def _environment_token() -> str | None:
    return _clean(os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN") or "")


def _file_token() -> str | None:
    from huggingface_hub import constants

    try:
        return _clean(Path(constants.HF_TOKEN_PATH).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _clean(text: str) -> str | None:
    token = text.strip()
    return token if _TOKEN.fullmatch(token) else None


def _no_keychain() -> UserError:
    return UserError(
        "This system has no keychain that Viewfinder can use, so the token was not kept.",
        "Sign in with “hf auth login”, or set HF_TOKEN: Viewfinder reads the token there.",
    )


def _shut(error: Exception) -> UserError:
    return UserError(
        "The system's keychain stays shut.",
        "Unlock it, allow Viewfinder to use it, then try again.",
        type(error).__name__,
    )
