"""Checks that an answer comes from the box that the URL names (docs/WIRE.md §13)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from p2claw.errors import LinkError
from p2claw.names import KEY_ALIAS_CHARS, key_alias_of, peer_id_of, public_key_of
from p2claw.visitor.app_url import AppUrl
from p2claw.visitor.pins import PinStore
from p2claw.wire.signalling import DialOffered
from p2claw.wire.signalling.belonging import line_of
from p2claw.wire.signalling.dialling import Descriptor
from p2claw.wire.signalling.signatures import ANSWER, DIAL, answer_payload, fingerprint_of, verify

# An alias of this form claims to be the hash of a key, and is held to it.
_KEY_ALIAS = re.compile(rf"[a-z2-7]{{{KEY_ALIAS_CHARS}}}")


def check_key(
    address: AppUrl,
    peer_id: str,
    pins: PinStore | None,
    statements: Sequence[bytes] = (),
    *,
    now_s: float = 0.0,
) -> list[str]:
    """The key that the coordinator names must belong to the name that was asked for, or follow one
    that does, by these statements.

    statements: what came with it. now_s: Unix seconds. Returns the key whose name it is, of a box
    in a team that of the founder, and those that it follows, by their peer ids. A key that this
    visitor has seen followed is good no more, whoever names it. Raises LinkError `wrong-key`.
    """
    keys = line_of(public_key_of(peer_id), statements, now_s)
    line = [peer_id_of(key) for key in keys]
    pin = None if pins is None else pins.get(address.host)
    if _KEY_ALIAS.fullmatch(address.alias):
        if address.alias not in map(key_alias_of, keys):
            raise _wrong_key(address, f"{peer_id} is not the key that the name is a hash of")
        if pin is not None and pin.peer_id not in line:
            raise _wrong_key(address, f"it has {peer_id}, and had {pin.peer_id} since")
    elif address.peer_id is not None:
        is_past = pin is not None and address.peer_id in pin.past
        wanted = pin.peer_id if pin is not None and is_past else address.peer_id
        if wanted not in line:
            raise _wrong_key(address, f"it has {peer_id}, the link names {wanted}")
    elif pin is not None and pin.peer_id not in line:
        raise _wrong_key(address, f"it has {peer_id}, at the first visit it had {pin.peer_id}")
    return line


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
