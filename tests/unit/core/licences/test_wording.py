from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from app.core.licences.inside import inside_bundle, inside_here
from app.core.licences.wording import read_text, terms, text_of, whole_text
from app.core.paths import LICENCES_DIR
from tests.unit.core.licences.bundles_made import add_distribution, add_files

if TYPE_CHECKING:
    from pathlib import Path


def test_the_whole_text_has_everything_and_each_standard_text_once() -> None:
    inside = inside_here()
    text = whole_text(inside)
    assert terms().strip() in text
    for part in inside.parts:
        assert f"\n  {part.name}" in text
    for beginning in (
        "GNU GENERAL PUBLIC LICENSE\n                       Version 3",
        "GNU LESSER GENERAL PUBLIC LICENSE\n",
    ):
        assert text.count(beginning) >= 1
    assert text.count("valid only if\n") <= 1
    assert len(re.findall(r"^LGPL-2\.1\n\n", text, re.MULTILINE)) == 1


def test_a_text_that_several_parts_share_stands_once(tmp_path: Path) -> None:
    add_distribution(tmp_path, "pillow", "99", "License-Expression: MIT-CMU", licence="The text of all of them.\n")
    add_files(tmp_path, ["pillow.libs/libtiff-20b7e810.so.6", "pillow.libs/libwebp-51b0b3f7.so.7"])
    text = whole_text(inside_bundle(tmp_path))
    assert text.count("The text of all of them.") == 1
    assert text.count("Its text stands in those of pillow.") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no bundle is made there: no table has its libraries")
def test_a_part_says_whose_it_is_and_where_its_sources_are() -> None:
    inside = inside_here()
    part = next(part for part in inside.parts if part.name == "x264")
    text = text_of(part)
    assert "Copyright (c) 2003-2025 x264 project" in text
    assert f"Source code: {part.sources}" in text
    assert "libx264" in text
    assert "GNU GENERAL PUBLIC LICENSE" in text


def test_the_programs_own_text_says_what_holds_for_the_whole() -> None:
    inside = inside_here()
    text = text_of(inside.parts[0])
    assert text.startswith(terms().rstrip())
    assert "Apache License" in text


def test_licence_files_are_read_whatever_their_encoding(tmp_path: Path) -> None:
    file = tmp_path / "LICENSE"
    file.write_bytes("Söderberg\r\n".encode("latin-1"))
    assert read_text(file) == "Söderberg\n"
    file.write_bytes("\ufeffSöderberg\n".encode())
    assert read_text(file) == "Söderberg\n"


def test_no_text_is_a_template_to_be_filled_in() -> None:
    own_instructions = {"GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "FTL"}  # these tell how to apply them
    texts = sorted((LICENCES_DIR / "texts").glob("*.txt"))
    assert texts
    for file in texts:
        text = file.read_text(encoding="utf-8")
        assert text.strip()
        if file.stem not in own_instructions:
            assert not re.search(r"<(?:year|owner|copyright holders?|YEAR)>|\[Owner Organization\]", text), file.name
