"""The end of a link that one side wants is seen by the other."""

from __future__ import annotations

import asyncio

import pytest

from tests.interop.link import Link


async def test_an_abort_of_ours_closes_their_channels(link: Link) -> None:
    link.association.abort("enough")
    link.ours.wake()
    await link.first.theirs.closed()


@pytest.mark.needs("shutdown")
async def test_a_shutdown_of_ours_closes_their_channels(link: Link) -> None:
    link.association.shutdown(asyncio.get_running_loop().time())
    link.ours.wake()
    await link.first.theirs.closed()
    ended = await link.ended()
    assert ended is None or ended.code in ("shutdown", "aborted")


@pytest.mark.needs("goodbye")
async def test_an_end_of_theirs_ends_ours(link: Link) -> None:
    await link.theirs.do("end")
    ended = await link.ended()
    # The end of DTLS, which all of them send as well, may come first.
    assert ended is None or (ended.code in ("aborted", "shutdown") and ended.by_peer)
