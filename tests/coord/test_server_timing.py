"""p2claw.coord.server_timing: what comes with a page, for its visit."""

from __future__ import annotations

import base64
import re

import pytest

from p2claw.config import ServerConfig, ServerLimits
from p2claw.coord.rendezvous import Rendezvous
from p2claw.coord.server_timing import ServerTiming
from p2claw.wire.signalling import Dial

KEY, SIGNATURE, DESCRIPTOR = bytes(range(32)), b"s" * 64, b"d" * 70
HOST = "dog-purplecrab.localhost:8787"


@pytest.fixture
def rendezvous() -> Rendezvous:
    found = Rendezvous(ServerLimits())
    found.box_online(1, KEY, "purplecrab", ["dog"])
    found.box_dialled_by(1, Dial(DESCRIPTOR, SIGNATURE))
    return found


def dial_in(field: str) -> bytes | None:
    match = re.fullmatch(
        r'p2claw-ice;dur=0;desc="[\w-]*"(?:, p2claw-dial;dur=0;desc="([\w-]+)")?', field
    )
    assert match
    text = match[1]
    return text and base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def server_timing(rendezvous: Rendezvous) -> ServerTiming:
    return ServerTiming(ServerConfig(stun_urls=()), rendezvous)


async def test_a_page_gets_how_its_box_is_dialled(rendezvous: Rendezvous) -> None:
    assert dial_in(await server_timing(rendezvous).at_host(HOST)) == KEY + SIGNATURE + DESCRIPTOR


async def test_a_box_is_found_by_its_key_alias_too(rendezvous: Rendezvous) -> None:
    (box,) = rendezvous.boxes
    assert (
        dial_in(await server_timing(rendezvous).of_box(box.key_alias))
        == KEY + SIGNATURE + DESCRIPTOR
    )


@pytest.mark.parametrize("host", ["", "localhost", "dog-cat.localhost", "..", "-.localhost"])
async def test_of_a_host_without_such_a_box_only_the_servers_are_named(
    rendezvous: Rendezvous, host: str
) -> None:
    assert dial_in(await server_timing(rendezvous).at_host(host)) is None


async def test_a_box_that_is_dialled_no_more_is_left_out(rendezvous: Rendezvous) -> None:
    rendezvous.box_dialled_by(1, Dial(b"", SIGNATURE))
    assert dial_in(await server_timing(rendezvous).at_host(HOST)) is None
