from __future__ import annotations

import plistlib
import re
from pathlib import Path
from typing import Any

import bundle_identity
import file_kinds
import info_plist
import pytest

from app.core.clips import CLIP_SUFFIXES
from app.core.gathering import MEDIA_SUFFIXES
from app.core.paths import RESOURCES_DIR
from app.core.pictures import PICTURE_SUFFIXES

FAMILIES = {"public.image": PICTURE_SUFFIXES, "public.movie": CLIP_SUFFIXES}


@pytest.fixture
def plist() -> dict[str, Any]:
    """The property list as a Mac reads it."""
    read: dict[str, Any] = plistlib.loads(plistlib.dumps(info_plist.info_plist("1.2.3")))
    return read


def test_what_is_written_is_what_is_read(plist: dict[str, Any]) -> None:
    assert plist == info_plist.info_plist("1.2.3")
    assert (plist["CFBundleShortVersionString"], plist["CFBundleVersion"]) == ("1.2.3", "1.2.3")
    assert plist["CFBundleIdentifier"] == bundle_identity.BUNDLE_ID
    assert plist["CFBundleExecutable"] == "Viewfinder"
    assert plist["NSHumanReadableCopyright"].startswith("Copyright ©")


def test_only_macs_that_can_run_it_start_it(plist: dict[str, Any]) -> None:
    assert plist["LSMinimumSystemVersion"] == "14.0"
    assert plist["LSArchitecturePriority"] == ["arm64"]
    assert plist["LSRequiresNativeExecution"] is True


def test_it_is_sharp_and_dark_where_the_system_is(plist: dict[str, Any]) -> None:
    assert plist["NSHighResolutionCapable"] is True
    assert plist["NSRequiresAquaSystemAppearance"] is False


def test_every_kind_that_the_program_reads_is_known_here_by_its_ending(plist: dict[str, Any]) -> None:
    assert sorted(f".{ending}" for kind in file_kinds.KINDS for ending in kind.endings) == sorted(MEDIA_SUFFIXES)
    for document in plist["CFBundleDocumentTypes"]:
        listed = document["LSItemContentTypes"]
        known = {kind.identifier for kind in file_kinds.KINDS}
        endings = {f".{ending}" for kind in file_kinds.KINDS if kind.identifier in listed for ending in kind.endings}
        expected = next((suffixes for family, suffixes in FAMILIES.items() if family in listed), ())
        assert endings == set(expected), document["CFBundleTypeName"]
        assert set(listed) <= {*known, *FAMILIES, "public.folder"}


def test_folders_are_taken_and_documents_that_cannot_be_read_are_not(plist: dict[str, Any]) -> None:
    listed = [kind for document in plist["CFBundleDocumentTypes"] for kind in document["LSItemContentTypes"]]
    assert "public.folder" in listed
    assert len(listed) == len(set(listed))
    assert not {"com.adobe.pdf", "public.data", "public.item", "public.composite-content"} & set(listed)


def test_it_never_takes_a_kind_away_from_the_program_that_opened_it_before(plist: dict[str, Any]) -> None:
    for document in plist["CFBundleDocumentTypes"]:
        assert document["LSHandlerRank"] == "Alternate"
        assert document["CFBundleTypeRole"] == "Viewer"


def test_a_kind_that_macos_may_not_know_is_declared_and_belongs_to_its_family(plist: dict[str, Any]) -> None:
    declared = {entry["UTTypeIdentifier"]: entry for entry in plist["UTImportedTypeDeclarations"]}
    assert {"org.matroska.mkv", "org.webmproject.webm"} <= declared.keys()
    for identifier, entry in declared.items():
        assert not identifier.startswith(("public.", "com.apple.")), "only Apple names these"
        endings = entry["UTTypeTagSpecification"]["public.filename-extension"]
        family = "public.movie" if f".{endings[0]}" in CLIP_SUFFIXES else "public.image"
        assert family in entry["UTTypeConformsTo"]
        assert all(
            re.fullmatch(r"(image|video)/[a-z0-9-]+", kind)
            for kind in entry["UTTypeTagSpecification"]["public.mime-type"]
        )
    theirs = [
        kind for kind in file_kinds.KINDS if not kind.identifier.startswith(("public.", "com.", "org.webmproject.webp"))
    ]
    assert {kind.identifier for kind in theirs} == declared.keys(), "whatever Apple does not name is declared"


def test_macos_is_told_why_each_place_is_read_and_nothing_else_is_asked_for(plist: dict[str, Any]) -> None:
    asked = {key for key in plist if key.endswith("UsageDescription")}
    assert asked == {
        f"NS{place}UsageDescription"
        for place in ("DesktopFolder", "DocumentsFolder", "DownloadsFolder", "RemovableVolumes", "NetworkVolumes")
    }
    for key in asked:
        assert "stay on this Mac" in plist[key]
    assert "NSAppTransportSecurity" not in plist
    assert not any("AppleEvents" in key for key in plist)


def test_its_languages_are_those_of_the_window(plist: dict[str, Any]) -> None:
    translated = {file.stem.removeprefix("viewfinder_") for file in (RESOURCES_DIR / "translations").glob("*.ts")}
    as_apple_says = {"zh_CN": "zh-Hans"}
    assert set(plist["CFBundleLocalizations"]) == {"en", *(as_apple_says[name] for name in translated)}
    assert plist["CFBundleDevelopmentRegion"] == "en"


def test_every_word_that_a_person_sees_is_in_every_language(tmp_path: Path, plist: dict[str, Any]) -> None:
    info_plist.write_localizations(tmp_path)
    english, chinese = (
        plistlib.loads((tmp_path / f"{language}.lproj" / "InfoPlist.strings").read_bytes())
        for language in plist["CFBundleLocalizations"]
    )
    seen = {key for key in plist if key.endswith("UsageDescription")}
    seen |= {document["CFBundleTypeName"] for document in plist["CFBundleDocumentTypes"]}
    seen |= {entry["UTTypeDescription"] for entry in plist["UTImportedTypeDeclarations"]}
    assert english.keys() == chinese.keys() == seen
    for key in seen:
        assert english[key] == plist.get(key, key)
        assert re.search(r"[\u4e00-\u9fff]", chinese[key]), key
