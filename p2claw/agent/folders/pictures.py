"""Makes a smaller picture of a picture, by Pillow, within bounds that hold for hostile files too.

The size that a file claims is looked at before a pixel is decoded, and only these decoders run.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

# 50 million pixels are 200 MB while they are decoded, and cameras of telephones have less.
MAX_IMAGE_PIXELS = 50_000_000
MAX_FILE_BYTES = 256 * 1024 * 1024

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# What browsers do not show themselves.
FOREIGN = ("image/tiff", "image/bmp")

_PROFILE_BYTES = 4096


class NoPictureError(Exception):
    """It is no picture, a damaged one, or one that is too large to be looked at."""


def smaller(descriptor: int, edge: int) -> bytes:
    """The picture in an open file, turned upright, at most edge × edge: JPEG, or WebP if it is
    transparent.

    Takes up to a second of one core. Raises NoPictureError.
    """
    from PIL import Image  # only here: an agent without pictures starts without it

    # For whatever a decoder opens inside of a picture.
    Image.MAX_IMAGE_PIXELS = MAX_IMAGE_PIXELS
    with os.fdopen(os.dup(descriptor), "rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
            raise NoPictureError
        file.seek(0)
        try:
            with Image.open(file, formats=FORMATS) as picture:
                return _smaller(picture, edge)
        except MemoryError:
            raise NoPictureError from None
        except Exception as error:
            # Decoders raise whatever they like at what they did not expect.
            raise NoPictureError(str(error)) from None


def _smaller(picture: Image.Image, edge: int) -> bytes:
    from PIL import Image, ImageOps

    if picture.width * picture.height > MAX_IMAGE_PIXELS:
        raise NoPictureError
    # A JPEG is decoded at a half, a quarter or an eighth where that is enough.
    picture.draft("RGB", (edge, edge))
    profile = picture.info.get("icc_profile") or b""
    is_clear = picture.has_transparency_data
    upright = ImageOps.exif_transpose(picture)
    small = upright.convert("RGBA" if is_clear else "RGB")
    small.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
    kept = {"icc_profile": profile} if _fits(picture, profile) else {}
    out = io.BytesIO()
    if is_clear:
        small.save(out, "WEBP", quality=80, method=2, **kept)
    else:
        small.save(out, "JPEG", quality=82, optimize=True, progressive=edge > 640, **kept)
    return out.getvalue()


def _fits(picture: Image.Image, profile: bytes) -> bool:
    """A profile goes along if it is small, and of the colours that are written."""
    return 0 < len(profile) <= _PROFILE_BYTES and picture.mode in ("RGB", "RGBA", "P")
