"""p2claw.config.bus_address: one Redis, Sentinels, a cluster."""

from __future__ import annotations

import pytest

from p2claw.config import BusAddress, ServerConfig, StoreAddress
from p2claw.errors import UsageError


def test_one_redis_is_as_it_was_written() -> None:
    for url in ("redis://localhost", "rediss://a:b@redis.example:6380/1", "unix:///run/redis.sock"):
        parsed = BusAddress.parse(url)
        assert (parsed.kind, parsed.url) == ("redis", url)


def test_sentinels_are_hosts_and_the_name_of_a_master() -> None:
    parsed = BusAddress.parse("redis+sentinel://me:pa%40ss@a,b:26380,[::1]:9/mymaster/2")
    assert parsed.hosts == (("a", 26379), ("b", 26380), ("::1", 9))
    assert (parsed.kind, parsed.master, parsed.database) == ("sentinel", "mymaster", 2)
    assert (parsed.user, parsed.password, parsed.tls) == ("me", "pa@ss", False)


def test_a_cluster_is_hosts_alone() -> None:
    parsed = BusAddress.parse("rediss+cluster://:secret@a,b:7000")
    assert (parsed.kind, parsed.hosts, parsed.tls) == ("cluster", (("a", 6379), ("b", 7000)), True)
    assert str(parsed) == "rediss+cluster://:***@a,b:7000"
    assert "secret" not in repr(parsed)


@pytest.mark.parametrize(
    "text",
    [
        *("here", "http://a", "redis://", "redis://a:0", "redis://a/x", "unix://", "redis+x://a"),
        *(
            "redis+sentinel://a",
            "redis+sentinel://a/m/x",
            "redis+cluster://a/m",
            "redis+cluster://",
        ),
        "redis+cluster://a:b",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        BusAddress.parse(text)
    assert refused.value.code == "bus-invalid"


def test_several_nodes_need_one_store() -> None:
    with pytest.raises(UsageError) as refused:
        ServerConfig(bus=BusAddress.parse("redis://a"))
    assert refused.value.code == "bus-without-store"
    ServerConfig(bus=BusAddress.parse("redis://a"), store=StoreAddress.parse("postgresql://a/b"))


def test_a_port_for_other_nodes_without_a_bus_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        ServerConfig(node_listen="127.0.0.1:0")
    assert refused.value.code == "node-listen-without-bus"
