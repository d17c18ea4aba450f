"""Decoding: upright, at the asked size, flattened onto white, eight bits a channel, in sRGB."""

from __future__ import annotations

import io
import logging
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageCms  # noqa: TID253 - this module itself is imported only when a picture is opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from numpy.typing import NDArray

    from app.core.picture_files import OpenedPicture

    Convert: TypeAlias = Callable[[Image.Image], Image.Image]

_log = logging.getLogger(__name__)

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a stored image upright, by its EXIF orientation."""

_DRAFT_SCALES = (8, 4, 2)
_LARGE_PIXELS = 40_000_000
"""Above this a decoded image is large (160 MB): only one at a time, and JPEGs are decoded smaller."""
_REDUCE_ABOVE_PIXELS = 24_000_000
"""Above this an image is first averaged in whole blocks, to at least twice the asked size, to hold less memory."""
_BAND_PIXELS = 1_000_000
_WIDE_GREY_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_GREY_MODES = ("1", "L", "LA", "La", *_WIDE_GREY_MODES)
_PHOTOMETRIC_TAG = 262
_WHITE_IS_ZERO = 0
_one_large = threading.Lock()


def rendered(picture: OpenedPicture, width_px: int, height_px: int) -> Image.Image:
    """The decoded picture in mode RGB, upright and exactly of the asked size; the opened picture is used up."""
    image = picture.image
    wanted = (height_px, width_px) if picture.is_on_its_side else (width_px, height_px)
    if picture.is_jpeg:
        image.draft(None, _draft_size(image.size, wanted))
    with _one_large if image.width * image.height > _LARGE_PIXELS else nullcontext():
        image.load()
        profile, is_grey = image.info.get("icc_profile"), image.mode in _GREY_MODES
        flat = _flattened(image, _block(image.size, wanted))
        upright = _resized(_turned(flat, picture.orientation), width_px, height_px)
    return _in_srgb(upright, profile, is_grey=is_grey)


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    if turn is None:
        return image
    turned = image.transpose(turn)
    image.close()
    return turned


def _resized(image: Image.Image, width_px: int, height_px: int) -> Image.Image:
    """As one bicubic resize, whose own two passes these are, but without holding source and result together."""
    if image.width != width_px:
        narrow = image.resize((width_px, image.height), Image.Resampling.BICUBIC)
        image.close()
        image = narrow
    if image.height != height_px:
        image = image.resize((width_px, height_px), Image.Resampling.BICUBIC)
    return image


def _draft_size(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """The least size that a JPEG shall be decoded at: twice the wanted one, so that nothing aliases.

    Where that is still a large image the wanted size itself will do: the decoder's own reduction averages.
    """
    double = (2 * wanted[0], 2 * wanted[1])
    fits = [scale for scale in _DRAFT_SCALES if size[0] // double[0] >= scale and size[1] // double[1] >= scale]
    scale = fits[0] if fits else 1
    return wanted if size[0] * size[1] / scale**2 > _LARGE_PIXELS else double


def _block(size: tuple[int, int], wanted: tuple[int, int]) -> int:
    """The side of the blocks to average: 1 leaves the image as it is."""
    if size[0] * size[1] <= _REDUCE_ABOVE_PIXELS:
        return 1
    return max(1, min(size[0] // (2 * wanted[0]), size[1] // (2 * wanted[1])))


def _flattened(image: Image.Image, block: int) -> Image.Image:
    """The image in mode L, RGB or CMYK, without transparency, reduced by whole blocks.

    It is worked on in bands of rows, so that a large picture is held once and not two or three times; unless it is
    returned itself, the image is closed.
    """
    mode, convert = _conversion(image)
    if convert is None and block == 1:
        return image
    # Rows and columns beyond the last whole block are left out: less than half a pixel of what is asked for.
    flat = Image.new(mode, (image.width // block, image.height // block))
    rows = max(1, _BAND_PIXELS // (image.width * block)) * block
    for top in range(0, flat.height * block, rows):
        band = image.crop((0, top, flat.width * block, min(top + rows, flat.height * block)))
        if convert is not None:
            band = convert(band)
        flat.paste(band.reduce(block) if block > 1 else band, (0, top // block))
    image.close()
    return flat


def _conversion(image: Image.Image) -> tuple[str, Convert | None]:
    """The mode to flatten to, and what takes a band there (None: it is there already)."""
    if image.mode in _WIDE_GREY_MODES:
        return "L", _wide_grey_conversion(image)
    if image.has_transparency_data:
        return "RGB", _on_white
    if image.mode in {"L", "RGB", "CMYK"}:
        return image.mode, None
    mode = "L" if image.mode == "1" else "RGB"
    return mode, lambda band: band.convert(mode)


def _on_white(band: Image.Image) -> Image.Image:
    band = band.convert("RGBA")
    white = Image.new("RGB", band.size, (255, 255, 255))
    white.paste(band, mask=band.getchannel("A"))
    return white


def _wide_grey_conversion(image: Image.Image) -> Convert:
    """Scales 16 and 32-bit grey and floating point to 8 bits.

    16-bit values fill their range. Values of the other two are taken as 0 to 1 (floating point), 0 to 255 or 0 to
    65535 when all lie there; else their least becomes black and their greatest white.
    """
    low, high = (0.0, 65535.0) if image.mode.startswith("I;16") else _value_range(image)
    scale = 255.0 / (high - low) if high > low else 0.0
    see_through = image.info.get("transparency")
    tags = getattr(image, "tag_v2", {})
    is_inverted = tags.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO

    def convert(band: Image.Image) -> Image.Image:
        values = np.asarray(band)
        grey: NDArray[np.float32] = (values.astype(np.float32) - low) * scale
        grey = np.nan_to_num(grey, nan=0.0, posinf=255.0, neginf=0.0)
        if is_inverted:
            grey = 255.0 - grey
        if isinstance(see_through, int):
            grey[values == see_through] = 255.0
        return Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8))

    return convert


def _value_range(image: Image.Image) -> tuple[float, float]:
    low, high = np.inf, -np.inf
    rows = max(1, _BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        values = np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        return 0.0, 1.0
    usual = (255.0, 65535.0) if image.mode == "I" else (1.0, 255.0, 65535.0)
    return next(((0.0, top) for top in usual if low >= 0 and high <= top), (low, high))


def _in_srgb(image: Image.Image, profile: bytes | None, *, is_grey: bool) -> Image.Image:
    if profile:
        try:
            image = _through_profile(image, profile, is_grey=is_grey)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
            _log.debug("colour profile left aside: %r", error)
    return image if image.mode == "RGB" else image.convert("RGB")


def _through_profile(image: Image.Image, profile_bytes: bytes, *, is_grey: bool) -> Image.Image:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(profile_bytes))
    space = profile.profile.xcolor_space
    if image.mode == "CMYK":
        if space != "CMYK":
            return image
    elif space == "RGB ":
        if ImageCms.getProfileDescription(profile).startswith("sRGB"):
            return image
        image = image.convert("RGB")
    elif space == "GRAY" and is_grey:
        image = image.convert("L")
    else:
        return image
    converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return image if converted is None else converted
