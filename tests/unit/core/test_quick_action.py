"""“Ask Viewfinder” is put into a person's own services and taken away again, and nothing of theirs is lost."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest
from bundle_identity import BUNDLE_ID as PACKAGED_ID
from quick_action import write_quick_action

from app.core import bundled
from app.core.errors import UserError
from app.core.quick_action import (
    WORKFLOW_NAME,
    bundled_workflow,
    install,
    is_installed,
    is_outdated,
    remove,
    services_dir,
)
from tests.macos_played import make_workflow


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    return make_workflow(tmp_path / "Viewfinder.app")


@pytest.fixture
def services(tmp_path: Path) -> Path:
    return tmp_path / "home" / "Library" / "Services"


def test_it_is_put_there_and_taken_away(workflow: Path, services: Path) -> None:
    assert not is_installed(services)
    for _ in range(2):
        install(workflow, services)
    assert is_installed(services)
    assert [path.name for path in services.iterdir()] == [WORKFLOW_NAME]
    assert (services / WORKFLOW_NAME / "Contents/document.wflow").read_text().startswith("/usr/bin/open -b org.")
    for _ in range(2):
        remove(services)
    assert list(services.iterdir()) == []
    assert not is_installed(services)


def test_an_older_one_is_known_and_replaced(workflow: Path, services: Path) -> None:
    older = make_workflow(services, f"open -b {PACKAGED_ID}")
    (older / "Contents").chmod(0o755)
    (older / "Contents" / "old.txt").touch()
    assert is_installed(services)
    assert is_outdated(workflow, services)
    install(workflow, services)
    assert is_installed(services)
    assert not is_outdated(workflow, services)
    assert sorted(path.name for path in services.rglob("*")) == [
        WORKFLOW_NAME,
        "Contents",
        "Info.plist",
        "document.wflow",
    ]


@pytest.mark.parametrize("kind", ["file", "workflow", "link", "empty"])
def test_what_is_somebody_elses_stays(workflow: Path, services: Path, kind: str) -> None:
    target = services / WORKFLOW_NAME
    services.mkdir(parents=True)
    if kind == "file":
        target.write_text(PACKAGED_ID)
    elif kind == "workflow":
        make_workflow(services, "open -b com.example.other")
    elif kind == "link":
        target.symlink_to(workflow, target_is_directory=True)
    else:
        target.mkdir()
    with pytest.raises(UserError, match=r"was not made by Viewfinder\. Move it somewhere else"):
        install(workflow, services)
    with pytest.raises(UserError, match=r"was not made by Viewfinder\. Move it somewhere else"):
        remove(services)
    assert target.exists()
    assert workflow.is_dir()
    assert not is_outdated(workflow, services)


def test_a_folder_that_cannot_be_written_is_told(
    workflow: Path, services: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    install(workflow, services)
    monkeypatch.setattr(tempfile, "mkdtemp", closed)
    monkeypatch.setattr(shutil, "rmtree", closed)
    with pytest.raises(UserError, match=r"cannot be put into .* Check the folder's permissions"):
        install(workflow, services)
    with pytest.raises(UserError, match=r"cannot be taken out of .* Check the folder's permissions"):
        remove(services)
    assert is_installed(services)


def test_what_stands_in_the_way_is_told(workflow: Path, tmp_path: Path) -> None:
    (tmp_path / "Library").write_text("a file")
    with pytest.raises(UserError, match="cannot be put into"):
        install(workflow, tmp_path / "Library" / "Services")


def test_when_the_new_one_cannot_be_put_there_the_older_stays(
    workflow: Path, services: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_workflow(services, f"open -b {PACKAGED_ID}")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UserError, match="cannot be put into"):
        install(workflow, services)
    assert [path.name for path in services.iterdir()] == [WORKFLOW_NAME]


def test_only_the_bundled_program_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bundled_workflow() is None
    app = tmp_path / "Viewfinder.app" / "Contents"
    (app / "MacOS").mkdir(parents=True)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(app / "MacOS" / "Viewfinder"))
    assert bundled_workflow() is None
    made = make_workflow(app / "Resources")
    assert bundled_workflow() == made


def test_it_belongs_into_the_persons_own_services(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert services_dir() == tmp_path / "Library" / "Services"


def test_the_bundles_own_is_known_for_what_it_is(services: Path, tmp_path: Path) -> None:
    packaged = write_quick_action(tmp_path)
    assert packaged.name == WORKFLOW_NAME
    install(packaged, services)
    assert is_installed(services)
    assert not is_outdated(packaged, services)
    remove(services)
    assert not (services / WORKFLOW_NAME).exists()


def test_the_program_goes_by_the_bundles_name() -> None:
    assert bundled.BUNDLE_ID == PACKAGED_ID
