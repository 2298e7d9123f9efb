"""The paths below `/.p2claw/`, which no file can have because its first letter is a dot: what the
pages of ours need, and smaller pictures of the folder's own.

    /.p2claw/style.css           /.p2claw/viewer.js    /.p2claw/icon.svg
    /.p2claw/small/a/b.jpg       at most 400 × 400
    /.p2claw/large/a/b.jpg       at most 2048 × 2048
    /.p2claw/zip/a/              a zip of the folder
"""

from __future__ import annotations

from aiohttp import web

from p2claw.agent.folders.names import NotHereError
from p2claw.agent.folders.pages import COMMON, asset
from p2claw.agent.folders.pictures import NoPictureError
from p2claw.agent.folders.reading import Disk
from p2claw.agent.folders.thumbnails import Thumbnails, media_type_of
from p2claw.agent.folders.tree import Opened, Tree
from p2claw.agent.folders.zip_response import Zips, respond_with_zip

# Edges in pixels: of a tile on a screen with two pixels for one, and of a whole screen.
EDGES = {"small": 400, "large": 2048}

# The URL names one state of the picture, so its response never changes.
_FOR_EVER = "private, max-age=31536000, immutable"

Names = tuple[str, ...]


class OwnPaths:
    """The paths below `/.p2claw/` of one folder."""

    def __init__(self, tree: Tree, disk: Disk, thumbnails: Thumbnails, zips: Zips) -> None:
        self._tree = tree
        self._disk = disk
        self._thumbnails = thumbnails
        self._zips = zips

    async def respond(
        self, request: web.BaseRequest, names: Names, *, is_folder: bool
    ) -> web.StreamResponse:
        """names: below `/.p2claw/`. Raises NotHereError, DeniedError, FolderGoneError, OSError."""
        match names:
            case (name,) if not is_folder:
                return _asset(request, name)
            case (size, *below) if below and size in EDGES and not is_folder:
                return await self._picture(request, tuple(below), EDGES[size])
            case ("zip", *below) if is_folder:
                return await respond_with_zip(
                    request, self._tree, tuple(below), self._disk, self._zips
                )
        raise NotHereError

    async def _picture(self, request: web.BaseRequest, names: Names, edge: int) -> web.Response:
        opened = await self._disk.run(lambda: self._file(names))
        try:
            content = await self._thumbnails.of(opened, edge)
        except NoPictureError:
            raise NotHereError from None
        finally:
            opened.close()
        kept = _FOR_EVER if request.query_string else "no-cache"
        fields = {**COMMON, "Cache-Control": kept, "Content-Type": media_type_of(content)}
        return web.Response(body=content, headers=fields)

    def _file(self, names: Names) -> Opened:
        opened = self._tree.open(names)
        if opened.is_folder:
            opened.close()
            raise NotHereError
        return opened


def _asset(request: web.BaseRequest, name: str) -> web.Response:
    try:
        content, kind = asset(name)
    except KeyError:
        raise NotHereError from None
    kept = _FOR_EVER if request.query_string else "no-cache"
    response = web.Response(
        body=content, headers={**COMMON, "Cache-Control": kept, "Content-Type": kind}
    )
    response.enable_compression()
    return response
