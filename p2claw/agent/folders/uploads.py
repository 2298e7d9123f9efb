"""Writes files that visitors send into a folder whose owner allows it.

    GET    /.p2claw/upload/a/b.jpg?id=…&size=…        how many bytes are here
    PUT    /.p2claw/upload/a/b.jpg?id=…&size=…&at=…   the bytes from `at` on, or some of them
    DELETE /.p2claw/upload/a/b.jpg?id=…&size=…        forget those that are here

The last PUT gives the file its name. Every response is JSON: `name` under which the file is kept,
`received`, `done`; or `error`, a stable code, and `text` for people (docs/FOLDERS.md).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from urllib.parse import urlsplit

from aiohttp import web

from p2claw.agent.folders.inbox import (
    TooManyPartsError,
    check_room,
    new_part,
    open_inbox,
    part_of,
)
from p2claw.agent.folders.names import NotHereError
from p2claw.agent.folders.packed_names import Names
from p2claw.agent.folders.pages import COMMON
from p2claw.agent.folders.parts import InUseError, NoRoomError, Part, TakenError, Wish, check_free
from p2claw.agent.folders.reading import PIECE_BYTES, Disk
from p2claw.agent.folders.tree import DeniedError, Opened, Tree
from p2claw.agent.folders.upload_names import NameRefusedError, kept_name
from p2claw.units import GIB

# One file. For more there are better ways of copying.
MOST_BYTES = 64 * GIB

# Uploads that are remembered for those who ask again, because the last response got lost.
DONE_KEPT = 1_024

METHODS = ("GET", "PUT", "DELETE")

_ID = re.compile(r"[0-9a-f]{32}")
_COUNT = re.compile(r"[0-9]{1,15}")


class RefusedUploadError(Exception):
    """What the visitor gets in place of an upload. more: further members of the JSON."""

    def __init__(self, status: int, code: str, text: str, **more: object) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"error": code, "text": text, **more}


class Uploads:
    """The uploads into one folder. replaces: visitors may replace files as well as add some."""

    def __init__(self, tree: Tree, disk: Disk, *, replaces: bool) -> None:
        self._tree = tree
        self._disk = disk
        self._replaces = replaces
        self._done: OrderedDict[str, None] = OrderedDict()

    async def respond(self, request: web.BaseRequest, names: Names) -> web.Response:
        """names: of the file, from the top. Raises what `Tree.open` does."""
        try:
            _check_origin(request)
            wish = self._wish(request, names)
            match request.method:
                case "PUT":
                    body = await self._put(request, wish)
                case "DELETE":
                    body = await self._disk.run(lambda: self._delete(wish))
                case _:
                    body = await self._disk.run(lambda: self._look(wish))
        except RefusedUploadError as refused:
            return _json(refused.status, refused.body)
        except TakenError as taken:
            text = f"There is a {wish.name} already"
            can = taken.is_file and self._replaces
            return _json(409, {"error": "upload-taken", "text": text, "replaceable": can})
        except NotHereError:
            text = "Nothing can be sent to this place"
            return _json(404, {"error": "upload-nowhere", "text": text})
        except InUseError:
            return _json(409, {"error": "upload-busy", "text": "It is being sent already"})
        except TooManyPartsError:
            text = "Too many uploads have begun here: try again later"
            return _json(503, {"error": "upload-crowd", "text": text})
        except NoRoomError:
            return _json(507, {"error": "upload-no-room", "text": "The box has no room for it"})
        except DeniedError:
            return _json(403, {"error": "upload-denied", "text": "The box may not write here"})
        return _json(200, {"name": wish.name, **body})

    def _wish(self, request: web.BaseRequest, names: Names) -> Wish:
        query = request.query
        upload_id, size = query.get("id", ""), query.get("size", "")
        modified_ms = query.get("modified", "")
        if not names or not _ID.fullmatch(upload_id) or not _COUNT.fullmatch(size):
            raise RefusedUploadError(400, "upload-invalid", "An upload has a name, id and size")
        if int(size) > MOST_BYTES:
            raise RefusedUploadError(
                413, "upload-too-large", f"One file may have {MOST_BYTES // GIB} GiB"
            )
        try:
            name = kept_name(names[-1])
        except NameRefusedError:
            raise RefusedUploadError(400, "upload-name", "A file may not have this name") from None
        return Wish(
            names[:-1],
            name,
            upload_id,
            int(size),
            request.headers.get("X-Forwarded-For", ""),
            int(modified_ms) / 1000 if _COUNT.fullmatch(modified_ms) else None,
            replaces=self._replaces and query.get("replace") == "1",
        )

    def _look(self, wish: Wish) -> dict[str, object]:
        if wish.id in self._done:  # and its sender never learned of it
            return {"received": wish.size_bytes, "done": True}
        folder = open_inbox(self._tree, wish.folder)
        try:
            check_free(folder.descriptor, wish)
            part = part_of(folder, wish)
            if part is None:
                check_room(folder, wish.size_bytes)
                return {"received": 0, "done": False}
            part.close()
            return {"received": part.received, "done": False}
        finally:
            folder.close()

    def _delete(self, wish: Wish) -> dict[str, object]:
        folder = open_inbox(self._tree, wish.folder)
        try:
            if (part := part_of(folder, wish)) is not None:
                part.remove()
                part.close()
            return {"received": 0, "done": False}
        finally:
            folder.close()

    async def _put(self, request: web.BaseRequest, wish: Wish) -> dict[str, object]:
        at = request.query.get("at", "")
        if not _COUNT.fullmatch(at):
            raise RefusedUploadError(400, "upload-invalid", "Bytes are sent from an offset on")
        folder, part = await self._disk.run(lambda: self._begin(wish))
        try:
            if part.received != int(at):
                raise RefusedUploadError(
                    409, "upload-offset", "Other bytes are expected", received=part.received
                )
            await self._receive(request, part, wish)
            done = part.received == wish.size_bytes
            if done:
                await self._disk.run(lambda: part.finish(wish))
                self._done[wish.id] = None
                if len(self._done) > DONE_KEPT:
                    self._done.popitem(last=False)
            return {"received": part.received, "done": done}
        finally:
            await self._disk.run(part.close)
            await self._disk.run(folder.close)

    def _begin(self, wish: Wish) -> tuple[Opened, Part]:
        folder = open_inbox(self._tree, wish.folder)
        try:
            check_free(folder.descriptor, wish)
            return folder, part_of(folder, wish) or new_part(folder, wish)
        except BaseException:
            folder.close()
            raise

    async def _receive(self, request: web.BaseRequest, part: Part, wish: Wish) -> None:
        """Write what comes. What has come before the visitor is gone stays, to be gone on with."""
        pending = bytearray()

        async def write() -> None:
            content = bytes(pending)
            pending.clear()
            await self._disk.run(lambda: part.append(content))

        try:
            async for piece in request.content.iter_any():
                pending += piece
                if part.received + len(pending) > wish.size_bytes:
                    pending.clear()
                    raise RefusedUploadError(
                        413, "upload-invalid", "More bytes than were announced"
                    )
                if len(pending) >= PIECE_BYTES:
                    await write()
        finally:
            if pending:
                await write()


def _check_origin(request: web.BaseRequest) -> None:
    """Only a page of this very app sends files: another site's page would send in the name of
    whoever looks at it. Raises RefusedUploadError."""
    sites = request.headers.getall("Sec-Fetch-Site", ["same-origin"])
    origins = request.headers.getall("Origin", [])
    hosts = request.headers.getall("Host", [])
    if request.method == "GET" and not origins:
        origins = [f"http://{host}" for host in hosts]  # browsers send none with it
    is_own = len(origins) == 1 == len(hosts) and _host_of(origins[0]) == hosts[0].lower()
    if not is_own or any(site != "same-origin" for site in sites):
        raise RefusedUploadError(403, "upload-foreign", "Only this app's own page sends files")


def _host_of(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None


def _json(status: int, body: dict[str, object]) -> web.Response:
    return web.json_response(body, status=status, headers={**COMMON, "Cache-Control": "no-store"})
