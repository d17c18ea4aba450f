from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
from license_expression import get_spdx_licensing

from app.core.licences.distributions import distributions_in, is_expression, names_in, standard_text, without_others
from app.core.licences.inside import Inside, inside_bundle, inside_here
from app.core.licences.tables import carriers, is_native, stem
from tests.unit.core.licences.bundles_made import add_distribution, add_files

if TYPE_CHECKING:
    from app.core.licences.inside import Part

MACOS_LIBRARIES = (Path(__file__).parent / "macos_libraries.txt").read_text(encoding="utf-8").split()
MACOS_WHEELS = (
    ("av", "18.1.0", "License-Expression: BSD-3-Clause"),
    ("pillow", "13.0.0", "License-Expression: MIT-CMU"),
    ("pillow_heif", "1.8.1", "License: BSD-3-Clause"),
    ("mlx", "0.32.4", "License: MIT"),
    ("mlx-metal", "0.32.4", "License: MIT"),
    ("PySide6_Essentials", "6.11.3", "License: LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only"),
)

NO_TABLES = pytest.mark.skipif(sys.platform == "win32", reason="no bundle is made there: no table has its libraries")


@pytest.fixture(scope="module")
def here() -> Inside:
    return inside_here()


@pytest.fixture
def macos(tmp_path: Path) -> Path:
    for name, version, line in MACOS_WHEELS:
        add_distribution(tmp_path, name, version, line)
    add_files(tmp_path, MACOS_LIBRARIES)
    return tmp_path


def part_of(inside: Inside, name: str, carrier: str = "") -> Part:
    return next(part for part in inside.parts if part.name == name and (not carrier or part.carrier == carrier))


def test_all_that_this_environment_brings_has_a_licence_a_text_and_known_libraries(here: Inside) -> None:
    assert here.faults == ()


def test_every_library_of_the_macos_wheels_is_known(macos: Path) -> None:
    inside = inside_bundle(macos)
    assert inside.faults == ()
    assert len(inside.files) == len(MACOS_LIBRARIES)
    assert part_of(inside, "metal-cpp").licence == "Apache-2.0"
    assert "alsa-lib" not in {part.name for part in inside.parts}


def test_a_bundle_is_faulty_with_a_library_or_a_licence_that_nobody_knows(macos: Path) -> None:
    add_files(macos, ["av/__dot__dylibs/libstranger.9.dylib", "libnobody.so.1", "strange/_own.abi3.so"])
    add_distribution(macos, "strange", "1.0", "License: see the web", licence="")
    faults = inside_bundle(macos).faults
    assert set(faults) == {
        "strange 1.0 names no licence that is known",
        "strange 1.0 () has no licence text",
        "av/__dot__dylibs/libstranger.9.dylib is in no table of resources/licences/inside",
        "libnobody.so.1 is in no table of resources/licences/inside",
    }


def test_the_program_comes_first_then_python(here: Inside) -> None:
    assert [part.name for part in here.parts[:2]] == ["Viewfinder", "Python"]
    assert here.parts[1].version == ".".join(map(str, sys.version_info[:3]))
    names = [part.name.lower() for part in here.parts[2:]]
    assert names == sorted(names)


def test_tools_for_tests_are_not_inside(here: Inside) -> None:
    distributions = {part.distribution for part in here.parts}
    assert {"av", "pyside6-essentials", "tokenizers"} <= distributions
    assert distributions.isdisjoint({"pytest", "mypy", "ruff", "cyclonedx-python-lib", "viewfinder"})


def test_extras_are_followed_only_where_they_are_asked_for(tmp_path: Path) -> None:
    add_distribution(
        tmp_path, "Viewfinder", "1", "Requires-Dist: First_One[more]", "Requires-Dist: tool; extra == 'test'"
    )
    lines = ["Requires-Dist: extra-one; extra == 'more'", "Requires-Dist: other-one; extra == 'else'"]
    add_distribution(tmp_path, "first-one", "1", *lines, "Requires-Dist: not-there")
    for name in ("extra-one", "other-one", "tool", "stray"):
        add_distribution(tmp_path, name, "1")
    assert set(without_others(distributions_in([tmp_path]))) == {"first-one", "extra-one"}


@NO_TABLES
def test_what_pyav_says_of_its_ffmpeg_is_what_the_table_says(here: Inside) -> None:
    carrier = next(carrier for carrier in carriers() if carrier.distribution == "av")
    if av.__version__ != carrier.checked:
        pytest.skip(f"the table was checked with PyAV {carrier.checked}; others have other libraries")
    ffmpeg = part_of(here, "FFmpeg", "av")
    said = av._core.library_meta["libavcodec"]
    assert ffmpeg.version == av.ffmpeg_version_info
    assert (ffmpeg.licence, said["license"]) == ("LGPL-3.0-or-later", "LGPL version 3 or later")
    built_with = {
        word[len("--enable-lib") :] for word in said["configuration"].split() if word.startswith("--enable-lib")
    }
    known = {name.lower() for part in carrier.parts for name in part.files}
    assert [name for name in built_with if not any(f"lib{name.removesuffix('av1')}" in one for one in known)] == []


