"""Sends the zip of a folder: which visitors may have one now, and its fields.

Each has the names of its files in memory while it is sent, so there is a bound for all visitors of
a process, and a share for each network: one visitor cannot use up what others need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from aiohttp import web

from p2claw.agent.folders.names import NotHereError, shown
from p2claw.agent.folders.packed_names import MOST_PACKED, Names, TooManyError, packed_names
from p2claw.agent.folders.pages import COMMON, notice_page
from p2claw.agent.folders.reading import Disk, ShortFileError
from p2claw.agent.folders.tree import DeniedError, FolderGoneError, Tree
from p2claw.agent.folders.zip_stream import ZipStream

# At once, in a process. With MOST_PACKED names each takes 20 MB: measured.
MOST_ZIPS = 8
ZIPS_PER_NETWORK = 2

RETRY_S = 30


class BusyError(Exception):
    """No further zip can be sent now."""


class Zips:
    """The zips that one process sends."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    @contextmanager
    def place(self, network: str) -> Iterator[None]:
        """A place for one zip. Raises BusyError."""
        if self._of.total() >= MOST_ZIPS or self._of[network] >= ZIPS_PER_NETWORK:
            raise BusyError
        self._of[network] += 1
        try:
            yield
        finally:
            self._of[network] -= 1
            if not self._of[network]:
                del self._of[network]


async def respond_with_zip(
    request: web.BaseRequest, tree: Tree, names: Names, disk: Disk, zips: Zips
) -> web.StreamResponse:
    """Send the zip of a folder. Raises NotHereError, DeniedError, FolderGoneError, OSError."""
    try:
        with zips.place(request.headers.get("X-Forwarded-For", "")):
            return await _respond(request, tree, names, disk)
    except BusyError:
        response = notice_page(503, "The box packs as many folders as it can: try again soon")
        response.headers["Retry-After"] = str(RETRY_S)
        return response
    except TooManyError:
        return notice_page(
            403,
            f"This folder has more than {MOST_PACKED:,} files, too many for one zip:"
            " take the folders in it one by one",
        )


async def _respond(
    request: web.BaseRequest, tree: Tree, names: Names, disk: Disk
) -> web.StreamResponse:
    packed = await disk.run(lambda: packed_names(tree, names))
    stream = ZipStream(tree, packed)
    fields = {
        **COMMON,
        "Accept-Ranges": "none",
        "Cache-Control": "no-store",
        "Content-Disposition": _saved_as(names),
        "Content-Type": "application/zip",
    }
    response = web.StreamResponse(headers=fields)
    response.content_length = stream.length_bytes
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        while content := await _read(request, stream, disk):
            await response.write(content)
    finally:
        # A read may be under way in a thread, and what it has open is closed after it.
        disk.begin(stream.close)
    return response


async def _read(request: web.BaseRequest, stream: ZipStream, disk: Disk) -> bytes:
    try:
        return await disk.run(stream.read)
    except (ShortFileError, NotHereError, DeniedError, FolderGoneError, OSError):
        # The head is sent: only a connection that is cut shows a visitor that this is no whole zip.
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from None


def _saved_as(names: Names) -> str:
    """RFC 6266: the name of the folder, in ASCII and as it is."""
    name = (shown(names[-1]) if names else "files") + ".zip"
    plain = "".join(letter if letter.isascii() and letter not in '"\\%' else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
