"""Ends the allocations of a box at a coturn, by its command line over TCP (`cli-password`).

It is the one way that coturn has: credentials that have expired go on being refreshed, and quotas
are of numbers of allocations and of rates. Source: turnserver(1); coturn 4.6.1.
"""

from __future__ import annotations

import asyncio
import re

from p2claw.errors import P2clawError

CONNECT_S = 3.0
REPLY_S = 5.0
REPLY_BYTES = 1_048_576

_SESSION = re.compile(rb"id=(\d{1,20}), user <\d{1,20}:([a-z2-7]{26})\.")


class RelayCliError(P2clawError):
    """It cannot be reached, or its password is another one."""

    code = "relay-cli-failed"


async def end_allocations(host: str, port: int, password: str, boxes: frozenset[str]) -> int:
    """End all allocations of these boxes, by their key aliases; how many. Raises RelayCliError."""
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port, limit=REPLY_BYTES)
    except (OSError, TimeoutError) as error:
        raise RelayCliError(f"{host}:{port} cannot be reached: {error}") from None
    try:
        async with asyncio.timeout(REPLY_S):
            await reader.readuntil(b"password: ")
            writer.write(password.encode() + b"\r\n")
            await reader.readuntil(b"> ")
            found = []
            for box in boxes:
                writer.write(b"psp " + box.encode() + b"\r\n")
                shown = await reader.readuntil(b"Total sessions: ")
                await reader.readuntil(b"> ")
                found += [number for number, of in _SESSION.findall(shown) if of.decode() in boxes]
            for number in found:
                writer.write(b"cs " + number + b"\r\n")
                await reader.readuntil(b"> ")
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise RelayCliError(f"{host}:{port} lets nobody in with this password") from None
    finally:
        writer.close()
    return len(found)
