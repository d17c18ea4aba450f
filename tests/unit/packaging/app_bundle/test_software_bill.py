from __future__ import annotations

import hashlib
import json
import re
import shutil
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
import software_bill
from bundle_identity import COPYRIGHT, ROOT, version
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from app.core.licences.inside import OWN_COPYRIGHT
from app.core.licences.tables import carriers
from tests.unit.core.licences.bundles_made import add_distribution, add_files

if TYPE_CHECKING:
    from pathlib import Path

X264 = "av.libs/libx264-d6533a8d.so.165"
RUST = {
    "components": [
        {"name": "one", "version": "1", "purl": "pkg:cargo/one@1?download_url=x", "licenses": [{"expression": "ISC"}]},
        {"name": "odd", "version": "2", "purl": "pkg:cargo/odd@2", "licenses": [{"expression": "Its own words"}]},
    ]
}


@pytest.fixture(autouse=True)
def epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    folder = tmp_path / "viewfinder"
    place = folder / "_internal"
    add_distribution(place, "av", "18.1.0", "License-Expression: BSD-3-Clause", "Requires-Dist: NumPy>=1")
    add_distribution(place, "numpy", "2.0", "License-Expression: BSD-3-Clause")
    rusty = add_distribution(place, "rusty", "1", "License: MIT")
    (rusty / "sboms").mkdir()
    (rusty / "sboms" / "rusty.json").write_text(json.dumps(RUST), encoding="utf-8")
    add_files(place, [X264, "av/_core.abi3.so", "python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so"])
    starter = folder / "viewfinder"
    starter.write_text("starts it", encoding="utf-8")
    starter.chmod(0o755)
    return folder


def written(frozen: Path, file: Path) -> dict[str, Any]:
    assert software_bill.write_bill(frozen, file) == []
    bill: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return bill


def component(bill: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in bill["components"] if one["name"] == name)
    return found


def needs(bill: dict[str, Any], reference: str) -> list[str]:
    found: list[str] = next(one for one in bill["dependencies"] if one["ref"] == reference).get("dependsOn", [])
    return found


def test_the_bill_is_valid_cyclonedx(frozen: Path, tmp_path: Path) -> None:
    file = tmp_path / "viewfinder.cdx.json"
    bill = written(frozen, file)
    assert bill["specVersion"] == "1.6"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read_text(encoding="utf-8")) is None


def test_the_program_as_a_whole_is_under_the_gpl_and_its_own_code_is_not(frozen: Path, tmp_path: Path) -> None:
    bill = written(frozen, tmp_path / "bill.json")
    root = bill["metadata"]["component"]
    assert (root["name"], root["version"], root["type"]) == ("Viewfinder", version(), "application")
    assert root["licenses"] == [{"expression": "GPL-3.0-or-later"}]
    assert component(bill, "Viewfinder")["licenses"] == [{"expression": "Apache-2.0"}]


