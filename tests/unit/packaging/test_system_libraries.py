from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import system_libraries
from system_libraries import FONTS, PACKAGE_OF_LIBRARY, apt_packages, install_line, missing_libraries

if TYPE_CHECKING:
    from pathlib import Path


def test_what_cannot_be_loaded_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dejavu").mkdir()
    (tmp_path / "dejavu" / "Sans.TTF").touch()
    monkeypatch.setattr(system_libraries, "_FONT_FOLDERS", (tmp_path,))
    assert missing_libraries(lambda library: library != "libEGL.so.1") == ("libEGL.so.1",)
    assert missing_libraries(lambda _: True) == ()


def test_a_machine_without_fonts_gets_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(system_libraries, "_FONT_FOLDERS", (tmp_path, tmp_path / "missing"))
    assert missing_libraries(lambda _: True) == (FONTS,)
    assert apt_packages([FONTS]) == ("fonts-dejavu-core",)


def test_each_package_is_named_once() -> None:
    assert apt_packages(["libgthread-2.0.so.0", "libglib-2.0.so.0", "libEGL.so.1"]) == ("libegl1", "libglib2.0-0")
    assert apt_packages(PACKAGE_OF_LIBRARY)
    assert install_line(["libegl1"]).endswith("install -y --no-install-recommends libegl1")


def test_a_library_that_does_not_exist_cannot_be_loaded() -> None:
    assert not system_libraries._can_load("libno-such-thing.so.0")
