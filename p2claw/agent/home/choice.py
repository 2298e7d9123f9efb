"""Decides where a box registers: with one of the coordinators that it has joined, or another.

The program has no default of its own. A box registers with the coordinator that a person names, or
that it has joined before; so a box that starts again is found where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from p2claw.agent.home.coordinators import Joined
from p2claw.config import check_coordinator
from p2claw.errors import UsageError


@dataclass(frozen=True, slots=True)
class Choice:
    """The coordinator with which a box registers. remember: it has joined none before.

    elsewhere: it has joined others, and not this one. joined: all that it has joined.
    """

    url: str
    joined: Joined
    remember: bool = False
    elsewhere: bool = False


def choose(joined: Joined, named: str | None = None, *, setting: str = "") -> Choice:
    """Where the box registers.

    named: a coordinator, from the command line; or from a setting that holds for every command, as
    a variable of the environment does, and then `setting` is its name. A setting may be left over
    in a shell, or be meant for another box. So it counts only if the box has joined that
    coordinator, or none at all.

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
