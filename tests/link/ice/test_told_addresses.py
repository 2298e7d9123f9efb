"""Candidates for addresses that a machine was told of."""

from __future__ import annotations

from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority

from p2claw.link.ice.candidates import read_candidate, write_candidate
from p2claw.link.ice.told_addresses import told_candidates


def host(address: str, preference: int = 65_535) -> Candidate:
    return Candidate(
        foundation=candidate_foundation("host", "udp", address),
        component=1,
        transport="udp",
        priority=candidate_priority(1, "host", preference),
        host=address,
        port=4_100,
        type="host",
    )


def test_a_told_address_comes_after_the_machines_own_and_names_its_base() -> None:
    hosts = [host("10.0.0.5"), host("10.8.0.2", 65_534)]
    [found] = told_candidates([("198.51.100.7", 9_000)], hosts)
    assert (found.host, found.port, found.type) == ("198.51.100.7", 9_000, "srflx")
    assert (found.related_address, found.related_port) == ("10.0.0.5", 4_100)
    assert found.priority < hosts[1].priority
    assert read_candidate(write_candidate(found)) is not None


def test_each_family_has_a_base_of_its_own_or_no_candidate() -> None:
    told = [("198.51.100.7", 4_100), ("2001:db8::7", 4_100)]
    both = told_candidates(told, [host("10.0.0.5"), host("fd00::5")])
    assert [c.related_address for c in both] == ["10.0.0.5", "fd00::5"]
    assert [c.host for c in told_candidates(told, [host("fd00::5")])] == ["2001:db8::7"]


def test_an_address_that_the_machine_has_is_not_told_twice() -> None:
    told = [
        ("198.51.100.7", 4_100),
        ("2001:DB8::7", 4_100),
        ("198.51.100.9", 1),
        ("198.51.100.9", 1),
    ]
    hosts = [host("198.51.100.7"), host("2001:db8::7")]
    assert [c.host for c in told_candidates(told, hosts)] == ["198.51.100.9"]
