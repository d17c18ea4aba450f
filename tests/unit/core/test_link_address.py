"""Addresses are shown with nothing hidden, and only those of the web and of mail are opened."""

from __future__ import annotations

import pytest

from app.core.link_address import can_be_opened, has_foreign_host, visible_address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://example.com/a?b=1#c", "https://example.com/a?b=1#c"),
        ("https://аpple.com/x", "https://xn--pple-43d.com/x"),
        ("https://例子.测试:8080/路径", "https://xn--fsqu00a.xn--0zwm56d:8080/路径"),
        ("https://аpple.com@аpple.com/", "https://аpple.com@xn--pple-43d.com/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://faß.例子:8080/ß", "https://xn--fa-hia.xn--fsqu00a:8080/ß"),
        ("https://example.com/\u202egpj.exe", "https://example.com/⟨U+202E⟩gpj.exe"),
        ("https://exam\u200bple.com/", "https://example.com/"),
        ("https://a.b/\n c", "https://a.b/⟨U+000A⟩⟨U+0020⟩c"),
        ("https://paypal.com@evil.com/", "https://paypal.com@evil.com/"),
        ("http://[::1", "http://[::1"),
        ("", ""),
    ],
)
def test_nothing_in_an_address_is_hidden(address: str, shown: str) -> None:
    assert visible_address(address) == shown


@pytest.mark.parametrize(
    "address", ["https://a.b", "http://a.b/c", "mailto:a@b.c", "HTTPS://A.B", "https://例子.测试/"]
)
def test_web_and_mail_can_be_opened(address: str) -> None:
    assert can_be_opened(address)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "vscode://x",
        "smb://host/x",
        "//host/x",
        "C:\\x",
        "https:\\\\a.b",
        "https://a.b/\u202ex",
        "https://exam\u200bple.com/",
        "https://%D0%B0pple.com/",
        " https://a.b",
        "https://",
        "mailto:",
        "mailto:help@аpple.com",
        "mailto:help@%D0%B0pple.com",
        "http://[::1",
        "",
    ],
)
def test_all_else_cannot(address: str) -> None:
    assert not can_be_opened(address)


def test_foreign_letters_in_a_host_are_noticed() -> None:
    assert has_foreign_host("https://аpple.com/")
    assert not has_foreign_host("https://apple.com/а")
