"""An edge in this process, and a client that keeps what it got as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.support.server import RunningServer, running_server
from tests.support.static_site import write_static_site

LABEL = "dog-purplecrab"
BROTLI = b"stands for the packed asset"


@dataclass(frozen=True, slots=True)
class Response:
    """One response; `fields` is case-insensitive."""

    status: int
    fields: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Browser:
    """Sends requests to an edge under the host of an app, unless another is given."""

    server: RunningServer
    http: aiohttp.ClientSession

    async def ask(
        self,
        path: str = "/",
        method: str = "GET",
        host: str | None = None,
        data: bytes | None = None,
        **fields: str,
    ) -> Response:
        """`fields`: header fields with underscores for hyphens. Nothing else is added to them."""
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        headers["Host"] = self.server.host(LABEL) if host is None else host
        async with self.http.request(
            method,
            self.server.url + path,
            headers=headers,
            data=data,
            allow_redirects=False,
            skip_auto_headers=["Accept", "Accept-Encoding", "User-Agent", "Content-Type"],
        ) as response:
            return Response(response.status, response.headers.copy(), await response.read())


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    static = write_static_site(tmp_path / "static", brotli=BROTLI)
    async with (
        running_server(tmp_path, static_dir=static) as server,
        aiohttp.ClientSession(auto_decompress=False) as http,
    ):
        yield Browser(server, http)


# What a browser sends when a person opens a page.
PAGE = {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document", "Accept": "text/html,*/*"}
