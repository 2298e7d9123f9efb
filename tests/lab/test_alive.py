"""Addresses, NATs, relays and agents change under a visit, and nothing of it is lost:
`tests.lab.alive`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.alive import alive
from tests.support.own_namespace import needs_namespaces

pytestmark = needs_namespaces("nft", "conntrack")


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


@pytest.mark.parametrize(
    ("event", "by"),
    [
        ("the relay is killed", "fetch"),
        ("the relay is slow", "fetch"),
        ("the relay's machine is gone", "chromium"),
    ],
)
async def test_a_visit_leaves_a_relay_that_is_of_no_use_any_more(
    event: str, by: str, tmp_path: Path
) -> None:
    row = await alive(event, by, tmp_path)
    assert row.is_whole and not row.stuck, row
