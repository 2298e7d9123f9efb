"""The program itself, with everything that reaches its HTTP server written to a file as it came.

A server's own log says nothing of paths by design, so it cannot show that none arrives. Run in the
place of p2claw.cli.main (`stack(folder, program="tests.support.edge_log")`); what was asked is read
with `asked`. Frames of WebSockets are noted unmasked, for in their masks nobody would find a word.
Beside the bytes a second file says of each piece on which connection it came.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "edge-raw.log"
PIECES = "edge-pieces.log"
REQUEST = re.compile(
    rb"^([A-Z]+) (\S+) HTTP/1\.1\r\n((?:[!-9;-~]+:[^\r\n]*\r\n)*)\r\n", re.MULTILINE
)


LENGTH = re.compile(rb"(?im)^content-length: *(\d+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """body: as far as a length was declared for it; of a body in chunks there is nothing here."""

    method: str
    target: str
    fields: str
    body: bytes

    @property
    def has_cookie(self) -> bool:
        return "\ncookie:" in "\n" + self.fields.lower()

    @property
    def is_chunked(self) -> bool:
        return "\ntransfer-encoding:" in "\n" + self.fields.lower()


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
        """Every request; those of one connection in their order."""
        return [one for came in self._by_connection() for one in _requests(came)]

    def _by_connection(self) -> list[bytes]:
        came: dict[str, bytearray] = defaultdict(bytearray)
        everything, at = self._file.read_bytes(), 0
        for line in self._file.with_name(PIECES).read_text().splitlines():
            connection, length = line.split()
            if at >= self._from:
                came[connection] += everything[at : at + int(length)]
            at += int(length)
        return [bytes(one) for one in came.values()]


def _requests(came: bytes) -> list[Asked]:
    """A request begins where the body of the one before ends, on no line of its own."""
    found = []
    while head := REQUEST.search(came):
        length = LENGTH.search(head[3])
        end = head.end() + int(length[1] if length else 0)
        method, target, fields = (part.decode("latin-1") for part in head.groups())
        found.append(Asked(method, target, fields, came[head.end() : end]))
        came = came[end:]
    return found


def _write_down(file: Path) -> None:
    from aiohttp import web
    from aiohttp.web_protocol import RequestHandler

    log = file.open("ab", buffering=0)
    pieces = file.with_name(PIECES).open("a", buffering=1)
    known: dict[RequestHandler[Any], int] = {}
    take, receive = RequestHandler.data_received, web.WebSocketResponse.receive

    def write(connection: object, data: bytes) -> None:
        log.write(data)
        pieces.write(f"{connection} {len(data)}\n")

    def data_received(self: RequestHandler[Any], data: bytes) -> None:
        write(known.setdefault(self, len(known) + 1), data)
        take(self, data)

    async def note(self: web.WebSocketResponse, timeout: float | None = None) -> Any:
        message = await receive(self, timeout)
        if isinstance(message.data, str | bytes):
            text = message.data.encode() if isinstance(message.data, str) else message.data
            write("messages", b"\n[message] " + text + b"\n")
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
