"""Decoded video frames to sRGB bytes: reduced first, in the colour space that the frame says it is in.

Source of the curves: ITU-R BT.2100-2, tables 4 (PQ) and 5 (HLG); the matrix: ITU-R BT.2087-0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HD_HEIGHT_PX = 720
_BT709, _BT601, _SMPTE240M, _BT2020 = 1, 5, 7, 9
_SPACES = {1: _BT709, 4: _BT601, 5: _BT601, 6: _BT601, 7: _SMPTE240M, 9: _BT2020, 10: _BT2020}
"""swscale's number of each of FFmpeg's colour spaces (AVColorSpace); PyAV 17 has no name for all of them."""
_PQ, _HLG = 16, 18
_FULL_RANGE = 2
_WHITE_NITS = 203.0
"""Of paper in an HDR picture. Source: ITU-R BT.2408."""
_HLG_PEAK_NITS = 1000.0
_SRGB_LINEAR = 0.0031308
_HLG_SQUARE = 0.5
_KNEE = 0.75
"""Of paper white: light above it is pressed together."""
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], dtype=np.float32
)


def is_hdr(frame: Any) -> bool:
    """Whether a decoded frame's light goes beyond paper white."""
    return int(frame.color_trc) in {_PQ, _HLG}


def reduced(frame: Any, width_px: int, height_px: int, pixel_format: str, scaler: Any) -> Any:
    """A decoded frame at a size, in RGB of its own curve and primaries.

    Args:
        frame: PyAV's.
        width_px: As the frame lies in the file.
        height_px: The same.
        pixel_format: FFmpeg's name of an RGB format.
        scaler: PyAV's VideoReformatter; it is quickest when it does the same again.
    """
    return scaler.reformat(
        frame,
        width=width_px,
        height=height_px,
        format=pixel_format,
        src_colorspace=_SPACES.get(int(frame.colorspace), _BT709 if frame.height >= _HD_HEIGHT_PX else _BT601),
        src_color_range="JPEG" if int(frame.color_range) == _FULL_RANGE else "MPEG",
        dst_color_range="JPEG",
        interpolation="BICUBIC",
        threads=1,
    )


def toned(values: NDArray[np.uint16], curve: int) -> NDArray[np.uint8]:
    """HDR, (h, w, 3), to sRGB: paper white stays white, what is brighter is pressed into the top of the range.

    Args:
        values: Of BT.2020 primaries.
        curve: FFmpeg's number of the transfer characteristic, for which `is_hdr` holds.
    """
    signal = values.astype(np.float32) / 65535.0
    light = (_light_of_pq(signal) if curve == _PQ else _light_of_hlg(signal)) / _WHITE_NITS
    light = np.clip(light @ _TO_709.T, 0.0, None)
    brightest = light.max(axis=-1, keepdims=True)
    pressed = np.where(brightest > _KNEE, 1 - (1 - _KNEE) ** 2 / (brightest - 2 * _KNEE + 1), brightest)
    light *= np.divide(pressed, brightest, out=np.ones_like(brightest), where=brightest > 0)
    display = np.where(light <= _SRGB_LINEAR, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055)
    return np.asarray(np.rint(np.clip(display, 0.0, 1.0) * 255.0), dtype=np.uint8)


def _light_of_pq(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Nits of PQ values from 0 to 1."""
    power = np.power(signal, 1 / 78.84375)
    return np.asarray(
        10_000.0
        * np.power(np.clip(power - 0.8359375, 0.0, None) / (18.8515625 - 18.6875 * power), 1 / 0.1593017578125),
        dtype=np.float32,
    )


def _light_of_hlg(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Nits of HLG values from 0 to 1 on a display of 1000 nits."""
    scene = np.where(
        signal <= _HLG_SQUARE, signal**2 / 3, (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
    )
    luminance = scene @ np.array([0.2627, 0.678, 0.0593], dtype=np.float32)
    gain = np.power(np.clip(luminance, 1e-6, None), 0.2)[..., None]
    return np.asarray(_HLG_PEAK_NITS * gain * scene, dtype=np.float32)
