"""Candidates for public addresses, which a machine itself does not have."""

from __future__ import annotations

from aioice import Candidate
from aioice.candidate import candidate_foundation, candidate_priority

from p2claw.link.ice.candidates import read_candidate, write_candidate
from p2claw.link.ice.public_candidates import public_candidates


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


def test_a_configured_address_comes_after_the_machines_own_and_names_its_base() -> None:
    hosts = [host("10.0.0.5"), host("10.8.0.2", 65_534)]
    [found] = public_candidates([("198.51.100.7", 9_000)], hosts)
    assert (found.host, found.port, found.type) == ("198.51.100.7", 9_000, "srflx")
    assert (found.related_address, found.related_port) == ("10.0.0.5", 4_100)
    assert found.priority < hosts[1].priority
    assert read_candidate(write_candidate(found)) is not None


def test_each_family_has_a_base_of_its_own_or_no_candidate() -> None:
    public = [("198.51.100.7", 4_100), ("2001:db8::7", 4_100)]
    both = public_candidates(public, [host("10.0.0.5"), host("fd00::5")])
    assert [c.related_address for c in both] == ["10.0.0.5", "fd00::5"]
    assert [c.host for c in public_candidates(public, [host("fd00::5")])] == ["2001:db8::7"]


def test_an_address_that_the_machine_has_is_not_sent_twice() -> None:
    public = [
        ("198.51.100.7", 4_100),
        ("2001:DB8::7", 4_100),
        ("198.51.100.9", 1),
        ("198.51.100.9", 1),
    ]
    hosts = [host("198.51.100.7"), host("2001:db8::7")]
    assert [c.host for c in public_candidates(public, hosts)] == ["198.51.100.9"]
