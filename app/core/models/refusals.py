"""What to say when the Hub, or what lies between it and this machine, refuses."""

from __future__ import annotations

import math
import re
import socket
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.core.errors import AppError, ModelError, Sentence, UserError, as_sentence
from app.core.models.hub_requests import host_of, proxy_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from app.core.models.access import HubAccess

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, PROXY_AUTHENTICATION = 401, 403, 404, 407
TOO_MANY_REQUESTS, FOR_LEGAL_REASONS, SERVER_FAULTS = 429, 451, 500
_BAD_TOKEN = "Invalid credentials in Authorization header"  # noqa: S105 - the Hub's own words
_CLOSED = "Access to this resource is disabled."
_LIMIT = re.compile(r"\br\s*=\s*0\b.*?\bt\s*=\s*(\d+)")
_QUERY = re.compile(r"\?[^\s'\"<>]+")
_LONGEST_DETAIL = 600
_SOON_S = 120


def hub_faults() -> tuple[type[Exception], ...]:
    """Everything that a request to the Hub raises when it goes wrong, for an ``except``."""
    import httpx2

    return (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError)


def refusal(error: Exception, model_id: str, access: HubAccess) -> AppError:
    """An error of a request to the Hub as words for a person; it holds no secret.

    Args:
        error: What a request raised, one of `hub_faults`; one of ours is given back as it is.
        model_id: What was asked for.
        access: How it was asked.
    """
    import httpx2

    if isinstance(error, AppError):
        return error
    response = getattr(error, "response", None)
    if isinstance(response, httpx2.Response):
        return refusal_of(response, model_id, access)
    detail = without_secrets(f"{type(error).__name__}: {error}", access)
    if isinstance(error, httpx2.TooManyRedirects | httpx2.DecodingError | httpx2.UnsupportedProtocol):
        return not_a_hub(access, detail)
    if isinstance(error, httpx2.InvalidURL):
        return not_a_hub(access, detail)
    return _unreached(error, access, detail)


