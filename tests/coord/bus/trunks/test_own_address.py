"""p2claw.coord.bus.trunks.own_address: what a node that listens everywhere announces."""

from __future__ import annotations

import pytest

from p2claw.config import BusAddress
from p2claw.coord.bus.trunks.own_address import own_address
from p2claw.errors import UsageError


@pytest.mark.parametrize(
    ("listens", "bus", "announced"),
    [
        ("10.0.0.5", "redis://127.0.0.1", "10.0.0.5"),
        ("", "redis://127.0.0.1:7000", "127.0.0.1"),
        ("0.0.0.0", "redis+sentinel://127.0.0.1/mymaster", "127.0.0.1"),
        ("", "unix:///tmp/redis.sock", "127.0.0.1"),
    ],
)
async def test_it_is_the_one_that_is_named_or_that_it_has_towards_redis(
    listens: str, bus: str, announced: str
) -> None:
    assert await own_address(listens, BusAddress.parse(bus)) == announced


async def test_without_any_the_option_is_named() -> None:
    with pytest.raises(UsageError) as refused:
        await own_address("", BusAddress.parse("redis://nowhere.invalid"))
    assert refused.value.code == "node-address-unknown"
