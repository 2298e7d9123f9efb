"""The first words on a control connection: the box proves its key, and is given its names.

What follows on the same connection is in `registration.py`. The messages are those of docs/WIRE.md
§11.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from p2claw import __version__
from p2claw.agent.home.identity import Identity
from p2claw.agent.home.public_names import PublicNames
from p2claw.errors import RemoteProtocolError
from p2claw.link.control import ControlLostError, ControlSocket
from p2claw.link.kept_clock import is_clock_kept
from p2claw.wire.signalling import (
    AgentError,
    AgentMessage,
    Challenge,
    Register,
    Registered,
    Unknown,
    decode_agent,
    encode_agent,
)
from p2claw.wire.signalling.signatures import REGISTER, register_payload

VERSION = 1
REGISTER_TIMEOUT_S = 10.0  # docs/WIRE.md §11


class RegistrationError(ControlLostError):
    """The coordinator refuses this box. The message is for people, with what to do."""

    def __init__(
        self, message: str, *, code: str, hint: str = "", close_code: int | None = None
    ) -> None:
        super().__init__(message, close_code=close_code)
        self.code = code
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Accepted:
    """names: those that the box has there. follows: the coordinator knows changes of keys."""

    names: PublicNames
    follows: bool


async def register(
    socket: ControlSocket,
    identity: Identity,
    audience: str,
    *,
    invite: str = "",
    clock: Callable[[], float] = time.time,
) -> Accepted:
    """Register on a socket that has just been opened. audience, invite: as of `Registration`.

    Raises ControlLostError, RegistrationError, RemoteProtocolError.
    """
    challenge = await _receive(socket)
    if isinstance(challenge, AgentError):
        raise refusal(challenge, 0)
    if not isinstance(challenge, Challenge):
        raise RemoteProtocolError("the coordinator did not begin with a challenge")
    if challenge.min > VERSION:
        raise refusal(AgentError("version"), 0)
    if identity.changes and not challenge.follows:
        # It would take the box for a new one, and give it another alias, for ever.
        raise refusal(AgentError("coordinator-older"), 0)
    now_s = int(clock())
    payload = register_payload(challenge.nonce, now_s, audience)
    message = Register(
        public_key=identity.public_key,
        nonce=challenge.nonce,
        time=now_s,
        audience=audience,
        signature=identity.sign(REGISTER, payload),
        v=VERSION,
        sw=f"p2claw/{__version__}",
        invite=invite,
        statements=identity.statements,
    )
    await socket.send(encode_agent(message))
    reply = await _receive(socket)
    if isinstance(reply, AgentError):
        raise refusal(reply, now_s - challenge.time)
    if not isinstance(reply, Registered):
        raise RemoteProtocolError("the coordinator sent no reply to a registration")
    # The key alias is computed here, so that a coordinator cannot choose it.
    names = PublicNames(
        reply.base,
        reply.alias,
        identity.key_alias,
        reply.seen,
        (*reply.others, *identity.earlier_key_aliases),
    )
    return Accepted(names, challenge.follows)


async def _receive(socket: ControlSocket) -> AgentMessage | Unknown:
    return decode_agent(await socket.receive(timeout_s=REGISTER_TIMEOUT_S))


def refusal(error: AgentError, ahead_s: int) -> RegistrationError:
    """An error of the coordinator, explained for people.

    ahead_s: how far our clock is ahead of its.
    """
    close_code, message, hint = _REFUSALS.get(error.code, (None, "", ""))
    if error.code == "clock-skew" and ahead_s:
        way = "ahead of" if ahead_s > 0 else "behind"
        message = f"The clock of this box is {abs(ahead_s)} s {way} the coordinator's"
        if is_clock_kept():
            message += ", and a time server keeps this box's: the coordinator's is wrong"
            hint = "Ask the owner of the coordinator to set its clock"
    return RegistrationError(
        message or error.message or f"The coordinator refuses this box ({error.code})",
        code=error.code,
        hint=hint,
        close_code=close_code,
    )


_REFUSALS: dict[str, tuple[int, str, str]] = {
    "signature-invalid": (
        4001,
        "The coordinator does not accept the signature of this box",
        "Something changes what is sent on the way, or the coordinator is not what it seems",
    ),
    "clock-skew": (
        4002,
        "The clock of this box is too far from the coordinator's",
        "Set it, for example with `timedatectl set-ntp true`",
    ),
    "version": (
        4003,
        "The coordinator speaks a newer protocol than this agent",
        "Update p2claw on this box",
    ),
    "timeout": (4008, "The registration took too long", ""),
    "replaced": (
        4009,
        "Another agent registered with the key of this box, and the newest wins",
        "Run one agent for a key: stop one of them, or give the other a key of its own",
    ),
    "audience-invalid": (
        4010,
        "The coordinator is not known by the name that was dialled",
        "Use the address that its owner gave: `p2claw join` checks it",
    ),
    "banned": (
        4011,
        "The operator of the coordinator keeps this box out",
        "Ask them why; links that are open stay",
    ),
    "invite-needed": (
        4011,
        "The coordinator accepts new boxes by invitation",
        "Ask its owner for a code, then `p2claw join URL --invite CODE`, and start the agent again",
    ),
    "invite-invalid": (
        4011,
        "The invitation is used up, has expired, was withdrawn, or never was",
        "Ask for another, then `p2claw join URL --invite CODE`, and start the agent again",
    ),
    "not-listed": (
        4011,
        "The coordinator accepts listed boxes only",
        "Send its owner the peer id that `p2claw identity` shows",
    ),
    "key-replaced": (
        4011,
        "This box has another key now, and the one here is good for nothing more",
        "If you changed the key, use the file of the new one. If you did not, somebody had this "
        "key, or the backup key: docs/guides/lost-box.md",
    ),
    "coordinator-older": (
        4003,
        "The coordinator is older than this program, and knows no changes of keys",
        "Ask its owner to update it: it would give this box another alias",
    ),
    "rate-limited": (
        4029,
        "The coordinator has had too many registrations from this address",
        "It is tried again by itself",
    ),
}
