"""Addresses, NATs and agents change under a visit, and nothing of it is lost: `tests.lab.alive`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lab.alive import alive
from tests.support import namespaces

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not namespaces.has("ip", "nft", "conntrack"),
    reason="network namespaces need root, iproute2, nftables and conntrack",
)


@pytest.mark.parametrize(
    ("event", "by"),
    [
        ("the visitor's address", "fetch"),
        ("the agent is killed", "fetch"),
        ("the visitor's NAT", "chromium"),
    ],
)
async def test_nothing_is_lost_and_nothing_comes_twice(event: str, by: str, tmp_path: Path) -> None:
    row = await alive(event, by, tmp_path)
    assert row.is_whole, row
