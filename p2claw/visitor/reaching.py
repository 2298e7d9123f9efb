"""Reaches a box for a first link: as an earlier visit has dialled it, or by an introduction."""

from __future__ import annotations

import time
from functools import partial

from p2claw.errors import LinkError, RemoteProtocolError
from p2claw.log import get_log
from p2claw.visitor.app_url import AppUrl
from p2claw.visitor.dial_memory import DialMemory
from p2claw.visitor.dialling import Reached, first_of
from p2claw.visitor.pins import PinStore
from p2claw.visitor.proof import check_descriptor, check_key
from p2claw.visitor.signalling import DIAL_PATIENCE_S, Opened, open_channel
from p2claw.wire.signalling import DialOffered
from p2claw.wire.signalling.dialling import Descriptor

log = get_log("visitor")


async def reach(address: AppUrl, pins: PinStore | None) -> Opened:
    """Dial the box as an earlier visit did; if that does not get on, be introduced as well.

    The coordinator is asked nothing if the dial opens in time. A descriptor that led nowhere is
    dropped. Raises what `open_channel` raises.
    """
    memory = DialMemory(address.host, pins)
    dial = memory.kept()
    # A descriptor is as good as the key that it is verified with: it brings none of its own.
    pin = None if pins is None else pins.get(address.host)
    peer_id = address.peer_id or (None if pin is None else pin.peer_id)
    if dial is None or peer_id is None:
        return await open_channel(address, pins)
    descriptor = _proved(address, peer_id, dial, pins)
    if descriptor is None or memory.is_dead(descriptor):
        memory.drop(dial)
        return await open_channel(address, pins)
    introduced: Opened | None = None

    async def offer() -> Reached:
        nonlocal introduced
        introduced = await open_channel(address, pins, tried=dial)
        return introduced.peer, introduced.channel

    peer, channel = await first_of(
        descriptor,
        offer,
        patience_s=DIAL_PATIENCE_S,
        unanswered=partial(memory.led_nowhere, descriptor),
    )
    if introduced is None or introduced.peer is not peer:
        return Opened(peer, channel, peer_id, dial)
    memory.drop(dial)
    return introduced


def _proved(
    address: AppUrl, peer_id: str, dial: DialOffered, pins: PinStore | None
) -> Descriptor | None:
    """How to dial; None if this key has not signed it, or it is over."""
    try:
        check_key(address, peer_id, pins)
        return check_descriptor(address, peer_id, dial, now_s=time.time())
    except (LinkError, RemoteProtocolError) as error:
        # Whose box it is now the introduction shows, which refuses a wrong key.
        log.debug("descriptor dropped", error=error.message)
        return None
