"""A server that takes one request at a time, and lets five more wait: as small ones are."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>'

QUIET = b"<!doctype html><p>A quiet page"


@dataclass(slots=True)
class OneThread:
    """served: how many responses it gave."""

    port: int = 0
    served: int = 0


@contextmanager
def one_thread(
    seconds: float, page: bytes = b"<!doctype html><p>One at a time"
) -> Iterator[OneThread]:
    """Every path takes so many seconds, but for `/` and `/quiet`, which are pages.

    Connections are not kept.
    """
    state = OneThread()

    class Responding(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            picture = self.path not in ("/", "/quiet")
            if picture:
                time.sleep(seconds)
            body = PICTURE if picture else page if self.path == "/" else QUIET
            self.send_response(200)
            self.send_header("content-type", "image/svg+xml" if picture else "text/html")
            self.send_header("cache-control", "no-store")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            state.served += 1

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(HTTPServer):
        request_queue_size = 5

    with Server(("127.0.0.1", 0), Responding) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
