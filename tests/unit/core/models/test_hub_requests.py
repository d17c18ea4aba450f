from __future__ import annotations

import math
import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from app.core.errors import AppError, UserError, describe_error
from app.core.models import hub_requests
from app.core.models.access import HUB_ADDRESS, HubAccess, checked_endpoint, checked_proxy
from app.core.models.hub_check import check_hub
from app.core.models.hub_requests import at_address, file_address, host_of, open_hub, proxy_of
from app.core.models.refusals import retry_after_s, without_secrets
from app.core.models.repository import look_up
from tests.hub_server import GOOD_TOKEN, Fault, HubServer
from tests.loopback import LOOPBACK, OPEN_PORTS
from tests.whole_model import write_whole_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "Qwen/Qwen3-VL-4B-Instruct"
SECRET = "hf_verysecret"
_REAL_GETADDRINFO = socket.getaddrinfo
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxy_of_the_tester(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def said(access: HubAccess, model_id: str = ID) -> str:
    """What is said when a repository is looked up so; with everything a report could have of it."""
    with pytest.raises(AppError) as caught:
        look_up(model_id, access)
    told = describe_error(caught.value)
    assert told.hint
    return f"{told} {told.detail} {told.trace}"


@contextmanager
def answering(answer: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A port that reads a request and answers each alike."""
    listener = socket.create_server((LOOPBACK, 0))
    port = int(listener.getsockname()[1])
    OPEN_PORTS.add(port)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) if context else connection as stream:
                    stream.recv(1 << 16)
                    stream.sendall(answer)
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        OPEN_PORTS.discard(port)


def test_the_token_goes_to_the_address_alone(hub: HubServer, tmp_path: Path) -> None:
    folder = write_whole_model(tmp_path / "model", size_bytes=11 << 20)
    commit = hub.add(ID, folder, is_gated=True)
    access = HubAccess(hub.url, token=GOOD_TOKEN)
    with open_hub(access) as client:
        address = file_address(access, ID, commit, "model.safetensors")
        answer = client.get(address)
        assert answer.status_code == 200, "the store of big files refuses whoever sends it a token"
        assert answer.url.port != int(hub.url.rsplit(":", 1)[1])
        assert client.get(str(answer.url)).status_code == 200, "nor when it is asked directly"
        assert GOOD_TOKEN not in f"{client.headers!r}"
    assert all(one.headers.get("authorization") == f"Bearer {GOOD_TOKEN}" for one in hub.seen(where="hub"))


def test_a_list_that_goes_on_elsewhere_takes_no_token_there(hub: HubServer, tmp_path: Path) -> None:
    hub.add(ID, write_whole_model(tmp_path / "model"))
    with HubServer() as other:
        link = {"Link": f'<{other.url}/api/models/{ID}/tree/x>; rel="next"', "Content-Type": "application/json"}
        hub.fault("*/tree/*", Fault(status=200, body=b"[]", headers=link))
        said(HubAccess(hub.url, token=GOOD_TOKEN))
        assert other.requests
        assert not any("authorization" in one.headers for one in other.requests)


def test_a_mirror_is_asked_where_it_repeats_the_hubs_own_address(hub: HubServer, tmp_path: Path) -> None:
    hub.add(ID, write_whole_model(tmp_path / "model"))
    link = {"Link": f'<{HUB_ADDRESS}/api/models/{ID}/tree/main?recursive=true>; rel="next"'}
    hub.fault("*/tree/*", Fault(status=200, body=b"[]", headers=link))
    assert look_up(ID, HubAccess(hub.url)).files
    assert at_address(HubAccess("https://mirror.example"), f"{HUB_ADDRESS}.evil.example/x").startswith(HUB_ADDRESS)


def test_a_mirror_that_hands_on_the_hubs_redirects_is_asked_itself(hub: HubServer, tmp_path: Path) -> None:
    commit = hub.add(ID, write_whole_model(tmp_path / "model"))
    moved = {"Location": f"{HUB_ADDRESS}/api/resolve-cache/models/{ID}/{commit}/config.json"}
    hub.fault("*/resolve/*/config.json", Fault(status=307, headers=moved))
    assert look_up(ID, HubAccess(hub.url)).revision == commit


def test_a_mirror_that_sends_on_to_the_hub_is_followed_there(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = hub.add(ID, write_whole_model(tmp_path / "model"))
    same = f"{HUB_ADDRESS}/{ID}/resolve/{commit}/config.json"
    hub.fault("*/resolve/*/config.json", Fault(status=307, headers={"Location": same}), times=math.inf)
    monkeypatch.setattr(socket, "getaddrinfo", _unknown_host)
    assert "The address of huggingface.co cannot be found." in said(HubAccess(hub.url)), "no round without an end"


def test_requests_go_through_the_proxy_of_the_settings_rather_than_the_systems(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(ID, write_whole_model(tmp_path / "model"))
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    assert proxy_of(HubAccess("http://hub.example")) == host_of(hub.url)
    assert look_up(ID, HubAccess("http://hub.example")).files
    assert {one.headers["host"] for one in hub.requests} == {"hub.example"}
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert look_up(ID, HubAccess("http://hub.example", hub.url)).files
    monkeypatch.setenv("HTTP_PROXY", hub.url)
    monkeypatch.setenv("NO_PROXY", "hub.example")
    assert proxy_of(HubAccess("http://hub.example")) == ""


def test_no_token_goes_where_others_can_read_it(hub: HubServer, tmp_path: Path) -> None:
    hub.add(ID, write_whole_model(tmp_path / "model"))
    look_up(ID, HubAccess("http://hub.example", hub.url, token=GOOD_TOKEN))
    assert not any("authorization" in one.headers for one in hub.requests)


@pytest.mark.parametrize(
    ("proxy", "variable", "words"),
    [
        ("ftp://proxy", "", "proxy cannot be used"),
        ("http://me:zzqq@proxy:port", "", "proxy cannot be used"),
        ("", "socks://127.0.0.1:1", "in this system's variables cannot be used"),
    ],
)
def test_an_address_that_is_no_proxy_is_told(
    monkeypatch: pytest.MonkeyPatch, proxy: str, variable: str, words: str
) -> None:
    if variable:
        monkeypatch.setenv("ALL_PROXY", variable)
    text = said(HubAccess(proxy=proxy))
    assert words in text
    assert "zzqq" not in text


def test_a_socks_proxy_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with open_hub(HubAccess()), open_hub(HubAccess(proxy=checked_proxy("socks://127.0.0.1:1"))):
        pass


def test_faults_of_a_proxy_are_told(hub: HubServer) -> None:
    port = hub.url.rsplit(":", 1)[1]
    assert f"The proxy 127.0.0.1:{port} lets nothing through to huggingface.co." in said(
        HubAccess(HUB_ADDRESS, hub.url)
    )
    with answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as wanting:
        access = HubAccess(HUB_ADDRESS, f"http://me:zzqq@127.0.0.1:{wanting}")
        assert f"The proxy 127.0.0.1:{wanting} wants a name and a password." in said(access)
        assert "zzqq" not in said(access)
    hub.stop()
    assert f"The proxy 127.0.0.1:{port} cannot be reached." in said(HubAccess(HUB_ADDRESS, hub.url))


def test_a_host_that_has_no_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _unknown_host)
    assert "The address of huggingface.co cannot be found. Check your connection, then" in said(HubAccess())
    assert "and the mirror's address" in said(HubAccess("https://mirror.example"))


def test_a_server_that_says_nothing_is_told(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_requests, "READ_TIMEOUT_S", 0.2)
    hub.fault("*", Fault(wait_s=60.0), times=math.inf)
    assert "does not answer." in said(HubAccess(hub.url))


def test_a_certificate_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_own_certificate(tmp_path))
    with answering(b"", context) as port:
        assert "its certificate is not trusted here" in said(HubAccess(f"https://127.0.0.1:{port}"))
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert f"127.0.0.1:{port} does not speak https" in said(HubAccess(f"https://127.0.0.1:{port}"))


def test_certificates_that_cannot_be_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    assert "The certificates of this system cannot be read." in said(HubAccess())


def test_nothing_that_is_said_holds_a_secret(hub: HubServer) -> None:
    access = HubAccess(hub.url, "http://me:zzqq@proxy:1", token=SECRET)
    words = without_secrets(f"{SECRET} http://me:zzqq@proxy:1 https://store/x?X-Signature=abc&y 'z'", access)
    assert words == "… http://…@proxy:1 https://store/x?… 'z'"
    for fault in (Fault(hangs_up=True), Fault(status=500, headers={"X-Error-Message": f"Bearer {SECRET}"})):
        hub.clear_faults()
        hub.fault("*", fault, times=math.inf)
        assert SECRET not in said(HubAccess(hub.url, token=SECRET))


def test_the_check_tells_who_answers(hub: HubServer) -> None:
    assert check_hub(HubAccess(hub.url)).account == ""
    assert check_hub(HubAccess(hub.url, token=GOOD_TOKEN)).account == "friend"
    hub.fault("*/whoami-v2", Fault(status=404))
    assert check_hub(HubAccess(hub.url, token=GOOD_TOKEN)).host == host_of(hub.url)
    hub.fault("/api/models/*", Fault(status=200, body=b"<html>"))
    with pytest.raises(UserError, match="does not answer as the Hub does"):
        check_hub(HubAccess(hub.url))
    with pytest.raises(UserError, match="offline"):
        check_hub(HubAccess(hub.url, is_offline=True))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"RateLimit": '"api";r=0;t=55'}, 55),
        ({"RateLimit": '"api";r=12;t=55'}, None),
        ({}, None),
    ],
)
def test_how_long_the_server_wants_to_be_left_alone(headers: dict[str, str], seconds: float | None) -> None:
    import httpx2

    assert retry_after_s(httpx2.Response(429, headers=headers)) == seconds


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("", ""),
        (" https://hf-mirror.com/ ", "https://hf-mirror.com"),
        ("hf-mirror.com", "https://hf-mirror.com"),
        ("http://127.0.0.1:8080/hub/", "http://127.0.0.1:8080/hub"),
    ],
)
def test_a_mirror_is_made_whole(typed: str, address: str) -> None:
    assert checked_endpoint(typed) == address


@pytest.mark.parametrize(
    "typed", ["ftp://x", "a b", "https://", "https://a:b@c", "https://c?d", "https://c:0", "http://c:x"]
)
def test_what_is_no_mirror_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        checked_endpoint(typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("", ""),
        ("proxy:3128", "http://proxy:3128"),
        ("socks://p:1", "socks5://p:1"),
        ("SOCKS5h://p:1", "SOCKS5h://p:1"),
        ("http://me:zzqq@p:1/", "http://me:zzqq@p:1"),
    ],
)
def test_a_proxy_is_made_whole(typed: str, address: str) -> None:
    assert checked_proxy(typed) == address


@pytest.mark.parametrize("typed", ["ftp://x", "a b", "http://", "p:99999", "<p>"])
def test_what_is_no_proxy_is_refused(typed: str) -> None:
    with pytest.raises(UserError):
        checked_proxy(typed)


def _unknown_host(host: str, *rest: Any, **named: Any) -> Any:
    if host == LOOPBACK:
        return _REAL_GETADDRINFO(host, *rest, **named)
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _own_certificate(folder: Path) -> str:
    """A certificate for this machine that nobody vouches for, with its key."""
    pytest.importorskip("cryptography")
    from datetime import datetime, timedelta, timezone

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "own.pem"
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(encoding)
    )
    return str(file)


@pytest.mark.parametrize("address", ["http://", "http://a:b:c", "http://x:99999", "https://two words"])
def test_an_address_that_is_none_is_told_as_such(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost")
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert "address" in said(HubAccess())
    assert "cannot be used. Correct HF_ENDPOINT, or write one as https://host" in said(HubAccess())
    assert "cannot be used. Write it as https://host" in said(HubAccess(address))


def test_a_proxy_that_nobody_named_is_told_without_a_name() -> None:
    with answering(b"HTTP/1.1 407 Asks\r\nContent-Length: 0\r\n\r\n") as port:
        assert "A proxy on the way wants a name and a password." in said(HubAccess(f"http://{LOOPBACK}:{port}"))
