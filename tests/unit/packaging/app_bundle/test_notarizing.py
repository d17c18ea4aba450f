from __future__ import annotations

from pathlib import Path

import notarizing
import pytest
from build_commands import BuildError

from tests.unit.packaging.app_bundle.played_mac import PlayedMac, make_app

ISSUES = (
    {"severity": "error", "path": "Viewfinder.zip/libx265.dylib", "message": "The binary is not signed."},
    {"severity": "warning", "path": "Viewfinder.zip/QtCore", "message": "No secure timestamp."},
)


@pytest.fixture
def mac(tmp_path: Path) -> PlayedMac:
    return PlayedMac(tmp_path / "tools")


def test_an_accepted_app_was_sent_as_dittos_archive_and_carries_its_ticket(mac: PlayedMac, tmp_path: Path) -> None:
    app, archive = make_app(tmp_path), tmp_path / "work" / "Viewfinder.zip"
    notarizing.notarize_app(app, "notary", tmp_path / "work", mac.steps)
    answered = ["--wait", "--output-format", "json"]
    assert mac.calls == [
        ["ditto", "-c", "-k", "--keepParent", "--sequesterRsrc", str(app), str(archive)],
        ["xcrun", "notarytool", "submit", str(archive), "--keychain-profile", "notary", *answered],
        ["xcrun", "stapler", "staple", str(app)],
        ["xcrun", "stapler", "validate", str(app)],
    ]
    assert not archive.exists()


@pytest.mark.parametrize("code", [0, 1])
def test_a_refusal_gives_the_notarys_reasons_whatever_its_exit_status(
    mac: PlayedMac, tmp_path: Path, code: int
) -> None:
    mac.plays("xcrun", mac.notary("Invalid", code, ISSUES))
    with pytest.raises(BuildError) as raised:
        notarizing.notarize_app(make_app(tmp_path), "notary", tmp_path / "work", mac.steps)
    told = str(raised.value)
    assert "“Invalid” to Viewfinder.zip (submission 2efe2717)" in told
    for issue in ISSUES:
        assert f"{issue['severity']}: {issue['path']}: {issue['message']}" in told
    assert mac.calls[-1] == ["xcrun", "notarytool", "log", "2efe2717", "--keychain-profile", "notary"]
    assert not any("stapler" in call for call in mac.calls)
    assert not list((tmp_path / "work").iterdir())


def test_hundreds_of_reasons_are_counted_not_all_shown(mac: PlayedMac, tmp_path: Path) -> None:
    mac.plays("xcrun", mac.notary("Invalid", 0, ISSUES * 60))
    with pytest.raises(BuildError, match="and 100 more"):
        notarizing.submit(tmp_path / "a.dmg", "notary", mac.steps)


def test_a_refusal_whose_log_cannot_be_had_is_still_told(mac: PlayedMac, tmp_path: Path) -> None:
    log_fails = mac.notary("Invalid").replace("log) echo", "log) echo 'no network' >&2; exit 69; echo")
    mac.plays("xcrun", log_fails)
    with pytest.raises(BuildError, match=r"“Invalid”.*(\n.*)*ended with 69:\s+no network"):
        notarizing.submit(tmp_path / "a.dmg", "notary", mac.steps)


def test_a_notary_that_gives_no_answer_is_told_with_its_words(mac: PlayedMac, tmp_path: Path) -> None:
    mac.plays("xcrun", "echo 'Error: HTTP status code: 401. Unauthenticated.' >&2; exit 69")
    with pytest.raises(BuildError, match=r"xcrun ended with 69:\s+Error: HTTP status code: 401"):
        notarizing.submit(tmp_path / "a.dmg", "notary", mac.steps)
    assert len(mac.calls) == 1


def test_a_ticket_that_is_not_there_yet_comes_with_the_line_that_fetches_it(mac: PlayedMac, tmp_path: Path) -> None:
    mac.plays("xcrun", "echo 'CloudKit query failed'; exit 65")
    with pytest.raises(BuildError, match=r"xcrun stapler staple .*Viewfinder.app\s+xcrun ended with 65"):
        notarizing.staple(tmp_path / "Viewfinder.app", mac.steps)
    assert [call[2] for call in mac.calls] == ["staple"]


def test_a_profile_that_is_not_in_the_keychain_comes_with_the_line_that_makes_it(mac: PlayedMac) -> None:
    notarizing.require_profile("notary", mac.steps)
    assert mac.calls == [["xcrun", "notarytool", "history", "--keychain-profile", "notary"]]
    mac.plays("xcrun", "echo 'No Keychain password item found for profile: notary' >&2; exit 69")
    with pytest.raises(BuildError, match="store-credentials notary"):
        notarizing.require_profile("notary", mac.steps)
