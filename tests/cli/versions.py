"""An app for fetch: a file in versions, that can be slow, break off, or be somewhere else."""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cli.program import p2claw

RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Versions:
    """content: of /file. breaks: how many responses break off, after break_bytes.

    busy: how many are 503. slow_s: between pieces. asked: method, path and fields of each request.
    """

    content: bytes = b""
    validates: bool = True
    breaks: int = 0
    break_bytes: int = 0
    busy: int = 0
    slow_s: float = 0.0
    retry_after: str = "0"
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'

    @property
    def ranges(self) -> list[str]:
        return [fields["range"] for _, _, fields in self.asked if "range" in fields]


def _handler(state: Versions) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            self._serve()

        def _serve(self) -> None:
            fields = {name.lower(): value for name, value in self.headers.items()}
            state.asked.append((self.command, self.path, fields))
            if self.path.startswith("/to/"):
                status, _, target = self.path.removeprefix("/to/").partition("/")
                self._head(int(status), [("location", target), ("content-length", "0")])
            elif self.path == "/circle":
                self._head(302, [("location", "/circle"), ("content-length", "0")])
            elif state.busy:
                state.busy -= 1
                more = [("retry-after", state.retry_after), ("content-length", "0")]
                self._head(503, more)
            else:
                self._file(fields)

        def _file(self, fields: dict[str, str]) -> None:
            content, total = state.content, len(state.content)
            begin, end, status = 0, total, 200
            match = RANGE.fullmatch(fields.get("range", ""))
            if match and fields.get("if-range", state.etag) == state.etag:
                begin, status = int(match[1]), 206
                end = min(int(match[2]) + 1, total) if match[2] else total
            named = [("etag", state.etag), ("accept-ranges", "bytes")] if state.validates else []
            if status == 206:
                named.append(("content-range", f"bytes {begin}-{end - 1}/{total}"))
            self._head(status, [*named, ("content-length", str(end - begin))])
            stop = end
            if state.breaks:
                state.breaks -= 1
                stop = min(end, begin + state.break_bytes)
            for at in range(begin, stop, 65_536):
                self.wfile.write(content[at : min(at + 65_536, stop)])
                self.wfile.flush()
                time.sleep(state.slow_s)
            if stop != end:
                self.close_connection = True

        def _head(self, status: int, fields: list[tuple[str, str]]) -> None:
            self.send_response(status)
            for name, value in fields:
                self.send_header(name, value)
            self.end_headers()

    return Handler


@contextlib.contextmanager
def versions(box_home: Path, name: str) -> Iterator[Versions]:
    """The app, exposed on a box that runs."""
    state = Versions()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(state)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        exposed = p2claw(box_home, "expose", name, str(server.server_address[1]), "--json").json
        state.url = exposed["url"]
        try:
            yield state
        finally:
            p2claw(box_home, "unexpose", name)
            server.shutdown()
            thread.join()
