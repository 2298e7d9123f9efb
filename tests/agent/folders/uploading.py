"""How a visitor sends a file: what the tests of uploads share."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from p2claw.agent.home.routes import Route
from tests.support.proxied import Fields, Proxied, Response

ID = "0123456789abcdef" * 2
OWN: Fields = (
    ("origin", "http://dog-purplecrab.localhost:8787"),
    ("sec-fetch-site", "same-origin"),
)
PREFIX = "/.p2claw/upload"


def writable(kind: Literal["add", "replace"] = "add", **more: Any) -> Any:
    def change(route: Route) -> Route:
        return replace(route, upstream=replace(route.upstream, writable=kind), **more)

    return change


async def ask(
    box: Proxied,
    method: str,
    path: str,
    body: bytes | None = None,
    fields: Fields = OWN,
    **query: object,
) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a request; query beside id."""
    asked = {"id": ID, **query}
    text = "&".join(f"{name}={value}" for name, value in asked.items())
    response: Response = await box.ask(method, f"{PREFIX}{path}?{text}", fields, body)
    return response.status, json.loads(response.body)


async def sent(box: Proxied, path: str, content: bytes, **more: object) -> tuple[int, Any]:
    """A whole file in one request."""
    return await ask(box, "PUT", path, content, size=len(content), at=0, **more)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())
