"""What an agent counts at its UDP port: docs/dataplane/STATISTICS.md, `udp`."""

from __future__ import annotations

from typing import Any

from tests.e2e.stack import Stack

COUNTS = ("wakes", "reads", "sends", "datagrams_in", "datagrams_out")


async def port_counts(whole: Stack) -> dict[str, int]:
    """By name, since the port was opened; empty while there is no link."""
    links: list[dict[str, Any]] = (await whole.ask("GET", "/v1/sessions"))["sessions"]
    return {name: links[0]["udp"][name] for name in COUNTS} if links else {}


async def no_port() -> dict[str, int]:
    """Of a proxy."""
    return {}
