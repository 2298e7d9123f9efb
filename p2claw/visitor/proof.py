"""Checks that an answer comes from the box that the URL names (docs/WIRE.md §13)."""

from __future__ import annotations

import re

from p2claw.errors import LinkError
from p2claw.names import KEY_ALIAS_CHARS, key_alias_of, peer_id_of, public_key_of
from p2claw.visitor.app_url import AppUrl
from p2claw.visitor.pins import PinStore
from p2claw.wire.signalling import DialOffered
from p2claw.wire.signalling.belonging import owner_of
from p2claw.wire.signalling.dialling import Descriptor
from p2claw.wire.signalling.signatures import ANSWER, DIAL, answer_payload, fingerprint_of, verify

# An alias of this form claims to be the hash of a key, and is held to it.
_KEY_ALIAS = re.compile(rf"[a-z2-7]{{{KEY_ALIAS_CHARS}}}")


def check_key(
    address: AppUrl,
    peer_id: str,
    pins: PinStore | None,
    statements: tuple[bytes, ...] = (),
    *,
    now_s: float = 0.0,
) -> str:
    """The key that the coordinator names must belong to the name that was asked for.

    statements: what came with it. now_s: Unix seconds. Returns the peer id whose name it is: of a
    box in a team that of the founder. Raises LinkError `wrong-key`.
    """
    peer_id = peer_id_of(owner_of(public_key_of(peer_id), statements, now_s))
    if _KEY_ALIAS.fullmatch(address.alias):
        if key_alias_of(public_key_of(peer_id)) != address.alias:
            raise _wrong_key(address, f"{peer_id} is not the key that the name is a hash of")
    elif address.peer_id is not None:
        if peer_id != address.peer_id:
            raise _wrong_key(address, f"it has {peer_id}, the link names {address.peer_id}")
    elif pins is not None:
        known = pins.get(address.host)
        if known is not None and known != peer_id:
            raise _wrong_key(address, f"it has {peer_id}, at the first visit it had {known}")
    return peer_id


def check_answer(
    address: AppUrl, peer_id: str, *, session: str, offer: str, answer: str, signature: bytes
) -> None:
    """The box must have signed this answer to this offer with that key.

    Raises LinkError `wrong-key`; RemoteProtocolError if the answer has no one fingerprint.
    """
    payload = answer_payload(session, offer, fingerprint_of(answer))
    if not verify(public_key_of(peer_id), ANSWER, payload, signature):
        raise _wrong_key(address, "the answer is not signed by its key")


def check_descriptor(
    address: AppUrl, peer_id: str, dial: DialOffered, *, now_s: float
) -> Descriptor | None:
    """How to dial the box; None if that is over. now_s: Unix seconds.

    The box must have signed it with that key, whatever the coordinator says. Raises LinkError
    `wrong-key`; RemoteProtocolError if it is of no known form.
    """
    if not verify(public_key_of(peer_id), DIAL, dial.descriptor, dial.signature):
        raise _wrong_key(address, "the descriptor is not signed by its key")
    descriptor = Descriptor.unpack(dial.descriptor)
    return None if descriptor.ticket.is_expired(now_s) else descriptor


def _wrong_key(address: AppUrl, why: str) -> LinkError:
    return LinkError(
        f"{address.host} is not the box that it should be: {why}",
        code="wrong-key",
        hint="Someone may be reading along. Ask the box's owner whether the key has changed",
    )
