"""FOLDER PORT [FIELD: VALUE …]: serves a built app with these fields in every response.

/asked.json lists what was asked since it was last asked for.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

asked: list[str] = []
fields = [field.partition(": ") for field in sys.argv[3:]]


class Handler(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/asked.json":
            asked.append(self.path)
            super().do_GET()
            return
        body = json.dumps(asked).encode()
        asked.clear()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        for name, _, value in fields:
            self.send_header(name, value)
        super().end_headers()


if __name__ == "__main__":
    folder, port = sys.argv[1], int(sys.argv[2])
    ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=folder)).serve_forever()
