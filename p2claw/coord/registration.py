"""Checks a registration: its nonce, audience, clock and signature (docs/WIRE.md §10, §11). Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from p2claw.coord.audience import Audience
from p2claw.coord.effects import NOT_ADMITTED
from p2claw.errors import RefusedError
from p2claw.wire.signalling import Challenge, Register
from p2claw.wire.signalling.signatures import REGISTER, register_payload, verify

VERSION = 1

CLOSE_CODES = {
    "protocol": 4000,
    "signature-invalid": 4001,
    "clock-skew": 4002,
    "version": 4003,
    "timeout": 4008,
    "replaced": 4009,
    "audience-invalid": 4010,
    "banned": NOT_ADMITTED,
    "key-replaced": NOT_ADMITTED,
    "key-known": NOT_ADMITTED,
    "key-changes-used-up": NOT_ADMITTED,
    "backup-unknown": NOT_ADMITTED,
    "backup-known": NOT_ADMITTED,
    "invite-needed": NOT_ADMITTED,
    "invite-invalid": NOT_ADMITTED,
    "not-listed": NOT_ADMITTED,
    "rate-limited": 4029,
}


def check_registration(
    register: Register,
    challenge: Challenge,
    audience: Audience,
    reached: tuple[str, int] | None,
    *,
    now_s: int,
    clock_skew_s: int,
) -> None:
    """Returns if the registration proves that the box has the key.

    The nonce is of this connection, so nothing that was recorded on another can be good.
    Raises RefusedError with a code of `CLOSE_CODES`.
    """
    if register.v < VERSION:
        raise RefusedError(f"Version {register.v} is too old here", code="version")
    if register.nonce != challenge.nonce:
        raise RefusedError(
            "The registration is for another challenge than the one of this connection",
            code="signature-invalid",
        )
    if not audience.admits(register.audience, reached):
        raise RefusedError(
            f"This coordinator is not called {register.audience}",
            code="audience-invalid",
            hint="Dial its own name, or start it with --name for this one",
        )
    _check_clock(register.time - now_s, now_s, clock_skew_s)
    payload = register_payload(register.nonce, register.time, register.audience)
    if not verify(register.public_key, REGISTER, payload, register.signature):
        raise RefusedError("The signature is not by this key", code="signature-invalid")


def _check_clock(ahead_s: int, now_s: int, most_s: int) -> None:
    if abs(ahead_s) <= most_s:
        return
    try:
        here = datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        here = f"{now_s} s"
    way = "ahead of" if ahead_s > 0 else "behind"
    raise RefusedError(
        f"The clock of this box is {abs(ahead_s)} s {way} the coordinator's, which is {here}",
        code="clock-skew",
        hint=f"Set the clock: at most {most_s} s are tolerated",
    )
