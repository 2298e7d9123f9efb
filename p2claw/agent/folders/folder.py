"""One folder as an app: which response each request gets.

In this order: a file; `index.html` of a folder, else the list of what is in it; with `spa`
the page at the top, for whoever asks for a page; `404.html` of the top, else a page of ours.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from p2claw.agent.folders.entries import Listing, listing_of
from p2claw.agent.folders.file_response import FoundFile, respond_with
from p2claw.agent.folders.kinds import is_compressible, may_script, media_type, with_charset
from p2claw.agent.folders.listing_page import listing_page
from p2claw.agent.folders.names import OWN, NotHereError, names_of, quoted
from p2claw.agent.folders.order import Order
from p2claw.agent.folders.own_paths import OwnPaths
from p2claw.agent.folders.packed_names import INDEX
from p2claw.agent.folders.pages import COMMON, notice_page, page_response
from p2claw.agent.folders.reading import Disk
from p2claw.agent.folders.thumbnails import Thumbnails
from p2claw.agent.folders.tree import DeniedError, FolderGoneError, Opened, Tree
from p2claw.agent.folders.uploads import METHODS as UPLOAD_METHODS
from p2claw.agent.folders.uploads import Uploads
from p2claw.agent.folders.zip_response import Zips
from p2claw.agent.upstream.address import Writable
from p2claw.content_codings import PACKED, accepted_codings
from p2claw.log import get_log

log = get_log("agent")

NOT_FOUND = "404.html"

METHODS = ("GET", "HEAD")
UPLOAD = f"/{OWN}/upload/"

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Moved:
    """A redirect: a folder was asked for without the `/` at the end, which its links need."""

    location: str


_Found = FoundFile | Listing | _Moved


class Folder:
    """The app of one folder. is_spa: one page serves all paths that are no files. writable: whether
    visitors may add files, or replace some as well."""

    def __init__(
        self,
        tree: Tree,
        disk: Disk,
        thumbnails: Thumbnails,
        zips: Zips,
        *,
        is_spa: bool = False,
        writable: Writable = "",
    ) -> None:
        self._tree = tree
        self._disk = disk
        self._is_spa = is_spa
        self._writable = writable
        self._uploads = Uploads(tree, disk, replaces=writable == "replace")
        self._own = OwnPaths(tree, disk, thumbnails, zips)

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request has a response; nothing is raised but the loss of the connection."""
        try:
            return await self._respond(request)
        except DeniedError:
            return notice_page(403, "The box may not read this")
        except FolderGoneError:
            return notice_page(503, "The folder of this app is not there at the moment")
        except ConnectionError:
            raise
        except OSError as error:
            log.warning("folder not readable", error=error.strerror)
            return notice_page(500, "The box could not read this")
        except Exception as error:
            log.fault("folder failed", error)
            return notice_page(500, "The box made a mistake")

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        is_upload = self._writable and path.startswith(UPLOAD)
        methods = UPLOAD_METHODS if is_upload else METHODS
        if request.method not in methods:
            response = notice_page(405, "This app is a folder: it is read, and nothing else")
            response.headers["Allow"] = ", ".join(methods)
            return response
        try:
            names, is_folder = names_of(path)
            if is_upload and not is_folder:
                return await self._uploads.respond(request, names[2:])
            if names and names[0] == OWN:
                return await self._own.respond(request, names[1:], is_folder=is_folder)
            return await self._at(request, names, query, is_folder=is_folder)
        except NotHereError:
            return await self._missing(request)

    async def _at(
        self, request: web.BaseRequest, names: Names, query: str, *, is_folder: bool
    ) -> web.StreamResponse:
        codings = accepted_codings(request.headers.get("Accept-Encoding", ""))
        found = await self._disk.run(lambda: self._find(names, codings, is_folder=is_folder))
        if isinstance(found, _Moved):
            location = f"{found.location}?{query}" if query else found.location
            return web.Response(status=302, headers={**COMMON, "Location": location})
        if isinstance(found, Listing):
            order = Order.of(request.query)
            page = await self._disk.run(lambda: listing_page(names, found, order, self._writable))
            return page_response(request, page, asks=bool(self._writable))
        return await self._send(request, found)

    async def _missing(self, request: web.BaseRequest) -> web.StreamResponse:
        """The response to a path that is not there: the page of the app, `404.html`, or ours."""
        wants_page = "text/html" in request.headers.get("Accept", "")
        stands_in = (INDEX, 200) if self._is_spa and wants_page else (NOT_FOUND, 404)
        codings = accepted_codings(request.headers.get("Accept-Encoding", ""))
        try:
            found = await self._disk.run(lambda: self._stand_in(*stands_in, codings))
        except NotHereError:
            return notice_page(404, "There is nothing here under this name")
        return await self._send(request, found)

    async def _send(self, request: web.BaseRequest, found: FoundFile) -> web.StreamResponse:
        try:
            return await respond_with(request, found, self._disk)
        finally:
            found.opened.close()

    def _find(self, names: Names, codings: frozenset[str], *, is_folder: bool) -> _Found:
        """Blocks on the disk. Raises what `Tree.open` does."""
        opened = self._tree.open(names)
        if not opened.is_folder:
            if is_folder:
                opened.close()
                raise NotHereError
            return self._found(opened, names, codings)
        try:
            if not is_folder and names:
                return _Moved(f"./{quoted(names[-1])}/")
            with suppress(NotHereError):
                index = (*names, INDEX)
                page = self._tree.open(index)
                if not page.is_folder:
                    return self._found(page, index, codings)
                page.close()
            return listing_of(self._tree, names, opened)
        finally:
            opened.close()

    def _stand_in(self, name: str, status: int, codings: frozenset[str]) -> FoundFile:
        page = self._tree.open((name,))
        if page.is_folder:
            page.close()
            raise NotHereError
        return self._found(page, (name,), codings, status)

    def _found(
        self, file: Opened, names: Names, codings: frozenset[str], status: int = 200
    ) -> FoundFile:
        """The file, or a compressed twin of it that lies beside it."""
        try:
            kind = with_charset(media_type(names[-1]), file.descriptor)
        except BaseException:
            file.close()
            raise
        plain = kind.partition(";")[0]
        if self._writable:
            # Of visitors: a page among them is shown, but runs no script in the name of this app;
            # and what is called a twin of another file might be anything.
            return FoundFile(file, kind, status=status, is_boxed=may_script(plain))
        if not is_compressible(plain):
            return FoundFile(file, kind, status=status)
        has_twins = False
        for coding, end in PACKED:
            with suppress(NotHereError, DeniedError, OSError):
                twin = self._tree.open((*names[:-1], names[-1] + end))
                if twin.is_folder or twin.facts.st_mtime < file.facts.st_mtime:
                    twin.close()  # made of an older state
                elif coding in codings:
                    file.close()
                    return FoundFile(twin, kind, coding, has_twins=True, status=status)
                else:
                    twin.close()
                    has_twins = True
        return FoundFile(file, kind, has_twins=has_twins, status=status)
