"""Pictures at hand and what they cost, and where they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core import gathering
from app.core.gathering import gather
from app.core.pictures import PictureSource, open_picture
from app.core.shelf import Shelf, picture_cost
from app.core.vision import PixelLimits
from tests.drawn_pictures import corners_image, encoded

CAT = PictureSource("cat.png", Path("/pictures/cat.png"))
DOG = PictureSource("dog.png", Path("/pictures/dog.png"))


@pytest.mark.parametrize("size", [(160, 96), (1024, 704), (3000, 2000), (40, 40), (4000, 33)])
@pytest.mark.parametrize("budget", [None, 256, 640, 1280])
def test_the_cost_said_before_is_the_cost_after(size: tuple[int, int], budget: int | None) -> None:
    limits = PixelLimits().capped(budget)
    cost = picture_cost(*size, limits)
    picture = open_picture(PictureSource("drawn.png", data=encoded(corners_image(*size), "PNG")), limits)
    seen = (picture.tokens, picture.width_px, picture.height_px, picture.is_reduced)
    assert (cost.tokens, cost.width_px, cost.height_px, cost.is_reduced) == seen


def test_a_picture_lies_on_the_shelf_once() -> None:
    shelf = Shelf()
    first = shelf.add([CAT, DOG])
    assert [medium.source for medium in first] == [CAT, DOG]
    assert shelf.add([CAT]) == ()
    shelf.remove(first[0].medium_id)
    (again,) = shelf.add([CAT])
    assert again.medium_id not in {medium.medium_id for medium in first}
    assert [medium.source for medium in shelf.media] == [DOG, CAT]


def test_a_size_that_comes_after_removal_is_dropped() -> None:
    shelf = Shelf()
    (medium,) = shelf.add([CAT])
    assert not medium.is_opened
    sized = shelf.note_size(medium.medium_id, 4, 3)
    assert sized is not None
    assert sized.is_opened
    shelf.remove(medium.medium_id)
    assert shelf.note_size(medium.medium_id, 4, 3) is None
    assert shelf.get(medium.medium_id) is None


def test_a_folder_gives_its_pictures_in_natural_order(tmp_path: Path) -> None:
    for name in ("10.png", "2.JPG", "notes.txt", ".hidden.png", "图.webp"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "inner.png").mkdir()
    gathered = gather([tmp_path])
    assert [source.name for source in gathered.sources] == ["2.JPG", "10.png", "图.webp"]
    assert gathered.refusals == ()


def test_a_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    (source,) = gather([tmp_path / "no such file.txt"]).sources
    assert source == PictureSource("no such file.txt", tmp_path / "no such file.txt")


def test_an_empty_folder_is_refused_and_the_rest_kept(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    gathered = gather([tmp_path / "empty", tmp_path / "a.png"])
    assert [source.name for source in gathered.sources] == ["a.png"]
    assert "no pictures in the folder “empty”" in gathered.refusals[0].text


def test_a_crowded_folder_gives_its_first_pictures_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_FOLDER_PICTURES", 2)
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"x")
    gathered = gather([tmp_path])
    assert [source.name for source in gathered.sources] == ["0.png", "1.png"]
    assert "has 3 pictures; the first 2" in gathered.refusals[0].text
