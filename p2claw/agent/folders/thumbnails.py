"""The smaller pictures of a box: each made once, and kept in files whose sum has a bound.

A file is named after what it was made of, so a picture that changes has another. Several processes
may share the folder: each file appears whole, and whoever writes much removes the oldest.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from p2claw.agent.folders.pictures import NoPictureError, smaller
from p2claw.agent.folders.tree import Opened
from p2claw.units import MIB

KEPT_BYTES = 256 * MIB
# After so much of its own writing a process looks at what all have written.
LOOK_BYTES = KEPT_BYTES // 16

# At once: each takes up to 200 MB while it decodes the largest picture that is allowed.
THREADS = 2
FAILED_KEPT = 4_096

# Raised when the same picture would be made otherwise.
_FORM = 1


class Thumbnails:
    """Smaller pictures, kept in a folder, which is made when the first is."""

    def __init__(self, folder: Path, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._folder = folder
        self._kept_bytes = kept_bytes
        self._look_bytes = min(LOOK_BYTES, kept_bytes // 4)
        self._written_bytes = self._look_bytes  # so that the first write looks
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="thumbnails")
        self._making: dict[str, asyncio.Future[bytes]] = {}
        self._failed: OrderedDict[str, None] = OrderedDict()
        self.made = 0

    async def of(self, picture: Opened, edge: int) -> bytes:
        """The picture in an open file, at most edge × edge. Raises NoPictureError."""
        key = _key(picture.facts, edge)
        if key in self._failed:
            raise NoPictureError
        making = self._making.get(key)
        if making is None:
            making = asyncio.ensure_future(self._made(key, os.dup(picture.descriptor), edge))
            self._making[key] = making
            making.add_done_callback(lambda done: self._finished(key, done))
        # Shielded: others may wait for the same picture when one visitor leaves.
        return await asyncio.shield(making)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for making in self._making.values():
            making.cancel()

    async def _made(self, key: str, descriptor: int, edge: int) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._find_or_make, key, descriptor, edge)

    def _find_or_make(self, key: str, descriptor: int, edge: int) -> bytes:
        try:
            path = self._folder / key
            with suppress(OSError):
                content = path.read_bytes()
                os.utime(path)
                return content
            content = smaller(descriptor, edge)
        finally:
            os.close(descriptor)
        self.made += 1
        # A full disk costs time and nothing else.
        with suppress(OSError):
            self._keep(path, content)
        return content

    def _keep(self, path: Path, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        part = path.with_name(f".{secrets.token_hex(8)}")
        try:
            part.write_bytes(content)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        self._written_bytes += len(content)
        if self._written_bytes >= self._look_bytes:
            self._written_bytes = 0
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Remove what was not used for longest, until three quarters of the bound are left."""
        found = []
        for entry in os.scandir(self._folder):
            with suppress(OSError):
                found.append((entry.stat(), Path(entry.path)))
        found.sort(key=lambda item: item[0].st_mtime)
        total = sum(facts.st_size for facts, _ in found)
        if total <= self._kept_bytes - self._look_bytes:
            return
        for facts, path in found:
            if total <= self._kept_bytes * 3 // 4 - self._look_bytes:
                return
            with suppress(OSError):
                path.unlink()
                total -= facts.st_size

    def _finished(self, key: str, made: asyncio.Future[bytes]) -> None:
        del self._making[key]
        if not made.cancelled() and isinstance(made.exception(), NoPictureError):
            self._failed[key] = None
            if len(self._failed) > FAILED_KEPT:
                self._failed.popitem(last=False)


def media_type_of(content: bytes) -> str:
    """The media type of a picture that `Thumbnails.of` returned."""
    return "image/jpeg" if content.startswith(b"\xff\xd8") else "image/webp"


def _key(facts: os.stat_result, edge: int) -> str:
    state = (facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_size, edge, _FORM)
    return hashlib.sha256(repr(state).encode()).hexdigest()
