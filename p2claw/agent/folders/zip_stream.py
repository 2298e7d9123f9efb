"""The bytes of a zip of a folder, made while they are sent, by the `zipfile` of Python.

Nothing is compressed: pictures and films are already, and so the length is known before. Files are
opened one by one, as for any visitor; one that has become shorter, or is gone, ends the zip.
"""

from __future__ import annotations

import os
import struct
import threading
import time
import zipfile
from collections.abc import Generator, Iterator

from p2claw.agent.folders.names import NotHereError
from p2claw.agent.folders.packed_names import Packed
from p2claw.agent.folders.reading import PIECE_BYTES, ShortFileError
from p2claw.agent.folders.tree import Tree

# APPNOTE.TXT §4.3: the fixed parts of a zip, in bytes.
_HEAD, _DESCRIPTOR, _DESCRIPTOR_64 = 30, 16, 24
_DIRECTORY, _END, _END_64 = 46, 22, 56 + 20
# The extra field of a file whose sizes may need more than 32 bits, at its head: §4.5.3.
_SIZES_64 = 4 + 16

# The kernel has the mode of a file in the upper half; MS-DOS knows a folder by 0x10.
_FILE_MODE, _FOLDER_MODE = 0o100644 << 16, (0o40755 << 16) | 0x10

_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)


class ZipStream:
    """One zip, read from beginning to end. Any thread may call it; it belongs to one reader."""

    def __init__(self, tree: Tree, packed: list[Packed]) -> None:
        self.length_bytes = _length(packed)
        self._pieces = _pieces(tree, packed)
        self._turn = threading.Lock()

    def read(self) -> bytes:
        """The next bytes, about PIECE_BYTES; b"" at the end.

        Blocks on the disk. Raises ShortFileError, OSError, and what `Tree.open` does.
        """
        with self._turn:
            return next(self._pieces, b"")

    def close(self) -> None:
        """Close the file that is open, once a read that is under way has returned."""
        with self._turn:
            self._pieces.close()


class _Sink:
    """What `zipfile` writes to: it cannot seek, so the sizes come after each file."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, content: bytes, /) -> int:
        self.written += content
        return len(content)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""

    def drained(self) -> bytes:
        content = bytes(self.written)
        self.written.clear()
        return content


def _pieces(tree: Tree, packed: list[Packed]) -> Generator[bytes, None, None]:
    sink = _Sink()
    archive = zipfile.ZipFile(sink, "w")
    for one in packed:
        info = _info(one)
        with archive.open(info, "w") as entry:
            if not one.is_folder:
                for content in _content(tree, one):
                    entry.write(content)
                    if len(sink.written) >= PIECE_BYTES:
                        yield sink.drained()
    archive.close()
    yield sink.drained()


def _content(tree: Tree, one: Packed) -> Iterator[bytes]:
    """As many bytes of a file as were announced."""
    opened = tree.open(one.names)
    try:
        if opened.is_folder:
            raise NotHereError
        offset = 0
        while offset < one.size_bytes:
            most = min(PIECE_BYTES, one.size_bytes - offset)
            content = os.pread(opened.descriptor, most, offset)
            if not content:
                raise ShortFileError
            offset += len(content)
            yield content
    finally:
        opened.close()


def _info(one: Packed) -> zipfile.ZipInfo:
    modified_s = one.modified_ns // 1_000_000_000
    info = zipfile.ZipInfo(one.path, _dos_time(modified_s))
    info.file_size = one.size_bytes
    info.external_attr = _FOLDER_MODE if one.is_folder else _FILE_MODE
    info.extra = _extra(modified_s)
    return info


def _dos_time(modified_s: int) -> tuple[int, int, int, int, int, int]:
    try:
        at = time.localtime(modified_s)
    except (OverflowError, OSError, ValueError):
        return _FIRST
    when = (at.tm_year, at.tm_mon, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec)
    return min(max(when, _FIRST), _LAST)


def _extra(modified_s: int) -> bytes:
    """The extended timestamp of Info-ZIP: seconds of UTC, where the time of MS-DOS has no zone."""
    if not -(2**31) <= modified_s < 2**31:
        return b""
    return struct.pack("<HHBl", 0x5455, 5, 1, modified_s)


def _length(packed: list[Packed]) -> int:
    """The length of the zip, by the rules by which `zipfile` chooses 64 bits."""
    limit = zipfile.ZIP64_LIMIT
    files = directory = 0
    for one in packed:
        size, name = one.size_bytes, len(one.path.encode())
        extra = len(_extra(one.modified_ns // 1_000_000_000))
        is_64 = size * 1.05 > limit
        wide = 2 * (size > limit) + (files > limit)
        directory += _DIRECTORY + name + extra + (4 + 8 * wide if wide else 0)
        files += _HEAD + name + extra + size
        files += _SIZES_64 + _DESCRIPTOR_64 if is_64 else _DESCRIPTOR
    is_64 = max(files, directory) > limit  # of names there are fewer than 65,535: MOST_PACKED
    return files + directory + _END + (_END_64 if is_64 else 0)
