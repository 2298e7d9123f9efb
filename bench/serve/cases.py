"""The cases: how large a response is, and how many requests are under way at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

KB_BYTES = 1_000
MB_BYTES = 1_000_000
# By name, bytes. "page" is a document, for whoever must have one before it asks for another file.
FILES = {"small": KB_BYTES, "medium": 65_536, "large": 100 * MB_BYTES, "share": 10 * MB_BYTES}

Client = Literal["visitors", "chromium", "firefox"]


@dataclass(frozen=True, slots=True)
class Case:
    """file: one of FILES. visitors: each on a link, or a connection, of its own.

    parallel: requests of each visitor at once. requests: of all of them in one run. warm_up: how
    many are made before the first. by: who asks. "visitors" are in Python for the agent and h2load
    for a proxy; a browser visits both itself, by one request after the other of one page.
    """

    file: str
    visitors: int
    parallel: int
    requests: int
    warm_up: int = 200
    by: Client = "visitors"

    @property
    def path(self) -> str:
        return f"/{self.file}"

    @property
    def bytes(self) -> int:
        """Of the body of each response."""
        return FILES[self.file]


CASES = {
    "1-kb-parallel": Case("small", visitors=1, parallel=32, requests=4_000),
    "1-kb-alone": Case("small", visitors=1, parallel=1, requests=1_000),
    "64-kb-parallel": Case("medium", visitors=1, parallel=8, requests=800),
    "1-kb-visitors": Case("small", visitors=8, parallel=8, requests=4_000),
    "bulk": Case("large", visitors=1, parallel=1, requests=3, warm_up=1),
    "bulk-visitors": Case("share", visitors=24, parallel=1, requests=24, warm_up=24),
    "bulk-chromium": Case("large", visitors=1, parallel=1, requests=1, warm_up=1, by="chromium"),
    "bulk-firefox": Case("large", visitors=1, parallel=1, requests=1, warm_up=1, by="firefox"),
}
