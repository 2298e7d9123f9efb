"""p2claw.coord.registration and audience: which registrations are good."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from p2claw.config import ServerConfig
from p2claw.coord.audience import Audience
from p2claw.coord.registration import check_registration
from p2claw.errors import RefusedError
from p2claw.wire.signalling import Challenge, Register
from p2claw.wire.signalling.signatures import ANSWER, REGISTER, register_payload, signed_bytes

NOW_S = 1_700_000_000
CHALLENGE = Challenge(nonce=b"n" * 32, time=NOW_S)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
CONFIG = ServerConfig(listen="127.0.0.1:8787")


def _register(
    *, time: int = NOW_S, audience: str = "localhost:8787", purpose: str = REGISTER
) -> Register:
    """A registration that is signed for what it says."""
    signed = signed_bytes(purpose, register_payload(CHALLENGE.nonce, time, audience))
    return Register(
        public_key=KEY.public_key().public_bytes_raw(),
        nonce=CHALLENGE.nonce,
        time=time,
        audience=audience,
        signature=KEY.sign(signed),
    )


def _check(register: Register) -> None:
    check_registration(register, CHALLENGE, Audience(CONFIG), None, now_s=NOW_S, clock_skew_s=120)


def _refusal(register: Register) -> RefusedError:
    with pytest.raises(RefusedError) as refusal:
        _check(register)
    return refusal.value


def test_a_good_registration_is_accepted() -> None:
    _check(_register())


@pytest.mark.parametrize("time", [NOW_S - 120, NOW_S + 120])
def test_a_clock_two_minutes_off_is_tolerated(time: int) -> None:
    _check(_register(time=time))


@pytest.mark.parametrize("time", [NOW_S - 121, NOW_S + 121, 0, 2**53 - 1])
def test_a_clock_further_off_is_refused(time: int) -> None:
    assert _refusal(_register(time=time)).code == "clock-skew"


def test_the_refusal_of_a_clock_names_how_far_off_it_is() -> None:
    message = str(_refusal(_register(time=NOW_S + 300)))
    assert "300 s ahead" in message and "2023-11-14 22:13:20 UTC" in message


@pytest.mark.parametrize(
    "change",
    [
        {"signature": bytes(64)},
        {"public_key": bytes(range(32))},
        {"time": NOW_S + 1},
        {"audience": "127.0.0.1:8787"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_was_changed_after_it_was_signed_is_refused(change: dict[str, Any]) -> None:
    assert _refusal(replace(_register(), **change)).code == "signature-invalid"


def test_a_registration_for_another_challenge_is_refused() -> None:
    assert _refusal(replace(_register(), nonce=b"m" * 32)).code == "signature-invalid"


def test_a_signature_made_for_another_purpose_is_refused() -> None:
    assert _refusal(_register(purpose=ANSWER)).code == "signature-invalid"


def test_a_registration_for_another_coordinator_is_refused() -> None:
    assert _refusal(_register(audience="evil.example:8787")).code == "audience-invalid"


def test_a_version_that_is_too_old_is_refused() -> None:
    assert _refusal(replace(_register(), v=0)).code == "version"


_PUBLIC = ServerConfig(listen="0.0.0.0:8443", parent="example.org", scheme="https", public_port=443)


@pytest.mark.parametrize(
    ("config", "audience", "reached", "expected"),
    [
        (CONFIG, "localhost:8787", None, True),
        (CONFIG, "127.0.0.1:8787", None, True),
        (CONFIG, "[::1]:8787", None, True),
        (CONFIG, "any.localhost:8787", None, True),
        (CONFIG, "localhost", None, False),
        (CONFIG, "localhost:8788", None, False),
        (CONFIG, "notlocalhost:8787", None, False),
        (CONFIG, "localhost.evil.example:8787", None, False),
        (CONFIG, "192.0.2.1:8787", ("192.0.2.1", 8787), True),
        (CONFIG, "192.0.2.1:8787", ("192.0.2.2", 8787), False),
        (CONFIG, "[2001:db8::1]:8787", ("2001:db8::1", 8787), True),
        (CONFIG, "", None, False),
        (CONFIG, ":8787", None, False),
        (CONFIG, "localhost:port", None, False),
        (_PUBLIC, "example.org", None, True),
        (_PUBLIC, "example.org:443", None, True),
        (_PUBLIC, "example.org:8443", None, True),
        (_PUBLIC, "coordinator.example.org", None, True),
        (_PUBLIC, "example.org:80", None, False),
        (_PUBLIC, "localhost:8443", None, False),
        (dataclasses.replace(_PUBLIC, names=("Other.example:1",)), "other.example:1", None, True),
    ],
)
def test_which_names_a_coordinator_goes_by(
    config: ServerConfig, audience: str, reached: tuple[str, int] | None, expected: bool
) -> None:
    assert Audience(config).admits(audience, reached) is expected
