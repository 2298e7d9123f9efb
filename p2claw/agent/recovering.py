"""A new machine takes the names of a lost box over, by the code that its owner has kept.

The new key is on the disk before the coordinator hears of it: whatever fails afterwards, the agent
makes good at its next start.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.agent.home.identity import Identity, add_identity, public_bytes, signed_statement
from p2claw.agent.home.lock import only_agent
from p2claw.agent.home.recovery_key import RecoveryKey
from p2claw.agent.registering import register
from p2claw.config import AgentConfig
from p2claw.errors import LinkError, RefusedError, RemoteProtocolError, UsageError
from p2claw.link.control import ControlLostError, ControlSocket
from p2claw.link.signalling_client import signalling_client
from p2claw.log import get_log
from p2claw.names import peer_id_of
from p2claw.system_errors import reason_of
from p2claw.wire.signalling.backup_reply import (
    PATH,
    REPLY_BYTES,
    BackupReply,
    decode_backup,
)
from p2claw.wire.signalling.statements import Kind, Statement

log = get_log("agent")

AGENT_PATH = "/__p2claw/v1/agent"
ASK_S = 10.0


@dataclass(frozen=True, slots=True)
class Recovered:
    """was: the peer id of the lost box. registered: whether the coordinator has made the change."""

    identity: Identity
    alias: str
    was: str
    registered: bool
    trouble: str = ""


async def recover(key: RecoveryKey, config: AgentConfig) -> Recovered:
    """Make a new key that follows the one of the lost box, keep it, and register with it.

    Raises UsageError `identity-there`, `agent-running`; RefusedError `backup-unknown`; LinkError
    `coordinator-silent`; RemoteProtocolError; IdentityError.
    """
    if config.identity_path.exists():
        raise UsageError(
            f"There is a key at {config.identity_path} already",
            code="identity-there",
            hint="If it is that of an earlier try, `p2claw run` goes on; else name another "
            "P2CLAW_HOME, or move it away",
        )
    with only_agent(config.lock_path):
        async with signalling_client() as client:
            reply = await _ask(client, config, key)
            identity, was = _follow(key, reply)
            if not await asyncio.to_thread(add_identity, config.identity_path, identity):
                raise UsageError("Another process made a key there", code="identity-there")
            file = CoordinatorFile(config.coordinators_path)
            await asyncio.to_thread(file.remember, config.coordinator)
            log.info("box recovered", peer_id=identity.peer_id, was=was)
            try:
                alias = await _register(client, config, identity)
            except (LinkError, RemoteProtocolError) as error:
                return Recovered(identity, reply.alias, was, registered=False, trouble=str(error))
    return Recovered(identity, alias, was, registered=True)


def _follow(key: RecoveryKey, reply: BackupReply) -> tuple[Identity, str]:
    """The new identity, and the peer id of the key before. Raises RemoteProtocolError."""
    named = Statement.unpack(reply.statement)
    if named.kind is not Kind.BACKUP or named.subject != key.public_key or not named.is_genuine():
        raise RemoteProtocolError("the coordinator named no box of this backup key")
    before = tuple(map(Statement.unpack, reply.statements))
    new = Ed25519PrivateKey.generate()
    step = signed_statement(key.private, Kind.ROTATE, public_bytes(new), int(time.time()))
    return Identity(new, public_bytes(new), (*before, named, step)), peer_id_of(named.signer)


async def _ask(client: aiohttp.ClientSession, config: AgentConfig, key: RecoveryKey) -> BackupReply:
    url = f"{config.coordinator.rstrip('/')}{PATH}?key={key.peer_id}"
    try:
        async with asyncio.timeout(ASK_S), client.get(url) as response:
            content = await response.content.read(REPLY_BYTES + 1)
            while len(content) <= REPLY_BYTES and (more := await response.content.read(65_536)):
                content += more
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise LinkError(
            f"{config.coordinator} cannot be asked: {str(error) or 'it is silent'}",
            code="coordinator-silent",
            hint="Check the address, and this network",
        ) from None
    if response.status == 200:
        return decode_backup(content)
    if response.status == 404:
        raise RefusedError(
            f"{config.coordinator} knows no box with this backup key",
            code="backup-unknown",
            hint="It was used, withdrawn or replaced; or another coordinator has the box: --at URL",
        )
    raise LinkError(
        f"{config.coordinator} responds with {response.status}",
        code="coordinator-silent",
        hint="Try again in some minutes",
    )


async def _register(client: aiohttp.ClientSession, config: AgentConfig, identity: Identity) -> str:
    """The alias. Raises LinkError, RemoteProtocolError."""
    url = config.coordinator.rstrip("/") + AGENT_PATH
    try:
        async with asyncio.timeout(ASK_S), client.ws_connect(url) as socket:
            accepted = await register(
                ControlSocket(socket, lambda: None), identity, config.audience, invite=config.invite
            )
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise ControlLostError(f"{url} cannot be reached: {reason_of(error)}") from None
    return accepted.names.alias
