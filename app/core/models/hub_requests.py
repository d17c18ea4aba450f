"""Requests to the Hub: a client of our own, because the Hub's library knows one address and no proxy per process.

Read in huggingface_hub 2.0 and 2.4: ``constants`` takes ``HF_ENDPOINT`` and ``HF_HUB_OFFLINE`` once, when it is
imported; ``get_session`` is one client for the whole process; ``build_hf_headers`` may itself ask the Hub, at the
environment's address, which agents there are. What a person changes in the settings would reach none of these.
"""

from __future__ import annotations

import urllib.request
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from app import __version__
from app.core.errors import Sentence, UserError
from app.core.models.access import HUB_ADDRESS, endpoint_of_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import httpx2

    from app.core.models.access import HubAccess

CONNECT_TIMEOUT_S = 15.0
READ_TIMEOUT_S = 30.0
_MOST_REDIRECTS = 10


@contextmanager
def open_hub(access: HubAccess) -> Iterator[httpx2.Client]:
    """A client that reaches the Hub as the access says; may be used from several threads while it is open.

    It follows redirects. The token goes with requests to the access's own address alone: not to a store of big files,
    whether it was redirected to or asked directly, nor over a connection that others can read.

    Raises:
        UserError: The access is offline, or its proxy or address cannot be used.
    """
    require_online(access)
    if not access.is_address:
        raise _no_address(access)
    import httpx2

    try:
        client = httpx2.Client(
            auth=_token_sender(access),
            headers={"user-agent": f"viewfinder/{__version__}; hf_hub/{metadata.version('huggingface_hub')}"},
            proxy=access.proxy or None,
            follow_redirects=True,
            max_redirects=_MOST_REDIRECTS,
            event_hooks={"response": [_redirects_kept_at(access)]},
            timeout=httpx2.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S, pool=None),
        )
    except (ValueError, TypeError, ImportError, OSError, httpx2.InvalidURL) as error:
        raise _unusable(access, error) from None  # its words and its frames may hold the proxy's password
    with client:
        yield client


def require_online(access: HubAccess) -> None:
    """Passes where connections are allowed.

    Raises:
        UserError: They are not.
    """
    if access.is_offline:
        raise UserError(
            "Viewfinder is offline, so nothing is asked of the Hub.",
            "Untick “Work offline” in the settings under “Downloads”, and unset HF_HUB_OFFLINE where it is set.",
        )


def model_address(access: HubAccess, model_id: str) -> str:
    """Where the Hub's interface tells of a repository."""
    return f"{access.address}/api/models/{quote(model_id)}"


def file_address(access: HubAccess, model_id: str, revision: str, path: str) -> str:
    """Where a file of a revision lies."""
    return f"{access.address}/{quote(model_id)}/resolve/{quote(revision, safe='')}/{quote(path)}"


def at_address(access: HubAccess, url: str) -> str:
    """An address that a mirror repeated from the Hub itself, turned to the mirror."""
    return access.address + url.removeprefix(HUB_ADDRESS) if url.startswith(f"{HUB_ADDRESS}/") else url


def host_of(address: str) -> str:
    """The host, and the port where it is not the usual one; empty for what is no address."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    return f"{parts.hostname or ''}:{port}" if port is not None else parts.hostname or ""


def proxy_of(access: HubAccess) -> str:
    """The host of the proxy that requests go through, with its port and without a password; empty for none."""
    if access.proxy:
        return host_of(access.proxy)
    if not access.is_address:
        return ""
    parts = urlsplit(access.address)
    if parts.hostname is None or urllib.request.proxy_bypass(parts.hostname):
        return ""
    proxies = urllib.request.getproxies()
    return host_of(proxies.get(parts.scheme) or proxies.get("all") or "")


def _redirects_kept_at(access: HubAccess) -> Callable[[httpx2.Response], None]:
    """A mirror that hands on the Hub's own redirects means its own address: the Hub may be out of reach."""

    def keep(response: httpx2.Response) -> None:
        target = response.headers.get("Location", "")
        kept = at_address(access, target)
        if kept != target and kept != str(response.request.url):  # else it would go round and round
            response.headers["Location"] = kept

    return keep


def _token_sender(access: HubAccess) -> Any:
    import httpx2

    token, home = access.token, httpx2.URL(access.address)

    class TokenSender(httpx2.Auth):
        def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
            is_home = (request.url.scheme, request.url.host, request.url.port) == (home.scheme, home.host, home.port)
            if token and is_home and access.may_send_token:
                request.headers["Authorization"] = f"Bearer {token}"
            yield request

    return TokenSender()


def _unusable(access: HubAccess, error: Exception) -> UserError:
    detail = type(error).__name__
    if isinstance(error, OSError):
        return UserError(
            "The certificates of this system cannot be read.",
            "Check the files that SSL_CERT_FILE and SSL_CERT_DIR name.",
            detail,
        )
    if access.proxy:
        return UserError(
            "The address of the proxy cannot be used.",
            "Write it as http://host:port in the settings under “Downloads”.",
            detail,
        )
    if urllib.request.getproxies():
        return UserError(
            "The address of the proxy in this system's variables cannot be used.",
            "Give one as http://host:port in the settings under “Downloads”, or correct HTTPS_PROXY and ALL_PROXY.",
            detail,
        )
    return _no_address(access, detail)


def _no_address(access: HubAccess, detail: str = "") -> UserError:
    said = Sentence("The address {address} cannot be used.", address=access.address)
    if not access.endpoint and endpoint_of_environment():
        return UserError(
            said, "Correct HF_ENDPOINT, or write one as https://host in the settings under “Downloads”.", detail
        )
    return UserError(said, "Write it as https://host in the settings under “Downloads”.", detail)
