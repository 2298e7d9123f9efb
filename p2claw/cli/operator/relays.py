"""Tries the TURN key of a server: whether the service lends credentials for it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import click

from p2claw.config import TurnKey
from p2claw.coord.turn_key import TurnKeyError, ask


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one request with this key. urls: of the relays, if there is no error."""

    key: TurnKey
    urls: tuple[str, ...] = ()
    error: TurnKeyError | None = None

    def facts(self) -> dict[str, Any]:
        """For JSON; credentials are not among them."""
        error = self.error
        return {
            "turn_key": self.key.key_id,
            "ok": error is None,
            "urls": list(self.urls),
            "code": error.code if error else "",
            "message": error.message if error else "",
            "hint": error.hint if error else "",
        }


def try_turn_key(key: TurnKey) -> Trial:
    """Ask the service once, and throw away what it lends."""
    return asyncio.run(tried(key))


async def tried(key: TurnKey) -> Trial:
    """The same, in a loop that runs."""
    async with aiohttp.ClientSession(trust_env=True) as client:
        try:
            lease = await ask(client, key, int(time.time()))
        except TurnKeyError as error:
            return Trial(key, error=error)
    return Trial(key, lease.turn.urls)


def print_trial(trial: Trial) -> None:
    """A line, and what to do if it failed."""
    if trial.error is None:
        click.echo(f"relays: the TURN key is good, {', '.join(trial.urls)}")
    else:
        click.echo(f"relays: {trial.error.message} ({trial.error.code})")
        click.echo(f"  {trial.error.hint}")
