"""A file that grows, is left at any byte and goes on, is the file that was promised or is found out."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.models.part_file import PartFile, content_id
from app.core.models.repository import RepositoryFile
from tests.hub_repository import git_blob_id


def promised(content: bytes, is_large: bool) -> RepositoryFile:
    sha256 = hashlib.sha256(content).hexdigest() if is_large else ""
    return RepositoryFile("a/b", len(content), sha256, git_blob_id(content))


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6), st.booleans())
def test_left_at_any_byte_it_goes_on_and_is_right(content: bytes, leaves: list[int], is_large: bool) -> None:
    file = promised(content, is_large)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "part"
        for until in (*sorted(leaves), len(content)):
            part = PartFile(path, file)
            part.open()
            assert path.read_bytes() == content[: part.length_bytes]
            part.append(content[part.length_bytes : until])
            if part.length_bytes == len(content):
                assert part.is_right()
            part.leave()
        part = PartFile(path, file)
        part.open()
        part.place(Path(folder) / content_id(file))
        part.leave()
        assert [entry.name for entry in Path(folder).iterdir()] == [content_id(file)]
        assert (Path(folder) / content_id(file)).read_bytes() == content


@given(st.binary(min_size=1, max_size=50), st.integers(0, 49), st.booleans())
def test_one_wrong_bit_is_found_out(content: bytes, place: int, is_large: bool) -> None:
    with TemporaryDirectory() as folder:
        part = PartFile(Path(folder) / "part", promised(content, is_large))
        part.open()
        wrong = bytearray(content)
        wrong[place % len(content)] ^= 1
        part.append(bytes(wrong))
        assert not part.is_right()
        part.start_over()
        assert not part.is_right()
        part.append(content)
        assert part.is_right()
        part.leave()


def test_once_left_nothing_is_written(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "part", promised(b"abc", True))
    part.open()
    part.append(b"a")
    part.leave()
    part.leave()
    for late in (part.open, part.start_over, part.remove):
        with pytest.raises(InterruptedError):
            late()
    with pytest.raises(InterruptedError):
        part.append(b"b")
    with pytest.raises(InterruptedError):
        part.place(tmp_path / "whole")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("part", b"a")]


@pytest.mark.parametrize("blob_id", ["", "../../x", "A" * 40, "a" * 39, "a" * 40 + "\n"])
def test_a_hash_that_is_none_never_becomes_a_name(blob_id: str) -> None:
    with pytest.raises(ValueError, match="no usable hash"):
        content_id(RepositoryFile("a", 1, "", blob_id))
