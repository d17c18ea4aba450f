"""The program's icon, drawn from its SVG files: the .icns of a Mac, the PNG files of a Linux desktop.

Needs PySide6 and Pillow. Small sizes have a drawing of their own: of the large one nothing could be told at 16 pixels.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bundle_identity import NAME, RESOURCES

if TYPE_CHECKING:
    from PIL.Image import Image

LARGE_DRAWING = RESOURCES / "icon" / "viewfinder.svg"
SMALL_DRAWING = RESOURCES / "icon" / "viewfinder-small.svg"
WINDOW_PICTURE = RESOURCES / "icon" / "window.png"
WINDOW_PX = 256
"""Of the picture that the running program shows in task bars, and that is kept in git."""

_MOST_SMALL_PX = 32
_ICNS_PX = (32, 64, 128, 256, 512, 1024)
"""All that an .icns has, once each: 32 is 16 points at two pixels to the point; 16 pixels macOS makes of it."""
PNG_PX = (16, 24, 32, 48, 64, 128, 256, 512)


def drawing_for(size_px: int) -> Path:
    """The drawing that is used at a size."""
    return SMALL_DRAWING if size_px <= _MOST_SMALL_PX else LARGE_DRAWING


def draw(size_px: int) -> bytes:
    """The icon as a PNG of size_px by size_px.

    Raises:
        ValueError: Qt cannot read the drawing.
    """
    from PySide6.QtCore import QBuffer, QRectF  # noqa: PLC0415 - the builder reads the names above without Qt
    from PySide6.QtGui import QImage, QPainter  # noqa: PLC0415
    from PySide6.QtSvg import QSvgRenderer  # noqa: PLC0415

    drawing = drawing_for(size_px)
    renderer = QSvgRenderer(str(drawing))
    if not renderer.isValid():
        raise ValueError(f"{drawing} is no drawing that Qt can read.")
    image = QImage(size_px, size_px, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size_px, size_px))
    painter.end()
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs want bytes, Qt wants the name
    return bytes(buffer.data().data())


def write_icns(file: Path) -> None:
    """Writes the icon of a Mac program, from 16 to 512 points, at one and two pixels to the point.

    Raises:
        ValueError: A drawing cannot be read.
    """
    pictures = [_opened(draw(size_px)) for size_px in _ICNS_PX]
    file.parent.mkdir(parents=True, exist_ok=True)
    pictures[-1].save(file, format="ICNS", append_images=pictures[:-1])


def write_pngs(folder: Path) -> list[Path]:
    """Writes the icon of a Linux desktop, laid out as its icon themes are, and gives the files.

    Raises:
        ValueError: A drawing cannot be read.
    """
    files = []
    for size_px in PNG_PX:
        file = folder / f"{size_px}x{size_px}" / "apps" / f"{NAME.lower()}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(draw(size_px))
        files.append(file)
    return files


def _opened(png: bytes) -> Image:
    from PIL import Image

    return Image.open(io.BytesIO(png))


if __name__ == "__main__":  # with a folder: the icons of a Linux desktop; without: the window's picture, kept in git
    if sys.argv[1:]:
        write_pngs(Path(sys.argv[1]))
    else:
        WINDOW_PICTURE.write_bytes(draw(WINDOW_PX))