@NO_TABLES
def test_x264_and_x265_are_named_where_they_are(here: Inside) -> None:
    for name, carrier in (("x264", "av"), ("x265", "av"), ("x265", "pillow_heif")):
        part = part_of(here, name, carrier)
        assert part.licence == "GPL-2.0-or-later"
        assert part.sources.startswith("https://")
        assert [file.stem for file in part.standard_texts] == ["GPL-2.0"]


def test_versions_come_from_the_bill_that_a_wheel_has(tmp_path: Path) -> None:
    folder = add_distribution(tmp_path, "pillow", "99", "License-Expression: MIT-CMU")
    add_files(tmp_path, ["pillow.libs/libtiff-20b7e810.so.6.3.0", "pillow.libs/libwebp-51b0b3f7.so.7.2.0"])
    (folder / "sboms").mkdir()
    component = {"name": "libtiff", "version": "4.9.1", "scope": "optional"}
    (folder / "sboms" / "one.cdx.json").write_text(json.dumps({"components": [component]}), encoding="utf-8")
    (folder / "sboms" / "two.json").write_text("no JSON", encoding="utf-8")
    inside = inside_bundle(tmp_path)
    assert part_of(inside, "libtiff").version == "4.9.1"
    assert part_of(inside, "libwebp").version == ""


def test_versions_that_were_read_in_one_wheel_are_not_claimed_of_another(tmp_path: Path) -> None:
    add_distribution(tmp_path, "av", "99.0", "License-Expression: BSD-3-Clause")
    add_files(tmp_path, ["av.libs/libx264-d6533a8d.so.165"])
    assert part_of(inside_bundle(tmp_path), "x264").version == ""


def test_rust_crates_are_named_with_the_licences_they_have(tmp_path: Path) -> None:
    folder = add_distribution(tmp_path, "rusty", "1", "License-Expression: MIT")
    (folder / "sboms").mkdir()
    crates = [
        {"name": "one", "version": "1", "purl": "pkg:cargo/one@1?download_url=x", "licenses": [{"expression": "ISC"}]},
        {"name": "two", "version": "2", "purl": "pkg:cargo/two@2", "licenses": [{"license": {"id": "Zlib"}}]},
        {"name": "builder", "version": "3", "purl": "pkg:cargo/builder@3", "scope": "excluded"},
    ]
    (folder / "sboms" / "rusty.cyclonedx.json").write_text(json.dumps({"components": crates}), encoding="utf-8")
    part = part_of(inside_bundle(tmp_path), "rusty")
    assert [(crate.name, crate.licence, crate.purl) for crate in part.crates] == [
        ("one", "ISC", "pkg:cargo/one@1"),
        ("two", "Zlib", "pkg:cargo/two@2"),
    ]
    assert [file.stem for file in part.standard_texts] == ["ISC", "Zlib"]


def test_every_licence_of_the_tables_is_an_spdx_expression_with_its_texts() -> None:
    spdx = get_spdx_licensing()
    for carrier in carriers():
        for part in carrier.parts:
            if "LicenseRef-" in part.licence:
                continue
            assert spdx.validate(part.licence).errors == [], part.name
            if not carrier.has_texts:
                assert [name for name in names_in(part.licence) if not standard_text(name).is_file()] == [], part.name
            assert all(standard_text(name).is_file() for name in part.texts)


def test_every_table_says_where_the_sources_of_copyleft_are() -> None:
    for carrier in carriers():
        for part in carrier.parts:
            assert part.sources or carrier.sources, part.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libxcb-shape-7716c890.so.0.0.0", "libxcb-shape"),
        ("libgfortran-040039e1-0352e75f.so.5.0.0", "libgfortran"),
        ("libscipy_openblas64_-32a4b2a6.so", "libscipy_openblas64_"),
        ("libavcodec.62.28.102.dylib", "libavcodec"),
        ("libz.1.3.1.zlib-ng.dylib", "libz"),
        ("_ssl.cpython-311-x86_64-linux-gnu.so", "_ssl"),
        ("libQt6Core.so.6", "libQt6Core"),
    ],
)
def test_stems(name: str, expected: str) -> None:
    assert stem(Path(name)) == expected


def test_native_files() -> None:
    native = ["a/libx.so.1.2", "a/_x.abi3.so", "libx.1.dylib", "mlx/lib/mlx.metallib"]
    native.append("PySide6/Qt/lib/QtCore.framework/Versions/A/QtCore")
    assert all(is_native(name) for name in native)
    others = ["a/x.py", "a/libx.so.txt", "QtCore.framework/Versions/A/Resources/Info.plist", "a.sofa/x"]
    assert not any(is_native(name) for name in others)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("MIT", True),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", True),
        ("GPL-2.0-or-later WITH Bootloader-exception", True),
        ("", False),
        ("Copyright (c) 2001 somebody", False),
        ("UNKNOWN", False),
    ],
)
def test_expressions(text: str, is_one: bool) -> None:
    assert is_expression(text) is is_one
