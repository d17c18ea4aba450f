from __future__ import annotations

import re
from pathlib import Path

import bundle_identity
import pytest

import app


def test_the_version_is_the_programs_own() -> None:
    assert bundle_identity.version() == app.__version__


def test_a_package_without_a_version_is_told(tmp_path: Path) -> None:
    package = tmp_path / "__init__.py"
    package.write_text('"""Nothing."""\n')
    with pytest.raises(ValueError, match="__version__"):
        bundle_identity.version(package)


def test_the_program_is_named_as_each_system_has_it() -> None:
    assert bundle_identity.executable_name("darwin") == "Viewfinder"
    assert bundle_identity.executable_name("linux") == "viewfinder"


def test_the_bundles_identifier_is_one_that_apple_takes() -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+){2,}", bundle_identity.BUNDLE_ID)


def test_no_module_of_the_bundle_hides_one_that_others_import() -> None:
    folder = Path(bundle_identity.__file__).parent
    assert not (folder / "__init__.py").exists()
    assert not (folder.parent / "__init__.py").exists()
    assert not (folder.parent / "build.py").exists()
