"""The program itself, with everything that reaches its HTTP server written to a file as it came.

A server's own log says nothing of paths by design, so it cannot show that none arrives. Run in the
place of p2claw.cli.main (`stack(folder, program="tests.support.edge_log")`); what was asked is read
with `asked`. Frames of WebSockets are noted unmasked, for in their masks nobody would find a word.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "edge-raw.log"
REQUEST = re.compile(
    rb"^([A-Z]+) (\S+) HTTP/1\.1\r\n((?:[!-9;-~]+:[^\r\n]*\r\n)*)\r\n", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    target: str
    fields: str

    @property
    def has_cookie(self) -> bool:
        return "\ncookie:" in "\n" + self.fields.lower()


class EdgeLog:
    """What has reached the server of a stack in `folder`, since it began or since `forget`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._from = 0

    def forget(self) -> None:
        self._from = len(self._file.read_bytes())

    def raw(self) -> bytes:
        return self._file.read_bytes()[self._from :]

    def asked(self) -> list[Asked]:
        """Every request, in order."""
        return [
            Asked(*(part.decode("latin-1") for part in found.groups()))
            for found in REQUEST.finditer(self.raw())
        ]


def _write_down(file: Path) -> None:
    from aiohttp import web
    from aiohttp.web_protocol import RequestHandler

    log = file.open("ab", buffering=0)
    take, receive = RequestHandler.data_received, web.WebSocketResponse.receive

    def data_received(self: RequestHandler[Any], data: bytes) -> None:
        log.write(data)
        take(self, data)

    async def note(self: web.WebSocketResponse, timeout: float | None = None) -> Any:
        message = await receive(self, timeout)
        if isinstance(message.data, str | bytes):
            text = message.data.encode() if isinstance(message.data, str) else message.data
            log.write(b"\n[message] " + text + b"\n")
        return message

    RequestHandler.data_received = data_received  # type: ignore[method-assign]
    web.WebSocketResponse.receive = note  # type: ignore[method-assign]


if __name__ == "__main__":
    import sys

    if sys.argv[1] == "server":
        # The stack's folder is the one that holds the box's home.
        _write_down(Path(os.environ["P2CLAW_HOME"]).parent / FILE)
    from p2claw.cli.main import main

    main()
