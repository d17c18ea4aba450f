"""What is kept of downloads that are not finished."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.errors import UserError
from app.core.models.download_record import KeptDownload, read_downloads, write_downloads

ID = "house/demo"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "profile/downloads.json"


@pytest.mark.allows_log
@pytest.mark.parametrize("content", ["{", "[]", '{"downloads": [{"model_id": 1}]}', '{"downloads": 3}', "\0"])
def test_a_damaged_record_is_kept_aside(record: Path, content: str) -> None:
    record.parent.mkdir()
    record.write_text(content)
    assert read_downloads(record) == ()
    assert not record.exists()
    assert record.with_name("downloads.json.bad").read_text() == content


def test_a_record_is_read_as_it_was_written(record: Path) -> None:
    kept = (KeptDownload(ID, "v1", "a" * 40, True, 5, 10), KeptDownload("模型/x"))
    write_downloads(record, kept)
    assert read_downloads(record) == kept
    assert json.loads(record.read_text())["version"] == 1
    write_downloads(record, ())
    assert not record.exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be kept"):
        write_downloads(tmp_path / "file/downloads.json", (KeptDownload(ID),))
