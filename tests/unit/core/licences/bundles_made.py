"""Bundles for tests, made of empty files: only names count."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def add_distribution(place: Path, name: str, version: str, *lines: str, licence: str = "Do as you like.\n") -> Path:
    """Adds a distribution's dist-info, with a licence file where `licence` is text."""
    folder = place / f"{name}-{version}.dist-info"
    (folder / "licenses").mkdir(parents=True)
    head = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", *lines]
    (folder / "METADATA").write_text("\n".join(head) + "\n\nLicense: MIT, as its description says\n", encoding="utf-8")
    if licence:
        (folder / "licenses" / "LICENSE").write_text(licence, encoding="utf-8")
    return folder


def add_files(place: Path, names: Iterable[str]) -> None:
    """Adds native files; what stands in each is its own name."""
    for name in names:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
