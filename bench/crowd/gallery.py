"""gallery: everybody opens a page of three hundred small pictures at once."""

from __future__ import annotations

import os
from typing import Any

from bench.crowd.sides import Side
from bench.scale.downloads import jain

VISITORS = (50,)
SECONDS = 60.0  # at most
PICTURES = 300
PICTURE_BYTES = 30_000


def files() -> dict[str, bytes]:
    """The pictures, and the film whose first byte `open` asks for."""
    pictures = {f"picture{number}": os.urandom(PICTURE_BYTES) for number in range(1, PICTURES + 1)}
    return {"film": b"film", **pictures}


async def prepare(side: Side, visitors: int) -> None:
    """All sit down."""
    await side.audience.ask({"do": "open", "visitors": visitors}, timeout_s=120)


async def once(side: Side, visitors: int, seconds: float) -> tuple[int, dict[str, Any]]:
    """Bytes that came, and how long each waited for the last picture."""
    command = {"do": "pictures", "count": PICTURES}
    waited_s = sorted(await side.audience.ask(command, timeout_s=seconds + 60))
    return visitors * PICTURES * PICTURE_BYTES, {
        "requests": visitors * PICTURES,
        "done_s": round(waited_s[len(waited_s) // 2], 2),
        "done_worst_s": round(waited_s[-1], 2),
        "jain": round(jain([round(1e6 / one) for one in waited_s]), 4),
    }


SPREADS = ("done_s", "done_worst_s", "jain")
