import inspect
import sys
from multiprocessing import resource_tracker

import pytest
from program_start import naming_whole_files, tracker_descriptor


def test_pythons_own_helper_process_is_known_by_its_words() -> None:
    words = ["viewfinder", "-B", "-c", "from multiprocessing.resource_tracker import main;main(7)"]
    assert tracker_descriptor(words) == 7


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="looks into how older versions write it")
def test_python_still_starts_it_with_these_words() -> None:
    source = inspect.getsource(resource_tracker)
    assert "from multiprocessing.resource_tracker import main;main(%d)" in source


@pytest.mark.parametrize("words", [["viewfinder"], ["viewfinder", "-c"], ["viewfinder", "a.png", "-p", "main(7)"], []])
def test_nothing_that_a_person_types_is_taken_for_it(words: list[str]) -> None:
    assert tracker_descriptor(words) is None


@pytest.mark.parametrize(
    ("file", "whole"),
    [
        ("transformers/processing_utils.py", "/b/_internal/transformers/processing_utils.py"),
        ("/elsewhere/module.py", "/elsewhere/module.py"),
        (None, None),
    ],
)
def test_bundled_code_names_its_file_whole(file: str | None, whole: str | None) -> None:
    assert naming_whole_files(lambda _: file, "/b/_internal")(test_bundled_code_names_its_file_whole) == whole