def test_libraries_have_licence_source_and_checksum(frozen: Path, tmp_path: Path) -> None:
    bill = written(frozen, tmp_path / "bill.json")
    x264 = component(bill, "x264")
    assert x264["licenses"] == [{"expression": "GPL-2.0-or-later"}]
    assert x264["purl"] == "pkg:generic/x264@165"
    assert {one["type"] for one in x264["externalReferences"]} == {"website", "source-distribution"}
    assert component(bill, X264)["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(X264.encode()).hexdigest()}]
    assert f"file:{X264}" in needs(bill, x264["bom-ref"])
    assert component(bill, "viewfinder")["hashes"][0]["content"] == hashlib.sha256(b"starts it").hexdigest()


def test_it_says_what_needs_what(frozen: Path, tmp_path: Path) -> None:
    bill = written(frozen, tmp_path / "bill.json")
    of_av = needs(bill, "pkg:pypi/av@18.1.0")
    assert "pkg:pypi/numpy@2.0" in of_av
    assert component(bill, "x264")["bom-ref"] in of_av
    assert needs(bill, "pkg:pypi/rusty@1") == ["pkg:cargo/odd@2", "pkg:cargo/one@1"]
    reached, waiting = set(), ["Viewfinder"]
    while waiting:
        reference = waiting.pop()
        if reference not in reached:
            reached.add(reference)
            waiting += needs(bill, reference)
    assert reached == {"Viewfinder", *(one["bom-ref"] for one in bill["components"])}


def test_what_is_no_spdx_expression_is_told_as_a_name(frozen: Path, tmp_path: Path) -> None:
    bill = written(frozen, tmp_path / "bill.json")
    assert component(bill, "one")["licenses"] == [{"expression": "ISC"}]
    assert component(bill, "odd")["licenses"] == [{"license": {"name": "Its own words"}}]


def test_the_same_bundle_gives_the_same_bytes_and_another_another_number(frozen: Path, tmp_path: Path) -> None:
    first = written(frozen, tmp_path / "first.json")
    moved = tmp_path / "elsewhere" / "viewfinder"
    shutil.copytree(frozen, moved)
    second = written(moved, tmp_path / "second.json")
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()
    assert first["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")
    (moved / "_internal" / X264).write_text("changed", encoding="utf-8")
    third = written(moved, tmp_path / "third.json")
    assert third["serialNumber"] != second["serialNumber"]


def test_notices_are_written_beside_it(frozen: Path, tmp_path: Path) -> None:
    written(frozen, tmp_path / "bill.json")
    text = (tmp_path / "THIRD-PARTY-NOTICES.txt").read_text(encoding="utf-8")
    assert "x264" in text
    assert "Do as you like." in text
    assert str(tmp_path) not in text


def test_a_mac_bundle_is_read_where_a_mac_has_its_libraries(frozen: Path, tmp_path: Path) -> None:
    contents = tmp_path / "Viewfinder.app" / "Contents"
    (contents / "MacOS").mkdir(parents=True)
    shutil.move(str(frozen / "_internal"), str(contents / "Frameworks"))
    shutil.move(str(frozen / "viewfinder"), str(contents / "MacOS" / "Viewfinder"))
    bill = written(contents.parent, tmp_path / "Viewfinder.cdx.json")
    names = {one["name"] for one in bill["components"]}
    assert {"x264", X264, "Viewfinder"} <= names


def test_unknown_libraries_are_faults_and_the_bill_is_written_all_the_same(
    frozen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_files(frozen / "_internal", ["av.libs/libstranger-12345678.so.1"])
    file = tmp_path / "bill.json"
    assert software_bill.main(["software_bill.py", str(frozen), str(file)]) == 1
    assert "libstranger-12345678.so.1 is in no table" in capsys.readouterr().err
    assert file.is_file()


def test_the_command_says_how_it_is_used_and_what_is_no_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert software_bill.main(["software_bill.py"]) == 2
    assert software_bill.main(["software_bill.py", str(tmp_path), str(tmp_path / "bill.json")]) == 1
    assert re.search(r"usage: .*\n.*is no bundle", capsys.readouterr().err)


def test_the_program_and_its_bundle_name_the_same_authors() -> None:
    assert OWN_COPYRIGHT == COPYRIGHT


def test_versions_that_were_read_in_wheels_are_those_of_the_wheels_that_a_mac_gets() -> None:
    lines = (ROOT / "packaging" / "constraints-macos.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==", 1) for line in lines if "==" in line)
    checked = {carrier.distribution: carrier.checked for carrier in carriers() if carrier.checked}
    assert set(checked) == {"av", "pillow-heif"}
    assert {name: pins[name] for name in checked} == checked


def test_without_a_date_of_its_own_the_commit_dates_it() -> None:
    assert software_bill.made_at("0") == datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert software_bill.made_at("") > datetime(2025, 1, 1, tzinfo=timezone.utc)
