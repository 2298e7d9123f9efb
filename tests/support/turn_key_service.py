"""A relay service on loopback with the HTTP interface of Cloudflare's TURN keys.

Source: developers.cloudflare.com/realtime/turn/generate-credentials
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

KEY_ID = "0123456789abcdef0123456789abcdef"
TOKEN = "the-token-that-nobody-else-shall-see"

# In the shape and order of the service's documentation, with its odd ports.
URLS = [
    "turn:turn.example:3478?transport=udp",
    "turn:turn.example:53?transport=udp",
    "turn:turn.example:3478?transport=tcp",
    "turn:turn.example:80?transport=tcp",
    "turns:turn.example:5349?transport=tcp",
    "turns:turn.example:443?transport=tcp",
]
STUN = ["stun:stun.example:3478", "stun:stun.example:53"]


class TurnKeyService:
    """Set `respond` to (status, body, fields) and it does that instead of lending."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[dict[str, Any]] = []
        self.respond: tuple[int, bytes, dict[str, str]] | None = None

    def response(self, path: str, authorization: str, body: bytes) -> tuple[int, bytes, dict]:
        """What one POST gets."""
        self.requests.append({"path": path, "authorization": authorization, "body": body})
        if self.respond is not None:
            return self.respond
        if authorization != f"Bearer {TOKEN}":
            return 401, b'{"errors":[{"code":10000}]}', {}
        if path != f"/v1/turn/keys/{KEY_ID}/credentials/generate-ice-servers":
            return 404, b"", {}
        ttl = msgspec.json.decode(body)["ttl"]
        number = len(self.requests)
        turn = {"urls": URLS, "username": f"{ttl}-{number}", "credential": "c" * 96}
        return 201, msgspec.json.encode({"iceServers": [{"urls": STUN}, turn]}), {}


@contextlib.contextmanager
def turn_key_service() -> Iterator[TurnKeyService]:
    """The service, in a thread of its own, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            status, body, fields = service.response(
                self.path, self.headers.get("Authorization", ""), self.rfile.read(length)
            )
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **fields}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing into the output of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = TurnKeyService(f"http://localhost:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
