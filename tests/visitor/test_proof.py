"""Whose key it must be, and what it must have signed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from p2claw.errors import LinkError, RemoteProtocolError
from p2claw.link.sdp import Description, write_description
from p2claw.names import key_alias_of, peer_id_of
from p2claw.visitor.app_url import parse_app_url
from p2claw.visitor.pins import PinStore
from p2claw.visitor.proof import check_answer, check_descriptor, check_key
from p2claw.wire.signalling import DialOffered
from p2claw.wire.signalling.dialling import Descriptor, Ticket
from p2claw.wire.signalling.signatures import ANSWER, DIAL, answer_payload, signed_bytes

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
PEER_ID, KEY_ALIAS = peer_id_of(PUBLIC), key_alias_of(PUBLIC)
OTHER_ID = peer_id_of(bytes(32))
URL = "https://dog-purplecrab.example/"

OFFER = "v=0\r\n"
FINGERPRINT = bytes(range(32))
ANSWER_SDP = write_description(Description("abcd", "p" * 22, FINGERPRINT, "active"))


def _signature(session: str = "s1", offer: str = OFFER, fingerprint: bytes = FINGERPRINT) -> bytes:
    return KEY.sign(signed_bytes(ANSWER, answer_payload(session, offer, fingerprint)))


def _check(signature: bytes, *, session: str = "s1", answer: str = ANSWER_SDP) -> None:
    address = parse_app_url(URL)
    check_answer(address, PEER_ID, session=session, offer=OFFER, answer=answer, signature=signature)


def test_any_key_will_do_at_the_first_visit(tmp_path: Path) -> None:
    check_key(parse_app_url(URL), PEER_ID, PinStore(tmp_path / "pins"))


@pytest.mark.parametrize(
    ("url", "peer_id"),
    [
        (f"https://dog-{KEY_ALIAS}.example/", PEER_ID),
        (f"{URL}#k={PEER_ID}", PEER_ID),
    ],
)
def test_the_right_key_passes(url: str, peer_id: str) -> None:
    check_key(parse_app_url(url), peer_id, None)


@pytest.mark.parametrize(
    "url", [f"https://dog-{KEY_ALIAS}.example/", f"{URL}#k={PEER_ID}", f"{URL}?x#k={PEER_ID}"]
)
def test_another_key_does_not(url: str) -> None:
    with pytest.raises(LinkError) as caught:
        check_key(parse_app_url(url), OTHER_ID, None)
    assert caught.value.code == "wrong-key"


def test_a_key_alias_is_not_outvoted_by_a_key_in_the_link() -> None:
    url = f"https://dog-{KEY_ALIAS}.example/#k={OTHER_ID}"
    with pytest.raises(LinkError):
        check_key(parse_app_url(url), OTHER_ID, None)


def test_another_key_than_the_pinned_does_not_pass(tmp_path: Path) -> None:
    pins = PinStore(tmp_path / "pins")
    pins.add("dog-purplecrab.example", PEER_ID)
    with pytest.raises(LinkError):
        check_key(parse_app_url(URL), OTHER_ID, pins)


def test_a_signed_answer_passes() -> None:
    _check(_signature())


@pytest.mark.parametrize(
    "signature",
    [
        bytes(64),
        _signature(session="s2"),
        _signature(offer="v=1\r\n"),
        _signature(fingerprint=bytes(32)),
        KEY.sign(answer_payload("s1", OFFER, FINGERPRINT)),
    ],
    ids=["none", "other-session", "other-offer", "other-certificate", "no-purpose"],
)
def test_another_signature_does_not(signature: bytes) -> None:
    with pytest.raises(LinkError) as caught:
        _check(signature)
    assert caught.value.code == "wrong-key"


def test_two_certificates_in_one_answer_are_refused() -> None:
    second = f"a=fingerprint:sha-256 {bytes(32).hex(':')}\r\n"
    with pytest.raises(RemoteProtocolError):
        _check(_signature(), answer=ANSWER_SDP + second)


DESCRIPTOR = Descriptor(Ticket(0, 1_000, bytes(10)), "p" * 24, FINGERPRINT, (("192.0.2.1", 9),))


def _dial(purpose: str = DIAL, packed: bytes = DESCRIPTOR.pack()) -> DialOffered:
    return DialOffered(packed, KEY.sign(signed_bytes(purpose, packed)))


def test_a_descriptor_that_the_box_has_signed_is_good_until_it_expires() -> None:
    address = parse_app_url(URL)
    assert check_descriptor(address, PEER_ID, _dial(), now_s=999) == DESCRIPTOR
    assert check_descriptor(address, PEER_ID, _dial(), now_s=1_000) is None


@pytest.mark.parametrize("bit", range(0, len(DESCRIPTOR.pack()) * 8, 5))
def test_no_bit_of_a_descriptor_can_be_changed_by_who_hands_it_out(bit: int) -> None:
    changed = int.from_bytes(DESCRIPTOR.pack(), "big") ^ 1 << bit
    packed = changed.to_bytes(len(DESCRIPTOR.pack()), "big")
    with pytest.raises(LinkError) as caught:
        check_descriptor(
            parse_app_url(URL), PEER_ID, DialOffered(packed, _dial().signature), now_s=0
        )
    assert caught.value.code == "wrong-key"


def test_a_descriptor_is_signed_by_this_box_and_for_this_purpose() -> None:
    for peer_id, dial in ((OTHER_ID, _dial()), (PEER_ID, _dial(ANSWER))):
        with pytest.raises(LinkError) as caught:
            check_descriptor(parse_app_url(URL), peer_id, dial, now_s=0)
        assert caught.value.code == "wrong-key"