def refusal_of(response: httpx2.Response, model_id: str, access: HubAccess) -> AppError:
    """An answer that tells of an error as words for a person."""
    status, code = response.status_code, response.headers.get("X-Error-Code", "")
    message = response.headers.get("X-Error-Message", "")
    detail = without_secrets(f"{status} {code} {message}".strip(), access)
    is_page = "html" in response.headers.get("Content-Type", "").lower()
    return (
        _of_server(response, access, detail)
        or (not_a_hub(access, detail) if is_page and not code and not message else None)
        or _of_repository(status, code, message, _Asked(model_id, access, detail))
        or UserError(
            Sentence("{host} refused what it was asked (error {status}).", host=host_of(access.address), status=status),
            "Check the mirror's address in the settings under “Downloads”.",
            detail,
        )
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    model_id: str
    access: HubAccess
    detail: str

    @property
    def host(self) -> str:
        return host_of(self.access.address)


def _of_server(response: httpx2.Response, access: HubAccess, detail: str) -> AppError | None:
    """What says nothing of the repository; None for what does."""
    status, host = response.status_code, host_of(access.address)
    if status == PROXY_AUTHENTICATION:
        return _proxy_wants_password(access, detail)
    if status == TOO_MANY_REQUESTS:
        text = Sentence("{host} was asked too often and wants a pause.", host=host)
        return UserError(text, as_sentence(_when_again(retry_after_s(response))), detail)
    if status >= SERVER_FAULTS:
        text = Sentence("{host} has a fault of its own (error {status}).", host=host, status=status)
        return UserError(text, "Try again in a few minutes.", detail)
    if status == UNAUTHORIZED and response.headers.get("X-Error-Message", "") == _BAD_TOKEN:
        return UserError(
            Sentence("{host} does not take the token: it is wrong, or its time is over.", host=host),
            "Keep a good one in the settings under “Downloads”, or forget it there; HF_TOKEN and “hf auth login” "
            "count too.",
            detail,
        )
    return None


def _of_repository(status: int, code: str, message: str, asked: _Asked) -> AppError | None:
    """What is said of the repository; None where nothing is."""
    if code == "GatedRepo":
        return gated(asked.model_id, asked.access, asked.detail)
    if code in {"RevisionNotFound", "EntryNotFound"}:
        return _missing(code, asked)
    if message == _CLOSED or status == FOR_LEGAL_REASONS:
        text = Sentence("{host} has closed the repository {name}.", name=asked.model_id, host=asked.host)
        return ModelError(text, "Choose another model.", asked.detail)
    if code == "RepoNotFound" or status in {UNAUTHORIZED, NOT_FOUND}:
        return _not_found(asked)
    if status == FORBIDDEN:
        return _forbidden(asked)
    return None


def _missing(code: str, asked: _Asked) -> ModelError:
    if code == "RevisionNotFound":
        text = Sentence("{name} has no such revision on {host}.", name=asked.model_id, host=asked.host)
        return ModelError(
            text, "Write all 40 letters of a commit, or leave the revision out to take the newest.", asked.detail
        )
    text = Sentence("A file of {name} is missing on {host}.", name=asked.model_id, host=asked.host)
    return ModelError(text, "Try again; if that does not help, choose another model.", asked.detail)


def _forbidden(asked: _Asked) -> ModelError:
    text = Sentence("{host} does not let you at {name}.", name=asked.model_id, host=asked.host)
    if asked.access.token:
        return ModelError(text, "Check that your token may read it.", asked.detail)
    return ModelError(text, "Keep a token that may read it in the settings under “Downloads”.", asked.detail)


def gated(model_id: str, access: HubAccess, detail: str = "") -> ModelError:
    """What to say of a repository whose makers want to be asked."""
    text = Sentence("The makers of {name} want to be asked before it is downloaded.", name=model_id)
    page = f"{access.address}/{model_id}"
    hint = (
        Sentence("Ask for access at {page} with the account of your token, then try again.", page=page)
        if access.token
        else Sentence("Ask for access at {page}, then keep your token in the settings under “Downloads”.", page=page)
    )
    return ModelError(text, hint, detail)


def not_a_hub(access: HubAccess, detail: str = "") -> UserError:
    """What to say when something answers that is no Hub."""
    return UserError(
        Sentence("{address} does not answer as the Hub does.", address=access.address),
        "Check the mirror's address in the settings under “Downloads”; a network that wants a sign-in answers so too.",
        detail,
    )


def retry_after_s(response: httpx2.Response) -> float | None:
    """How long the server asks to wait, in seconds from now; None where it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    if value:
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
        except (ValueError, OverflowError):
            return None
    found = _LIMIT.search(response.headers.get("RateLimit", ""))
    return float(found[1]) if found is not None else None


def without_secrets(words: str, access: HubAccess) -> str:
    """A library's words without the token, the proxy's password, and what signed addresses are signed with."""
    parts = urlsplit(access.proxy) if access.proxy else None
    secrets = [access.token, parts.netloc.rpartition("@")[0] if parts is not None else None]
    for secret in secrets:
        if secret:
            words = words.replace(secret, "…")
    return _QUERY.sub("?…", words)[:_LONGEST_DETAIL]


def _not_found(asked: _Asked) -> ModelError:
    name, host = asked.model_id, asked.host
    if asked.access.token:
        return ModelError(
            Sentence("There is no repository {name} on {host}, or your token may not see it.", name=name, host=host),
            "Check how its name is spelled, and what your token may read.",
            asked.detail,
        )
    return ModelError(
        Sentence("There is no public repository {name} on {host}.", name=name, host=host),
        "Check how its name is spelled; if it is private, keep a token that may read it in the settings under "
        "“Downloads”.",
        asked.detail,
    )


def _when_again(wait_s: float | None) -> Sentence:
    if wait_s is None:
        return Sentence("Try again in a few minutes.")
    if wait_s <= _SOON_S:
        return Sentence("Try again in {seconds} seconds.", seconds=max(1, math.ceil(wait_s)))
    return Sentence("Try again in {minutes} minutes.", minutes=math.ceil(wait_s / 60))


def _causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__


def _unreached(error: Exception, access: HubAccess, detail: str) -> UserError:
    """What to say when no answer came."""
    import httpx2

    host, proxy = _host_asked(error) or host_of(access.address), proxy_of(access)
    causes = tuple(_causes(error))
    text = Sentence("The connection to {host} broke off.", host=host)
    hint: str = as_sentence(_check_connection(access))
    if isinstance(error, httpx2.ProxyError):
        if str(PROXY_AUTHENTICATION) in str(error):
            return _proxy_wants_password(access, detail)
        text = Sentence("The proxy {proxy} lets nothing through to {host}.", proxy=proxy, host=host)
        hint = "Check the proxy's address in the settings under “Downloads”, or ask whoever runs it."
    elif any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        text = Sentence("The connection to {host} is not safe: its certificate is not trusted here.", host=host)
        hint = (
            "Check this machine's date and time; in a company's network, its certificate must be known to the system "
            "or named by SSL_CERT_FILE."
        )
    elif any(isinstance(cause, ssl.SSLError) for cause in causes):
        text = Sentence("{host} does not speak https as it should.", host=host)
    elif isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout) and proxy:
        text = Sentence("The proxy {proxy} cannot be reached.", proxy=proxy)
        hint = "Check that it runs, and its address in the settings under “Downloads”."
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        text = Sentence("The address of {host} cannot be found.", host=host)
    elif isinstance(error, httpx2.TimeoutException):
        text = Sentence("{host} does not answer.", host=host)
    elif isinstance(error, httpx2.ConnectError):
        text = Sentence("{host} cannot be reached.", host=host)
    return UserError(text, hint, detail)


def _host_asked(error: Exception) -> str:
    """Whom the request went to: a store of big files, too, or where a mirror redirected to; empty if nobody knows."""
    try:
        return host_of(str(error.request.url))  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return ""


def _check_connection(access: HubAccess) -> Sentence:
    if access.endpoint:
        return Sentence("Check your connection, and the mirror's address in the settings under “Downloads”.")
    return Sentence("Check your connection, then try again; a mirror can be chosen in the settings under “Downloads”.")


def _proxy_wants_password(access: HubAccess, detail: str) -> UserError:
    proxy = proxy_of(access)
    return UserError(
        Sentence("The proxy {proxy} wants a name and a password.", proxy=proxy)
        if proxy
        else Sentence("A proxy on the way wants a name and a password."),
        "Write them into its address in the settings under “Downloads”: http://name:password@host:port.",
        detail,
    )
