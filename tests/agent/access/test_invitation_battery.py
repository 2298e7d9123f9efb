"""Attempts to get in by an invitation that does not hold: none succeeds, the app sees nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from p2claw.agent.access import tokens
from tests.agent.access.attempts import INVITATION, OUTSIDE, RANDOM, refused, text_of
from tests.support.guarded_box import PAGE, GuardedBox, guarded_box

INVITED: dict[str, Callable[[GuardedBox], Awaitable[str]]] = {}


def _invited(make: Callable[[GuardedBox], Awaitable[str]]) -> None:
    INVITED[(make.__name__).strip("_")] = make


@_invited
async def _nothing(guarded: GuardedBox) -> str:
    return ""


@_invited
async def _zeros(guarded: GuardedBox) -> str:
    return "A" * 43


@_invited
async def _by_another_key(guarded: GuardedBox) -> str:
    return tokens.sign(b"x" * 32, tokens.INVITATION, "dog", RANDOM)


@_invited
async def _to_another_app(guarded: GuardedBox) -> str:
    return await guarded.invite(app="cat")


@_invited
async def _a_session(guarded: GuardedBox) -> str:
    return (await guarded.cookie())[1].partition("=")[2]


@_invited
async def _expired_one(guarded: GuardedBox) -> str:
    token = await guarded.invite(for_s=60)
    guarded.clock.now_s += 60
    return token


@_invited
async def _used_up(guarded: GuardedBox) -> str:
    token = await guarded.invite(uses=1)
    assert (await guarded.box.ask("GET", f"{INVITATION}?t={token}")).status == 303
    return token


@_invited
async def _revoked(guarded: GuardedBox) -> str:
    token = await guarded.invite()
    await guarded.keeper.revoke(guarded.keeper.invitations()[0]["id"])
    return token


@_invited
async def _of_which_only_the_id_is_known(guarded: GuardedBox) -> str:
    await guarded.invite()
    digest = bytes.fromhex(guarded.keeper.invitations()[0]["id"].ljust(32, "0"))
    return text_of(digest + digest)


@pytest.mark.parametrize("kind", INVITED)
async def test_no_invitation_lets_in_that_does_not_hold(guarded: GuardedBox, kind: str) -> None:
    token = await INVITED[kind](guarded)
    for target in (f"{INVITATION}?t={token}", f"{INVITATION}?t=x&t={token}", f"/?t={token}"):
        assert refused(await guarded.box.ask("GET", target, PAGE))
    assert refused(await guarded.box.ask("POST", f"{INVITATION}?t={token}", PAGE, b""))


async def test_an_invitation_with_one_use_lets_one_in_of_many_at_once(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        token = await guarded.invite(uses=1)
        asked = [guarded.box.ask("GET", f"{INVITATION}?t={token}", PAGE) for _ in range(20)]
        statuses = sorted([response.status for response in await asyncio.gather(*asked)])
    assert statuses == [303] + [401] * 19


@pytest.mark.parametrize("to", OUTSIDE)
async def test_no_invitation_leads_to_another_site(guarded: GuardedBox, to: str) -> None:
    target = f"{INVITATION}?t={await guarded.invite()}&to={quote(to)}"
    response = await guarded.box.ask("GET", target, PAGE)
    assert (response.status, response.value("location")) == (303, "/")
