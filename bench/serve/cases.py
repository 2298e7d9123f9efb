"""The cases: how large a response is, and how many requests are under way at once."""

from __future__ import annotations

from dataclasses import dataclass

KB_BYTES = 1_000
FILES = {"small": KB_BYTES, "medium": 65_536}


@dataclass(frozen=True, slots=True)
class Case:
    """file: one of FILES. visitors: each on a link, or a connection, of its own.

    parallel: requests of each visitor at once. requests: of all of them in one run.
    """

    file: str
    visitors: int
    parallel: int
    requests: int

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
}
