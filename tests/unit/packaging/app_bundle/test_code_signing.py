from __future__ import annotations

import plistlib
from pathlib import Path

import code_signing
import pytest
from build_commands import BuildError

from tests.unit.packaging.app_bundle.played_mac import CODE, PlayedMac, make_app

IDENTITY = "Developer ID Application: Somebody (TEAM123456)"


@pytest.fixture
def mac(tmp_path: Path) -> PlayedMac:
    return PlayedMac(tmp_path / "tools")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return make_app(tmp_path)


def executable(app: Path) -> Path:
    return app / "Contents" / "MacOS" / "Viewfinder"


def signed(mac: PlayedMac, app: Path, *, options: int) -> list[list[str]]:
    """What each call of codesign signed, relative to the .app, without its options and the last call, which looks."""
    calls = [call[1 + options :] for call in mac.calls]
    return [[str(Path(word).relative_to(app)) for word in call] for call in calls[:-2]]


def test_everything_inside_is_signed_before_what_it_is_inside_of(mac: PlayedMac, app: Path, tmp_path: Path) -> None:
    code_signing.sign_app(app, executable(app), None, tmp_path / "work", mac.steps)
    assert {call[0] for call in mac.calls} == {"codesign"}
    framework = "Contents/Frameworks/PySide6/Qt/lib/QtCore.framework"
    libraries, *frameworks = signed(mac, app, options=3)
    assert set(libraries) == {
        "Contents/Frameworks/libpython3.12.dylib",
        "Contents/Frameworks/mlx/core.cpython-312-darwin.so",
        "Contents/Frameworks/mlx/lib/libmlx.dylib",
        f"{framework}/Versions/A/Helpers/helper",
    }
    assert frameworks == [[f"{framework}/Versions/A/Frameworks/Inner.framework"], [framework]]
    assert mac.calls[-2][-1] == str(app)


def test_without_an_identity_there_is_no_name_no_hardened_runtime_and_no_entitlement(
    mac: PlayedMac, app: Path, tmp_path: Path
) -> None:
    code_signing.sign_app(app, executable(app), None, tmp_path / "work", mac.steps)
    for call in mac.calls[:-1]:
        assert call[:4] == ["codesign", "--force", "--sign", "-"]
        assert not {"--options", "--entitlements", "--timestamp", "--deep"} & set(call)


def test_a_developer_id_signs_all_for_the_hardened_runtime_and_gives_entitlements_to_the_program_alone(
    mac: PlayedMac, app: Path, tmp_path: Path
) -> None:
    code_signing.sign_app(app, executable(app), IDENTITY, tmp_path / "work", mac.steps)
    for call in mac.calls[:-1]:
        assert call[1:7] == ["--force", "--timestamp", "--options", "runtime", "--sign", IDENTITY]
        assert "--deep" not in call
    entitled = [call for call in mac.calls if "--entitlements" in call]
    assert entitled == [mac.calls[-2]]
    assert entitled[0][7:] == ["--entitlements", str(tmp_path / "work" / "entitlements.plist"), str(app)]


def test_the_kernel_is_given_the_entitlements_without_their_reasons(tmp_path: Path) -> None:
    plain = code_signing.plain_entitlements(tmp_path / "work").read_bytes()
    assert b"<!--" not in plain
    assert plistlib.loads(plain) == plistlib.loads(code_signing.ENTITLEMENTS.read_bytes())


def test_the_signature_is_looked_at_last_and_to_the_innermost(mac: PlayedMac, app: Path, tmp_path: Path) -> None:
    code_signing.sign_app(app, executable(app), None, tmp_path / "work", mac.steps)
    assert mac.calls[-1] == ["codesign", "--verify", "--deep", "--strict", "--verbose=2", str(app)]


def test_a_library_that_cannot_be_signed_ends_it_and_is_named(mac: PlayedMac, app: Path, tmp_path: Path) -> None:
    mac.plays("codesign", "echo 'libmlx.dylib: errSecInternalComponent' >&2; exit 1")
    with pytest.raises(BuildError, match=r"codesign ended with 1:\s+libmlx.dylib: errSecInternalComponent"):
        code_signing.sign_app(app, executable(app), None, tmp_path / "work", mac.steps)
    assert len(mac.calls) == 1


def test_a_signature_that_does_not_hold_ends_it(mac: PlayedMac, app: Path, tmp_path: Path) -> None:
    mac.plays("codesign", 'case "$1" in --verify) echo "a sealed resource is missing or invalid" >&2; exit 1;; esac')
    with pytest.raises(BuildError, match="a sealed resource is missing"):
        code_signing.sign_app(app, executable(app), None, tmp_path / "work", mac.steps)


def test_hundreds_of_libraries_are_signed_in_groups_each_once(mac: PlayedMac, app: Path, tmp_path: Path) -> None:
    for number in range(120):
        (app / "Contents" / "Frameworks" / f"lib{number:03}.so").write_bytes(CODE)
    code_signing.sign_app(app, executable(app), None, tmp_path / "work", mac.steps)
    groups = [group for group in signed(mac, app, options=3) if len(group) > 1]
    files = [file for group in groups for file in group]
    assert len(groups) == 3
    assert len(files) == len(set(files)) == 124


def test_an_identity_that_the_keychain_lacks_is_told_with_those_it_has(mac: PlayedMac) -> None:
    mac.plays("security", "echo '  1) 0123 \"Apple Development: Somebody\"'")
    with pytest.raises(BuildError, match=r"no identity “Developer ID.*(\n.*)*Apple Development: Somebody"):
        code_signing.require_identity(IDENTITY, mac.steps)
    mac.plays("security", f"echo '  1) 0123 \"{IDENTITY}\"'")
    code_signing.require_identity(IDENTITY, mac.steps)
    assert mac.calls[-1] == ["security", "find-identity", "-v", "-p", "codesigning"]
