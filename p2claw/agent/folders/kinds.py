"""What a file is: its media type, its charset, and how a list shows it.

Source: the names that IANA has registered, by Python's own table. The tables of this machine (such
as /etc/mime.types) are not read, so that a folder is served alike everywhere.
"""

from __future__ import annotations

import codecs
import mimetypes
import os
import posixpath
from enum import Enum
from functools import cache

SNIFFED_BYTES = 64 * 1024

_OCTETS = "application/octet-stream"
_MORE = {
    ".7z": "application/x-7z-compressed",
    ".apk": "application/vnd.android.package-archive",
    ".avif": "image/avif",
    ".cbz": "application/vnd.comicbook+zip",
    ".epub": "application/epub+zip",
    ".flac": "audio/flac",
    ".geojson": "application/geo+json",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".heic": "image/heic",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json5": "text/plain",
    ".jxl": "image/jxl",
    ".log": "text/plain",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mkv": "video/x-matroska",
    ".mpd": "application/dash+xml",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".rar": "application/vnd.rar",
    ".toml": "text/plain",
    ".ttf": "font/ttf",
    ".vtt": "text/vtt",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".yaml": "text/plain",
    ".yml": "text/plain",
}
# A compressed file that is meant as such: it is saved, not unpacked on the way.
_COMPRESSED = {".gz": "application/gzip", ".bz2": "application/x-bzip2", ".xz": "application/x-xz"}
_COMPRESSED |= {".zst": "application/zstd", ".br": _OCTETS}

_TEXTS = frozenset(("application/json", "application/xml", "image/svg+xml"))
_FONTS = frozenset(("font/ttf", "font/otf", "application/wasm", "image/x-icon"))


class Shown(Enum):
    """How a list shows a file, and what opens it."""

    PICTURE = "picture"
    FILM = "film"
    SOUND = "sound"
    FILE = "file"


def media_type(name: str) -> str:
    """The type that belongs to the end of a name; "" if none does."""
    end = posixpath.splitext(name)[1].lower()
    return _COMPRESSED.get(end) or _table().types_map[True].get(end, "")


def is_text(kind: str) -> bool:
    """Whether a charset belongs to the type."""
    return kind.startswith("text/")


def is_compressible(kind: str) -> bool:
    """Whether a `.br` or `.gz` beside such a file is looked for."""
    return is_text(kind) or kind in _TEXTS or kind in _FONTS or kind.endswith(("+json", "+xml"))


def may_script(kind: str) -> bool:
    """Whether a browser that opens such a file by itself may run what is in it."""
    return kind in ("", "text/html", "text/xml", "application/xml") or kind.endswith("+xml")


def with_charset(kind: str, descriptor: int) -> str:
    """The whole Content-Type of an open file, after a look at its beginning.

    A text in UTF-8 is marked as UTF-8. Any other text is sent without a charset: the page itself
    may name it, and the browser guesses best. A file of unknown type that is UTF-8 is a text.
    Raises OSError.
    """
    if kind and not is_text(kind):
        return kind
    beginning = os.pread(descriptor, SNIFFED_BYTES, 0)
    if not kind and b"\0" in beginning:
        return _OCTETS
    if _is_utf8(beginning):
        return f"{kind or 'text/plain'}; charset=utf-8"
    return kind or _OCTETS


def shown_as(name: str) -> Shown:
    match media_type(name).partition("/")[0]:
        case "image":
            return Shown.PICTURE
        case "video":
            return Shown.FILM
        case "audio":
            return Shown.SOUND
    return Shown.FILE


def _is_utf8(beginning: bytes) -> bool:
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    try:
        # Not final: the last character may have been cut.
        codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return False
    return True


@cache
def _table() -> mimetypes.MimeTypes:
    table = mimetypes.MimeTypes(filenames=())
    for end, kind in _MORE.items():
        table.add_type(kind, end)
    return table
