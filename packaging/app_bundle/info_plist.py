"""What the Mac is told about the program: its Info.plist, and the same words in the languages that the window speaks.

Standard library only. Nothing is asked for that the program does not do: no camera, no microphone, no Apple events.
"""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

from bundle_identity import BUNDLE_ID, COPYRIGHT, MIN_MACOS, NAME, executable_name
from file_kinds import DOCUMENTS, KINDS, Declaration, FileKind

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("en", "zh-Hans")
"""The first is what everybody else gets."""

_PLACES = {
    "NSDesktopFolderUsageDescription": ("on your desktop", "桌面"),
    "NSDocumentsFolderUsageDescription": ("in your Documents folder", "“文稿”文件夹中"),
    "NSDownloadsFolderUsageDescription": ("in your Downloads folder", "“下载”文件夹中"),
    "NSRemovableVolumesUsageDescription": ("on this disk", "此磁盘上"),
    "NSNetworkVolumesUsageDescription": ("on this network volume", "此网络宗卷上"),
}
"""For each place that macOS asks about: how a sentence names it, in English and in Chinese."""
_CHINESE_NAMES = {
    "Image": "图片",
    "Video": "视频",
    "Folder": "文件夹",
    "JPEG image": "JPEG 图片",
    "Animated PNG image": "PNG 动画",
    "Windows bitmap image": "Windows 位图",
    "HEIF image": "HEIF 图片",
    "Matroska video": "Matroska 视频",
    "WebM video": "WebM 视频",
    "Ogg video": "Ogg 视频",
}


def info_plist(version: str) -> dict[str, Any]:
    """The whole Info.plist of a version: up to three numbers with dots."""
    return {
        "CFBundleName": NAME,
        "CFBundleDisplayName": NAME,
        "CFBundleExecutable": executable_name("darwin"),
        "CFBundleIdentifier": BUNDLE_ID,
        "CFBundlePackageType": "APPL",
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleDevelopmentRegion": LANGUAGES[0],
        "CFBundleLocalizations": list(LANGUAGES),
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": document.name,
                "CFBundleTypeRole": "Viewer",
                "LSHandlerRank": "Alternate",  # offered, and never taken for the one that a double-click starts
                "LSItemContentTypes": list(document.content_types),
            }
            for document in DOCUMENTS
        ],
        "UTImportedTypeDeclarations": [_declaration(kind, kind.declared) for kind in KINDS if kind.declared],
        "LSApplicationCategoryType": "public.app-category.productivity",
        "LSArchitecturePriority": ["arm64"],
        "LSMinimumSystemVersion": MIN_MACOS,
        "LSRequiresNativeExecution": True,
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": COPYRIGHT,
        "NSPrincipalClass": "NSApplication",
        "NSRequiresAquaSystemAppearance": False,  # dark where the system is
        "NSSupportsAutomaticGraphicsSwitching": True,
        **_usage_texts(),
    }


def _usage_texts() -> dict[str, str]:
    return {
        key: f"{NAME} reads pictures and videos {place} that you drop on it or open with it. They stay on this Mac."
        for key, (place, _) in _PLACES.items()
    }


def localized(language: str) -> dict[str, str]:
    """The words of the Info.plist in one of `LANGUAGES`, as its InfoPlist.strings has them."""
    if language == LANGUAGES[0]:
        return {**_usage_texts(), **{name: name for name in _CHINESE_NAMES}}
    texts = {
        key: f"{NAME} 会读取{place}由你拖入或用它打开的图片和视频。它们不会离开这台 Mac。"
        for key, (_, place) in _PLACES.items()
    }
    return {**texts, **_CHINESE_NAMES}


def write_localizations(resources: Path) -> None:
    """Writes the words of every language into a bundle's folder of resources."""
    for language in LANGUAGES:
        file = resources / f"{language}.lproj" / "InfoPlist.strings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(plistlib.dumps(localized(language)))


def _declaration(kind: FileKind, declared: Declaration) -> dict[str, Any]:
    return {
        "UTTypeIdentifier": kind.identifier,
        "UTTypeDescription": declared.description,
        "UTTypeConformsTo": list(declared.conforms_to),
        "UTTypeTagSpecification": {
            "public.filename-extension": list(kind.endings),
            "public.mime-type": list(declared.mime_types),
        },
    }
