"""What only a frozen program promises; collected only with the option ``--program``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e import chosen_program
from tests.e2e.conftest import display, empty_model, picture, program
from tests.frozen.installed import Installed, lock_folder, program_folder, unlock_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return True if config.option.program is None else None


@pytest.fixture(scope="session")
def built() -> Path:
    """The frozen program's file where it was built."""
    program = chosen_program.frozen_program()
    assert program is not None
    return program


@pytest.fixture(scope="session")
def installed(built: Path) -> Iterator[Installed]:
    """The program as somebody moved it after the build: elsewhere, under an awkward name, in a folder nobody can write.

    Whoever started the tests owns it, everybody may read it, and after the last test it is what it was.
    """
    place = Path(tempfile.mkdtemp(prefix="viewfinder-frozen-"))  # pytest's own folders are closed to other users
    place.chmod(0o755)
    folder = program_folder(built)
    moved = place / "My programs 程序 #1%20" / folder.name
    shutil.copytree(folder, moved, symlinks=True)
    lock_folder(moved)
    one = Installed(moved / built.relative_to(folder), moved)
    before = one.listing()
    yield one
    after = one.listing()
    unlock_folder(moved)
    shutil.rmtree(place)
    assert after == before, "a start wrote into the program's folder"


__all__ = ["display", "empty_model", "picture", "program"]
