"""Decides where a box registers: with which of the coordinators that it has joined, or another.

A box goes nowhere by itself. It registers where it was told to, or where it has joined, and never
with a default of the program; so a box that starts again is found where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from p2claw.agent.home.coordinators import Joined
from p2claw.config import check_coordinator
from p2claw.errors import UsageError


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a box registers. remember: this is the first one it hears of.

    elsewhere: it has joined others, and not this one. joined: those.
    """

    url: str
    joined: Joined
    remember: bool = False
    elsewhere: bool = False


def choose(joined: Joined, named: str | None = None, *, setting: str = "") -> Choice:
    """Where the box registers.

    named: a coordinator, on the command line, or in a setting that is there whatever is run: then
    `setting` says which, for people. One that was forgotten in a shell, or written for another box,
    shall not carry this box away: it counts only if the box has joined that coordinator, or none.

    Raises UsageError `coordinator-unknown`, `coordinator-ambiguous`, `coordinator-differs`,
    `coordinator-invalid`.
    """
    if named is None:
        return Choice(_usual(joined), joined)
    url = check_coordinator(named)
    elsewhere = bool(joined.urls) and url not in joined.urls
    if not setting:
        return Choice(url, joined, remember=not joined.urls, elsewhere=elsewhere)
    if elsewhere:
        raise UsageError(
            f"{setting} names {url}, and this box has joined {joined}",
            code="coordinator-differs",
            hint=f"`p2claw join {url}` if it is right; or for once `p2claw run --at …`",
        )
    return Choice(url, joined)


def _usual(joined: Joined) -> str:
    if not joined.urls:
        raise UsageError(
            "This box has joined no coordinator",
            code="coordinator-unknown",
            hint="`p2claw join https://…` with the address that its owner gave you; "
            "`p2claw server` runs one, `p2claw demo` tries everything on this machine",
        )
    if joined.usual is None:
        raise UsageError(
            f"This box has joined {joined}, and none of them is the default",
            code="coordinator-ambiguous",
            hint="`p2claw run --at URL` for this time, `p2claw join --default URL` for always",
        )
    return joined.usual
