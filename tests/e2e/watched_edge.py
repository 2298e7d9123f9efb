"""`p2claw` whose edge writes down what reached it: for tests of what must not reach it.

Run as `Stack.program`; the lines are read by `reached`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from aiohttp import web

from p2claw.cli.main import main
from p2claw.edge.app import Edge

NAME = "edge.jsonl"


def reached(folder: Path, app: str) -> list[tuple[str, str, str]]:
    """Destination, method and path of each request for an app that came to the edge of a stack."""
    log = folder / NAME
    lines = log.read_text().splitlines() if log.exists() else []
    seen = (json.loads(line) for line in lines)
    return [(s["dest"], s["method"], s["path"]) for s in seen if s["host"].startswith(f"{app}-")]


def _watch(log: Path) -> None:
    handle = Edge.handle

    async def watched(self: Edge, request: web.Request) -> web.StreamResponse:
        line = {
            "host": request.headers.get("Host", ""),
            "dest": request.headers.get("Sec-Fetch-Dest", ""),
            "method": request.method,
            "path": request.raw_path,
        }
        with log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return await handle(self, request)

    Edge.handle = watched  # type: ignore[method-assign]


if __name__ == "__main__":
    _watch(Path(os.environ["P2CLAW_HOME"]).parent / NAME)
    sys.exit(main())
