from __future__ import annotations

from pathlib import Path

import disk_image
import pytest
from build_commands import BuildError

from tests.unit.packaging.app_bundle.played_mac import PlayedMac, make_app

IDENTITY = "Developer ID Application: Somebody (TEAM123456)"


@pytest.fixture
def mac(tmp_path: Path) -> PlayedMac:
    return PlayedMac(tmp_path / "tools")


@pytest.fixture
def notices(tmp_path: Path) -> Path:
    file = tmp_path / "THIRD-PARTY-NOTICES.txt"
    file.write_text("whose it is")
    return file


def test_the_image_holds_the_app_its_place_the_quick_action_and_the_notices(
    mac: PlayedMac, tmp_path: Path, notices: Path
) -> None:
    app, image, work = make_app(tmp_path), tmp_path / "Viewfinder.dmg", tmp_path / "work"
    disk_image.write_disk_image(app, [notices], image, work, mac.steps)
    inside = image.read_text().splitlines()
    assert {line for line in inside if line.count("/") == 1} == {
        "./Applications",
        "./Ask Viewfinder.workflow",
        "./THIRD-PARTY-NOTICES.txt",
        "./Viewfinder.app",
    }
    assert "./Viewfinder.app/Contents/Frameworks/libmlx.dylib" in inside
    assert "./Ask Viewfinder.workflow/Contents/document.wflow" in inside
    assert not any(line.startswith("./Applications/") for line in inside), "it is a link, not a copy"
    stage, form = work / "disk-image", ["-fs", "HFS+", "-format", "ULFO"]
    assert mac.calls == [
        ["ditto", str(app), str(stage / "Viewfinder.app")],
        ["hdiutil", "create", "-volname", "Viewfinder", "-srcfolder", str(stage), "-ov", *form, str(image)],
    ]
    assert not stage.exists()


def test_nothing_is_left_lying_about_when_it_cannot_be_made(mac: PlayedMac, tmp_path: Path, notices: Path) -> None:
    mac.plays("hdiutil", "echo 'create failed - No space left on device' >&2; exit 1")
    app, work, waited = make_app(tmp_path), tmp_path / "work", list[float]()
    with pytest.raises(BuildError, match="No space left on device"):
        disk_image.write_disk_image(app, [notices], tmp_path / "a.dmg", work, mac.steps, waited.append)
    assert len(waited) == 4
    assert not list(work.iterdir())


def test_a_system_that_still_holds_the_image_is_asked_again(mac: PlayedMac, tmp_path: Path, notices: Path) -> None:
    app, image, busy = make_app(tmp_path), tmp_path / "a.dmg", tmp_path / "busy"
    busy.write_text("as on a hosted Mac, where it is looked through for malware")
    says = "echo 'hdiutil: create failed - Resource busy' >&2"
    mac.plays("hdiutil", f"if rm '{busy}' 2>/dev/null; then {says}; exit 1; fi; touch '{image}'")
    waited: list[float] = []
    disk_image.write_disk_image(app, [notices], image, tmp_path / "work", mac.steps, waited.append)
    assert image.exists()
    assert len(waited) == 1


def test_a_disk_image_is_signed_with_a_time_and_without_the_hardened_runtime(mac: PlayedMac, tmp_path: Path) -> None:
    image = tmp_path / "a.dmg"
    disk_image.sign_disk_image(image, IDENTITY, mac.steps)
    assert mac.calls == [
        ["codesign", "--force", "--timestamp", "--sign", IDENTITY, str(image)],
        ["codesign", "--verify", "--strict", "--verbose=2", str(image)],
    ]


def test_gatekeeper_is_asked_about_each_in_its_own_way(mac: PlayedMac, tmp_path: Path) -> None:
    app, image = make_app(tmp_path), tmp_path / "a.dmg"
    image.touch()
    disk_image.assess(app, mac.steps)
    disk_image.assess(image, mac.steps)
    assert mac.calls == [
        ["spctl", "--assess", "-vvv", "-t", "exec", str(app)],
        ["spctl", "--assess", "-vvv", "-t", "open", "--context", "context:primary-signature", str(image)],
    ]
    mac.plays("spctl", "echo 'a.dmg: rejected' >&2; exit 3")
    with pytest.raises(BuildError, match="rejected"):
        disk_image.assess(image, mac.steps)
