"""Make images anew, so that nothing of the file itself is ever shown: no place, no camera, no script behind it. Pure.

One that is animated becomes its first picture: what moves by itself keeps people from reading.
"""

import contextlib
import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

LARGEST_SIDE = 2048  # pixels
SMALL_SIDE = 640
MOST_PIXELS = 50_000_000  # a large photo; a few hundred bytes can claim a thousand times as many

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_turn = threading.BoundedSemaphore(2)  # one takes up to 200 MB while it is opened


class Unreadable(Exception):
    """It is no whole image."""


class TooManyPixels(Exception):
    """It would take too much memory to open."""


@dataclass(frozen=True)
class Picture:
    """An image as it is kept: WebP, upright, without anything but its pixels."""

    content: bytes
    small: bytes
    width: int
    height: int


def make(content: bytes) -> Picture:
    """The image in this file, made anew in two sizes. Raises Unreadable or TooManyPixels."""
    with _turn:
        try:
            with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise TooManyPixels
                picture = _upright(opened)
            picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
            width, height = picture.size
            whole = _webp(picture, 84)
            picture.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS)
            return Picture(whole, _webp(picture, 80), width, height)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise TooManyPixels from error
        except TooManyPixels:
            raise
        except Exception as error:  # decoders raise whatever they like over a file somebody made to break them
            raise Unreadable from error


def _upright(opened: Image.Image) -> Image.Image:
    if opened.format == "JPEG":
        opened.draft("RGB", (LARGEST_SIDE, LARGEST_SIDE))  # far less to unpack
    opened.load()
    upright = ImageOps.exif_transpose(opened)
    has_gaps = "A" in upright.getbands() or "transparency" in upright.info
    picture = upright.convert("RGBA" if has_gaps else "RGB")
    profile = opened.info.get("icc_profile")
    if profile and upright.mode in ("RGB", "RGBA"):
        picture = _plain_colours(picture, profile)
    picture.info.clear()
    return picture


def _plain_colours(picture: Image.Image, profile: bytes) -> Image.Image:
    """The same colours in sRGB, as the profile is not kept; a broken profile is not worth refusing an image for."""
    with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
        converted = ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        )
        return converted or picture
    return picture


def _webp(picture: Image.Image, quality: int) -> bytes:
    made = io.BytesIO()
    picture.save(made, "WEBP", quality=quality, method=4)
    return made.getvalue()
