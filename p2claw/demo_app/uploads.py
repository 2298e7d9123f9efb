"""Uploads: hashed as they arrive, never stored; how far each has come can be asked meanwhile."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, field

from aiohttp import web

# Those that are remembered, for the question how far they have come; the oldest goes first.
REMEMBERED = 256
UPLOAD_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(slots=True)
class Upload:
    """One upload, under way or done."""

    received_bytes: int = 0
    sha256: str | None = None
    began_s: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def facts(self) -> dict[str, object]:
        return {
            "received_bytes": self.received_bytes,
            "sha256": self.sha256,
            "seconds": round(self.seconds, 3),
        }


class Uploads:
    """All uploads by the id that their sender chose."""

    def __init__(self) -> None:
        self._by_id: dict[str, Upload] = {}

    async def receive(self, request: web.Request) -> web.Response:
        """`POST /upload?id=…`: the body is the file itself."""
        upload = self._begin(request.query.get("id", ""))
        digest = hashlib.sha256()
        async for piece in request.content.iter_any():
            digest.update(piece)
            upload.received_bytes += len(piece)
            upload.seconds = time.monotonic() - upload.began_s
        upload.sha256 = digest.hexdigest()
        return web.json_response(upload.facts())

    async def progress(self, request: web.Request) -> web.Response:
        """`GET /api/uploads/ID`."""
        upload = self._by_id.get(request.match_info["id"])
        if upload is None:
            raise web.HTTPNotFound(text="no such upload\n")
        return web.json_response(upload.facts(), headers={"cache-control": "no-store"})

    def _begin(self, name: str) -> Upload:
        upload = Upload()
        if UPLOAD_ID.fullmatch(name):
            self._by_id.pop(name, None)
            self._by_id[name] = upload
            while len(self._by_id) > REMEMBERED:
                del self._by_id[next(iter(self._by_id))]
        return upload


def add_uploads(app: web.Application) -> None:
    """Add the two routes."""
    uploads = Uploads()
    app.router.add_post("/upload", uploads.receive)
    app.router.add_put("/upload", uploads.receive)
    app.router.add_get("/api/uploads/{id}", uploads.progress)
