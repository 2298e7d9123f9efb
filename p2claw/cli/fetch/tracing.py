"""What `-v` prints on standard error: links, requests and responses, as they come.

Secrets are left out: what is printed here is copied into reports of faults.
"""

from __future__ import annotations

import click

from p2claw.units import SECOND_MS
from p2claw.visitor import Response, Visitor

Fields = tuple[tuple[str, str], ...]

_SECRET = frozenset(("authorization", "cookie", "proxy-authorization", "set-cookie"))


class Trace:
    """Prints if it is wanted."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted

    def linked(self, url: str, visitor: Visitor, took_s: float) -> None:
        """A link is open."""
        stats = visitor.stats()
        self.note(f"linked to {url} in {took_s * SECOND_MS:.0f} ms, {stats.path}")
        self.note(f"the box is {visitor.peer_id}")

    def asked(self, method: str, target: str, fields: Fields) -> None:
        """A request leaves."""
        self._print(">", [f"{method} {target}", *_lines(fields)])

    def came(self, response: Response) -> None:
        """The head of a response has come."""
        made = f" ({response.error}, by the box)" if response.error else ""
        self._print("<", [f"{response.status}{made}", *_lines(response.fields)])

    def note(self, text: str) -> None:
        """Something that happened."""
        self._print("*", [text])

    def _print(self, sign: str, lines: list[str]) -> None:
        if self._wanted:
            click.echo("\n".join(f"{sign} {line}" for line in lines), err=True)


def _lines(fields: Fields) -> list[str]:
    return [f"{name}: {'…' if name.lower() in _SECRET else value}" for name, value in fields]
