from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

import pytest

from app.core.errors import UserError
from app.core.models.hashes import has_hash, recorded_hashes

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"weights " * 1_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
GIT_SHA1 = hashlib.sha1(b"blob 8000\0" + CONTENT, usedforsecurity=False).hexdigest()


def test_gits_own_hash_is_meant(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    done = subprocess.run(["git", "hash-object", "--no-filters", tmp_path / "file"], capture_output=True, check=True)
    assert done.stdout.decode().strip() == GIT_SHA1


@pytest.mark.parametrize("expected", [SHA256, GIT_SHA1])
def test_a_content_is_compared_in_pieces(tmp_path: Path, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.models.hashes._PIECE_BYTES", 3_000)
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    came: list[int] = []
    assert has_hash(file, expected, came.append)
    assert came == [3_000, 3_000, 2_000]
    file.write_bytes(CONTENT[:-1] + b"x")
    assert not has_hash(file, expected, came.append)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        has_hash(tmp_path / "gone", SHA256, lambda _: None)


def test_hashes_are_the_names_of_blobs_or_noted_beside(tmp_path: Path) -> None:
    blobs, folder = tmp_path / "blobs", tmp_path / "model"
    notes = folder / ".cache" / "huggingface" / "download"
    notes.mkdir(parents=True)
    blobs.mkdir()
    (blobs / SHA256).write_bytes(CONTENT)
    (folder / "linked").symlink_to(f"../blobs/{SHA256}")
    (blobs / GIT_SHA1).symlink_to("a place that repositories share")
    (folder / "small").symlink_to(f"../blobs/{GIT_SHA1}")
    (folder / "noted").write_bytes(CONTENT)
    (notes / "noted.metadata").write_text(f"{'c' * 40}\n{SHA256}\n1700000000.0\n")
    (folder / "unknown").write_bytes(CONTENT)
    (notes / "unknown.metadata").write_text("broken")
    (folder / "elsewhere").symlink_to("../blobs/of-another-kind")
    assert recorded_hashes(folder) == {"linked": SHA256, "small": GIT_SHA1, "noted": SHA256}
