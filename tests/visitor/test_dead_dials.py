"""What is remembered of dials that led to nobody."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.link.ice.host_addresses import HostAddress
from p2claw.visitor import dead_dials
from p2claw.visitor.dead_dials import DEAD_S, DeadDials
from p2claw.visitor.dialling import Reached, first_of
from p2claw.visitor.host_cache import FILE_BYTES, MOST
from p2claw.wire.signalling.dialling import Descriptor, Ticket

HOST = "dog-purplecrab.example.org"
DESCRIPTOR = Descriptor(Ticket(0, 2**31, bytes(10)), "p" * 24, bytes(32), (("192.0.2.1", 9),))


class Now:
    s = 1_800_000_000.0


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def dead(tmp_path: Path, now: Now) -> DeadDials:
    return DeadDials(tmp_path / "dead_dials.json", clock=lambda: now.s)


def test_a_dial_that_led_to_nobody_is_dead_for_a_while(dead: DeadDials, now: Now) -> None:
    assert not dead.is_dead(HOST, DESCRIPTOR)
    dead.add(HOST, DESCRIPTOR)
    now.s += DEAD_S - 1
    assert dead.is_dead(HOST, DESCRIPTOR)
    assert not dead.is_dead("cat-purplecrab.example.org", DESCRIPTOR)
    now.s += 1
    assert not dead.is_dead(HOST, DESCRIPTOR)


def test_a_newer_ticket_to_the_same_addresses_is_as_dead(dead: DeadDials) -> None:
    dead.add(HOST, DESCRIPTOR)
    assert dead.is_dead(HOST, replace(DESCRIPTOR, ticket=Ticket(1, 2**31, bytes(10))))


def test_a_descriptor_with_other_addresses_is_dialled(dead: DeadDials) -> None:
    dead.add(HOST, DESCRIPTOR)
    assert not dead.is_dead(HOST, replace(DESCRIPTOR, addresses=(("192.0.2.1", 10),)))


def test_a_box_that_was_started_again_is_dialled(dead: DeadDials) -> None:
    dead.add(HOST, DESCRIPTOR)
    assert not dead.is_dead(HOST, replace(DESCRIPTOR, fingerprint=bytes(31) + b"\1"))


def test_in_another_network_everything_is_dialled(
    dead: DeadDials, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead.add(HOST, DESCRIPTOR)
    monkeypatch.setattr(
        dead_dials, "host_addresses", lambda: (HostAddress("198.51.100.7", 65_535),)
    )
    assert not dead.is_dead(HOST, DESCRIPTOR)


def test_an_ipv6_address_of_the_same_prefix_is_the_same_network(
    dead: DeadDials, monkeypatch: pytest.MonkeyPatch
) -> None:
    for host in ("2001:db8::1", "2001:db8::2"):
        monkeypatch.setattr(
            dead_dials, "host_addresses", lambda host=host: (HostAddress(host, 65_535),)
        )
        if host.endswith("1"):
            dead.add(HOST, DESCRIPTOR)
    assert dead.is_dead(HOST, DESCRIPTOR)


def test_a_clock_that_is_set_back_makes_nothing_last_longer(dead: DeadDials, now: Now) -> None:
    dead.add(HOST, DESCRIPTOR)
    now.s -= 1
    assert not dead.is_dead(HOST, DESCRIPTOR)


@pytest.mark.parametrize(
    "content", [b"", b"no", b"[]", b'{"dials": 1}', b'{"dials": {"a": 1}}', b"x" * FILE_BYTES]
)
def test_a_file_that_cannot_be_read_is_no_error(
    dead: DeadDials, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "dead_dials.json"
    path.write_bytes(content)
    assert not dead.is_dead(HOST, DESCRIPTOR)
    dead.add(HOST, DESCRIPTOR)
    assert dead.is_dead(HOST, DESCRIPTOR)


def test_the_file_has_a_bound_and_is_private(dead: DeadDials, tmp_path: Path, now: Now) -> None:
    for number in range(MOST + 3):
        now.s += 0.1
        dead.add(f"a{number}.example.org", DESCRIPTOR)
    assert not dead.is_dead("a2.example.org", DESCRIPTOR)
    assert dead.is_dead("a3.example.org", DESCRIPTOR)
    assert stat.S_IMODE((tmp_path / "dead_dials.json").stat().st_mode) == 0o600


async def test_a_dial_counts_as_unanswered_only_if_the_offer_reaches_the_box() -> None:
    nobody = replace(DESCRIPTOR, addresses=(("203.0.113.9", 9),))
    counted: list[bool] = []

    async def reaches() -> Reached:
        return None, None  # type: ignore[return-value]

    async def fails() -> Reached:
        raise OSError

    await first_of(nobody, reaches, patience_s=0.01, unanswered=lambda: counted.append(True))
    assert counted == [True]
    failing = first_of(nobody, fails, patience_s=0.01, unanswered=lambda: counted.append(False))
    with pytest.raises((OSError, TimeoutError)):
        await asyncio.wait_for(failing, 0.5)
    assert counted == [True]
