"""A registration: it is taken only where the signature is good for what it says."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw.config import ServerConfig
from p2claw.coord.audience import Audience
from p2claw.coord.registration import CLOSE_CODES, check_registration
from p2claw.errors import RefusedError, RemoteProtocolError
from p2claw.wire.signalling import Challenge, Register, decode_agent
from p2claw.wire.signalling.signatures import REGISTER, register_payload, signed_bytes
from tests.vectors.by_hand import packed

_NOW_S = 1_700_000_000
_CHALLENGE = Challenge(nonce=bytes(range(32)), time=_NOW_S)
_AUDIENCE = Audience(ServerConfig(listen="127.0.0.1:8787"))
_NAMES = ("localhost:8787", "127.0.0.1:8787", "[::1]:8787", "coordinator.localhost:8787")


def _seed(number: int, name: str) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    signed = signed_bytes(REGISTER, register_payload(_CHALLENGE.nonce, _NOW_S, name))
    return packed(
        {
            "t": "register",
            "v": 1,
            "public_key": key.public_key().public_bytes_raw(),
            "nonce": _CHALLENGE.nonce,
            "time": _NOW_S,
            "audience": name,
            "signature": key.sign(signed),
            "sw": "p2claw/0.1.0",
            # Not signed and not known: changes here leave the registration good.
            "later": bytes(1_500),
        }
    )


SEEDS = [_seed(number, name) for number, name in enumerate(_NAMES)]
_SIGNED = {(number, name) for number, name in enumerate(_NAMES)}
_KEYS = {
    Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32).public_key().public_bytes_raw(): name
    for number, name in _SIGNED
}


def run(data: bytes) -> None:
    register = decode_agent(data)
    if not isinstance(register, Register):
        return
    try:
        check_registration(register, _CHALLENGE, _AUDIENCE, None, now_s=_NOW_S, clock_skew_s=120)
    except RefusedError as error:
        assert error.code in CLOSE_CODES
        raise RemoteProtocolError(error.message) from None
    assert (register.time, register.nonce) == (_NOW_S, _CHALLENGE.nonce)
    assert _KEYS[register.public_key] == register.audience
