from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import app_building
import build_environment
import bundle_checks
import freezing
import moved_trial
import pytest
from app_building import Built, Places, Wishes
from build_commands import BuildError, Finished, Steps, call
from bundle_identity import ROOT
from setup_commands import SetUpError

from tests.unit.packaging.app_bundle.played_mac import PlayedMac, make_app

IDENTITY = "Developer ID Application: Somebody (TEAM123456)"


class Build:
    """A build in which the slow steps are played: what they were asked and what the tools were asked, in one order."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.mac = PlayedMac(folder / "tools")
        self.places = Places(folder / "dist", folder / "work", folder / ".venv-app")
        self.faults: list[str] = []
        self.bill_code = 0
        self.seen: list[str] = []
        self._folder = folder
        monkeypatch.setattr(build_environment, "prepare", self._prepare)
        monkeypatch.setattr(app_building, "try_elsewhere", self._try_elsewhere)
        monkeypatch.setattr(bundle_checks, "check_bundle", self._check)
        monkeypatch.setattr(freezing, "freeze", self._freeze)

    def run(self, wishes: Wishes, system: str = "darwin") -> Built:
        self._system = system
        self._folder.joinpath("dist").mkdir(exist_ok=True)
        return app_building.build(wishes, self.places, replace(self.mac.steps, call=self._call), system)

    def _prepare(self) -> Path:
        self.seen.append("prepare")
        return Path("/environment/python")

    def _freeze(self, python: Path, dist: Path, work: Path) -> Path:
        assert (python, dist, work) == (Path("/environment/python"), self.places.dist, self.places.work)
        self.seen.append("freeze")
        if self._system == "darwin":
            return make_app(dist)
        (dist / "viewfinder").mkdir()
        return dist / "viewfinder"

    def _check(self, app: Path, build_paths: Sequence[str]) -> list[str]:
        assert (app / "Contents" / "Resources" / "Ask Viewfinder.workflow").is_dir()
        assert {str(ROOT), str(self.places.environment)} == set(build_paths)
        self.seen.append("check_bundle")
        return self.faults

    def _try_elsewhere(self, frozen: Path, executable: Path, hidden: Sequence[Path], _: Steps) -> dict[str, object]:
        assert executable.is_relative_to(frozen)
        assert self.places.environment in hidden
        self.seen.append("selftest")
        return {}

    def _call(self, command: Sequence[str], environment: Mapping[str, str] | None, folder: Path | None) -> Finished:
        words = [Path(word).name if "/" in word else word for word in command]
        if command[0] == "/environment/python":
            self.seen.append(words[1])
            if words[1] == "software_bill.py":
                Path(command[3]).with_name("THIRD-PARTY-NOTICES.txt").write_text("whose it is")
                return Finished(self.bill_code, "libx265.so: nobody knows its licence", "")
            return Finished(0, "", "")
        verb = next((word for word in words[1:] if word in VERBS), "sign")
        if self.seen[-1:] != [f"{words[0]} {verb}"]:
            self.seen.append(f"{words[0]} {verb}")
        return call(command, environment, folder)


NOTARY = ("history", "submit", "log", "staple", "validate")
VERBS = ("--find", "--verify", "find-identity", *NOTARY, "-c", "create", "exec", "open")
LOOKED = "xcrun --find"
MADE = ["prepare", "freeze", "codesign sign", "codesign --verify", "check_bundle", "selftest", "software_bill.py"]
APP_NOTARIZED = ["ditto -c", "xcrun submit", "xcrun staple", "xcrun validate", "spctl exec"]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    return Build(tmp_path, monkeypatch)


def test_a_build_without_a_name_is_signed_checked_and_tried_before_it_is_said_to_be_ready(build: Build) -> None:
    built = build.run(Wishes())
    assert build.seen == [LOOKED, *MADE, "codesign --verify"]
    assert built.frozen == build.places.dist / "Viewfinder.app"
    assert built.image is None
    assert built.bill.name.endswith(".cdx.json")
    assert built.notices.read_text() == "whose it is"


def test_a_disk_image_without_a_name_is_not_signed(build: Build) -> None:
    built = build.run(Wishes(is_image_wanted=True))
    assert build.seen == [LOOKED, *MADE, "codesign --verify", "ditto sign", "hdiutil create"]
    assert built.image is not None
    assert "./THIRD-PARTY-NOTICES.txt" in built.image.read_text().splitlines()


def test_a_notarized_disk_image_holds_an_app_that_already_carries_its_ticket(build: Build) -> None:
    build.run(Wishes(IDENTITY, "notary", is_image_wanted=True))
    made = [*MADE, "codesign --verify", *APP_NOTARIZED, "ditto sign", "hdiutil create"]
    image = ["codesign sign", "codesign --verify", "xcrun submit", "xcrun staple", "xcrun validate", "spctl open"]
    assert build.seen == [LOOKED, "security find-identity", "xcrun history", *made, *image]
    signing = [call for call in build.mac.calls if call[0] == "codesign" and "--verify" not in call]
    assert all(IDENTITY in call for call in signing)


@pytest.fixture(autouse=True)
def _keychain_has_it(build: Build) -> None:
    build.mac.plays("security", f"echo '1) 01 \"{IDENTITY}\"'")


def test_an_identity_or_profile_that_is_not_there_is_told_before_anything_is_built(build: Build) -> None:
    with pytest.raises(BuildError, match="no identity “Somebody Else”"):
        build.run(Wishes("Somebody Else"))
    build.mac.plays("xcrun", '[ "$1" = --find ] || exit 69')
    with pytest.raises(BuildError, match="store-credentials"):
        build.run(Wishes(IDENTITY, "notary"))
    assert "prepare" not in build.seen


def test_a_mac_without_the_command_line_tools_is_told_so_before_anything_is_built(build: Build) -> None:
    build.mac.plays("xcrun", "echo 'xcode-select: note: No developer tools were found.' >&2; exit 1")
    with pytest.raises(BuildError, match=r"xcode-select --install\n +xcode-select: note: No developer"):
        build.run(Wishes())
    assert build.seen == [LOOKED]


@pytest.mark.parametrize(
    ("tool", "script", "last", "words"),
    [
        ("codesign", "echo refused; exit 1", "codesign sign", "refused"),
        ("ditto", "echo full; exit 1", "ditto -c", "full"),
        ("xcrun", PlayedMac.notary("Invalid", 0, ({"path": "a.so", "message": "unsigned"},)), "xcrun log", "unsigned"),
        ("spctl", "echo rejected; exit 3", "spctl exec", "rejected"),
    ],
)
def test_whatever_fails_ends_the_build_there_and_no_image_is_made(
    build: Build, tool: str, script: str, last: str, words: str
) -> None:
    build.mac.plays(tool, script)
    with pytest.raises(BuildError, match=words):
        build.run(Wishes(IDENTITY, "notary", is_image_wanted=True))
    assert build.seen[-1] == last
    assert not list(build.places.dist.glob("*.dmg"))


def test_a_fault_of_the_bundle_ends_the_build_before_it_is_tried(build: Build) -> None:
    build.faults = ["two copies of libmlx.dylib", "core.so is for x86_64"]
    with pytest.raises(BuildError, match=r"two copies of libmlx.dylib\n.*core.so is for x86_64"):
        build.run(Wishes(is_image_wanted=True))
    assert build.seen[-1] == "check_bundle"


def test_a_program_that_fails_its_self_test_is_not_shipped(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_building, "try_elsewhere", moved_trial.try_elsewhere)
    with pytest.raises(SetUpError):
        build.run(Wishes(is_image_wanted=True))
    assert "software_bill.py" not in build.seen
    assert not list(build.places.dist.glob("*.dmg"))
    assert (build.places.dist / "Viewfinder.app").exists(), "it is there to be looked at"


def test_a_bill_with_faults_ends_the_build_with_each_of_them(build: Build) -> None:
    build.bill_code = 1
    with pytest.raises(BuildError, match=r"libx265.so: nobody knows its licence"):
        build.run(Wishes(IDENTITY, "notary"))
    assert build.seen[-1] == "software_bill.py"


def test_on_linux_the_folder_is_made_tried_and_counted_and_no_tool_of_a_mac_is_asked_for(build: Build) -> None:
    built = build.run(Wishes(), "linux")
    assert build.seen == ["prepare", "freeze", "app_icon.py", "selftest", "software_bill.py"]
    assert not build.mac.calls
    assert built.frozen == build.places.dist / "viewfinder"
    assert "linux" in built.bill.name


@pytest.mark.parametrize(
    ("arguments", "system", "processor", "words"),
    [
        (["--notarize", "notary"], "darwin", "arm64", "give --sign with --notarize"),
        (["--sign", "-"], "darwin", "arm64", "name of an identity"),
        (["--sign", ""], "darwin", "arm64", "name of an identity"),
        (["--dmg"], "linux", "x86_64", "Only a Mac can do this: --dmg"),
        (["--sign", IDENTITY, "--notarize", "p"], "linux", "x86_64", "--sign, --notarize"),
        ([], "darwin", "x86_64", "Apple silicon"),
        ([], "win32", "AMD64", "on a Mac or on Linux"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once_with_what_to_do(
    arguments: list[str], system: str, processor: str, words: str
) -> None:
    with pytest.raises(BuildError, match=words):
        app_building.parse(arguments, system, processor)


def test_the_words_of_the_command_line_are_understood() -> None:
    assert app_building.parse([], "linux", "x86_64") == Wishes()
    asked = ["--sign", IDENTITY, "--notarize", "notary", "--dmg"]
    assert app_building.parse(asked, "darwin", "arm64") == Wishes(IDENTITY, "notary", is_image_wanted=True)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (BuildError("codesign ended with 1"), 1, "Nothing was shipped. codesign ended with 1"),
        (SetUpError("pip failed"), 1, "pip failed"),
        (
            OSError(28, "No space left on device", "a"),
            1,
            "Nothing was shipped. [Errno 28] No space left on device",
        ),
        (shutil.Error([("a", "b", "[Errno 30] Read-only file system: 'b'"), ("c", "d", "too")]), 1, "system: 'b'. See"),
        (KeyboardInterrupt(), 130, "Interrupted"),
    ],
)
def test_the_exit_status_tells_and_there_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    error: BaseException,
    code: int,
    words: str,
) -> None:
    def fails(*_: object) -> Built:
        raise error

    monkeypatch.setattr(app_building, "build", fails)
    monkeypatch.setattr(app_building, "machine", lambda: "arm64")
    monkeypatch.setattr(app_building, "Places", lambda: Places(work=tmp_path / "app"))
    assert app_building.main([]) == code
    assert words in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_found_before_anything_is_built(build: Build, tmp_path: Path) -> None:
    build.places = replace(build.places, dist=tmp_path / "dist" / "a file")
    (tmp_path / "dist").mkdir(exist_ok=True)
    build.places.dist.touch()
    with pytest.raises(OSError, match="a file"):
        build.run(Wishes(), "linux")
    assert not build.seen


def test_a_second_build_beside_the_first_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    places = Places(tmp_path / "dist", tmp_path / "build" / "app", tmp_path / ".venv-app")
    frozen = tmp_path / "dist" / "viewfinder"

    def build(*_: object) -> Built:
        assert app_building.main([]) == 1
        return Built(frozen, frozen, frozen)

    monkeypatch.setattr(app_building, "build", build)
    monkeypatch.setattr(app_building, "machine", lambda: "arm64")
    monkeypatch.setattr(app_building, "Places", lambda: places)
    assert app_building.main([]) == 0
    assert "Another build is at work" in capsys.readouterr().err
    assert app_building.main([]) == 0, "the first one has let go"


def test_a_refusal_has_an_exit_status_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert app_building.main(["--notarize", "notary"]) == 2
    assert capsys.readouterr().err


def test_the_end_says_where_everything_is_and_what_to_do_next(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    built = Built(app, tmp_path / "a.cdx.json", tmp_path / "NOTICES.txt")
    nameless = app_building.summary(built, Wishes(), "darwin")
    assert "xattr -dr com.apple.quarantine /Applications/Viewfinder.app" in nameless
    assert all(str(path) in nameless for path in (app, built.bill, built.notices))
    assert "--notarize" in app_building.summary(built, Wishes(IDENTITY), "darwin")
    image = tmp_path / "Viewfinder.dmg"
    image.write_bytes(bytes(2_000_000))
    shipped = app_building.summary(replace(built, image=image), Wishes(IDENTITY, "notary"), "darwin")
    assert f"{image}  (2 MB)" in shipped
    assert "Viewfinder.dmg can be given to anybody" in shipped
    assert "Start it:" in app_building.summary(built, Wishes(), "linux")
