"""Replies to questions about visitors, and keeps the ledger on the disk: one in each agent."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from p2claw.agent.access import tokens
from p2claw.agent.access.ledger import Guard, Invitation, Ledger, Session
from p2claw.agent.access.logins import LoginFault
from p2claw.agent.access.passwords import matches
from p2claw.agent.access.question import Ask, Grant, Question, Reply
from p2claw.agent.access.record import AccessFile, public_jwk, serialize, statement_key
from p2claw.agent.access.tries import Tries, TryLimits
from p2claw.errors import UsageError
from p2claw.log import get_log

if TYPE_CHECKING:
    from p2claw.agent.access.login_keeper import LoginKeeper

log = get_log("agent")

# For each, Argon2 needs 64 MiB and a core.
HASHES_AT_ONCE = 2
WAITING = 32
WAITING_OF_NETWORK = 2
BUSY_RETRY_S = 2.0

# When a session was last used is written this often, and at the end.
WRITE_S = 60.0

Json = dict[str, Any]


class LedgerKeeper:
    """path: of access.json. issuer: the peer id of the box. now: seconds since 1970.

    ended: called with the sessions that have just ended, whose streams must end.
    """

    def __init__(
        self,
        path: Path,
        issuer: str,
        ended: Callable[[Iterable[str]], None] = lambda sessions: None,
        *,
        now: Callable[[], float] = time.time,
        limits: TryLimits | None = None,
    ) -> None:
        self.ended = ended
        self._file = AccessFile(path)
        self._issuer = issuer
        self._now = now
        self._ledger = Ledger(bytes(tokens.KEY_BYTES))
        self._statement_key = statement_key(self._ledger)
        self._tries = Tries(limits)
        self._logins: LoginKeeper | None = None
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)
        self._waiting: Counter[str] = Counter()
        self._writing = asyncio.Lock()
        self._is_dirty = False
        self._is_retired = False
        self._task: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Read the file, at the start; later that changes nothing. Raises UsageError."""
        if self._task is not None:
            return
        self._ledger = await asyncio.to_thread(self._file.load)
        self._statement_key = statement_key(self._ledger)
        self._ledger.expire(self._now())
        self._task = asyncio.create_task(self._write_now_and_then())

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._is_dirty:
            await self._save_and_log()

    async def retire(self) -> None:
        """Write what is not written yet, for the last time: another process has the file then."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._is_dirty:
            await self._save_and_log()
        self._is_retired = True

    async def follow(self) -> None:
        """After `retire`: end the sessions that the other process has ended. Raises UsageError."""
        before = set(self._ledger.sessions)
        self._ledger = await asyncio.to_thread(self._file.load)
        self._over(sorted(before - self._ledger.sessions.keys()))

    async def reply(self, question: Question) -> Reply:
        """Whether somebody may enter. Raises nothing."""
        now_s = self._now()
        match question.ask:
            case Ask.SESSION:
                session = self._ledger.session_of(question.app, question.value, now_s)
                if session is None:
                    return Reply(code="access-required")
                self._is_dirty = True
                return Reply(self._grant(session, now_s))
            case Ask.LEAVE:
                self._over(self._ledger.leave(question.app, question.value, now_s))
                await self._save_and_log()
                return Reply()
            case Ask.LOGIN | Ask.CODE:
                return await self._by_login(question)
            case _:
                return await self._try(question)

    async def guard(self, app: str, guard: Guard) -> None:
        """Guard an app. Raises UsageError."""
        ended = self._ledger.guard(app, guard)
        self._over(ended)
        await self._save()

    async def forget(self, app: str) -> None:
        """Guard it no more. Raises UsageError."""
        if app in self._ledger.guards:
            self._over(self._ledger.forget(app))
            await self._save()

    async def invite(self, app: str, name: str, uses: int, for_s: int) -> tuple[Json, str]:
        """An invitation, as `invitations` has it, and its token. Raises UsageError."""
        made, token = self._ledger.invite(
            app, name, uses, for_s, self._now(), os.urandom(tokens.ID_BYTES)
        )
        await self._save()
        log.info("visitor invited", app=app, invitation=made.id[:8], uses=uses, for_s=for_s)
        return self._facts(made), token

    async def revoke(self, id: str) -> Json:
        """End an invitation and all that it began. Raises UsageError."""
        gone, ended = self._ledger.revoke(id)
        self._over(ended)
        await self._save()
        log.info("invitation revoked", app=gone.app, invitation=gone.id[:8], sessions=len(ended))
        return {**self._facts(gone), "ended": len(ended)}

    def invitations(self) -> list[Json]:
        """All of them, those that end soonest first."""
        listed = sorted(self._ledger.invitations.values(), key=lambda one: one.until_s)
        return [self._facts(one) for one in listed]

    def inside(self) -> list[Json]:
        """Who was let in and may come back: a session for each browser, those used last first."""
        return [self._session_facts(one) for one in self._ledger.inside(self._now())]

    async def end(self, id: str) -> Json:
        """End one session at once, with all that is under way by it. Raises UsageError."""
        gone, ended = self._ledger.end(id)
        self._over(ended)
        await self._save()
        log.info("session ended by the owner", app=gone.app, access=gone.id[:8])
        return self._session_facts(gone)

    def ways(self, app: str) -> list[str]:
        """The ways to enter an app; none: it is not guarded."""
        guard = self._ledger.guards.get(app)
        return guard.ways() if guard is not None else []

    def public_key(self) -> Json:
        """The public key with which apps verify the statements of the box about visitors."""
        return dict(public_jwk(self._ledger))

    def _facts(self, one: Invitation) -> Json:
        now_s = self._now()
        sessions = [s for s in self._ledger.sessions.values() if s.invitation == one.id]
        return {
            "id": one.id[:8],
            "app": one.app,
            "name": one.name,
            "uses": one.uses,
            "used": one.used,
            "left_s": max(0, int(one.until_s - now_s)),
            "open": one.is_open(now_s),
            "sessions": len(sessions),
        }

    def _session_facts(self, one: Session) -> Json:
        now_s = self._now()
        return {
            "id": one.id[:8],
            "app": one.app,
            "user": one.user,
            "way": one.way,
            "invitation": one.invitation[:8] or None,
            "idle_s": max(0, int(now_s - one.used_s)),
            "left_s": max(0, int(one.ends_s() - now_s)),
        }

    async def _try(self, question: Question) -> Reply:
        app, network, link = question.app, question.network, question.link
        retry_s = self._tries.begin(app, network, link, time.monotonic())
        if retry_s > 0:
            return Reply(code="access-tries", retry_s=retry_s)
        if question.ask is Ask.PASSWORD:
            reply = await self._by_password(question)
        else:
            reply = self._by_invitation(question)
        if reply.grant is not None or reply.code == "access-busy":
            self._tries.right(app, network, link, time.monotonic())
        if reply.grant is None:
            log.info("entry refused", app=app, code=reply.code, visitor=network)
        elif reply.token:
            await self._keep(app)
        return reply

    async def _keep(self, app: str) -> None:
        """Write down a session that has begun. One that a restart forgets is better than none."""
        if not await self._save_and_log():
            log.warning("session not kept", app=app)

    async def _by_password(self, question: Question) -> Reply:
        app, network = question.app, question.network
        guard = self._ledger.guards.get(app)
        hashed = guard.password if guard is not None else ""
        crowded = sum(self._waiting.values()) >= WAITING
        if crowded or self._waiting[network] >= WAITING_OF_NETWORK:
            return Reply(code="access-busy", retry_s=BUSY_RETRY_S)
        self._waiting[network] += 1
        try:
            async with self._hashing:
                right = await asyncio.to_thread(matches, hashed, question.value)
        finally:
            self._waiting[network] -= 1
            if not self._waiting[network]:
                del self._waiting[network]
        # The password may have been changed meanwhile.
        if not right or self._ledger.guards.get(app) != guard:
            return Reply(code="password-wrong")
        now_s = self._now()
        made = self._ledger.enter_by_password(app, now_s, os.urandom(tokens.ID_BYTES))
        return self._entered(*made)

    def _by_invitation(self, question: Question) -> Reply:
        now_s = self._now()
        # A visitor that is in already uses nothing up, and keeps the session that it has.
        held = self._ledger.session_of(question.app, question.held, now_s)
        if held is not None:
            return Reply(self._grant(held, now_s))
        random = os.urandom(tokens.ID_BYTES)
        made = self._ledger.enter_by_invitation(question.app, question.value, now_s, random)
        return Reply(code=made) if isinstance(made, str) else self._entered(*made)

    async def _by_login(self, question: Question) -> Reply:
        """Either half of a login: on the way to the provider, and back from it."""
        app, network, link = question.app, question.network, question.link
        guard, step = self._ledger.guards.get(app), question.login
        if guard is None or guard.login is None or step is None:
            return Reply(code="login-none")
        opened = (self._opened(app, token) for token in question.held.split())
        browsers = [random for random in opened if random is not None]
        try:
            if question.ask is Ask.LOGIN:
                retry_s = self._tries.begin(app, network, link, time.monotonic())
                if retry_s > 0:
                    return Reply(code="access-tries", retry_s=retry_s)
                # Two tabs of one browser log in by one token.
                browser = browsers[0] if browsers else os.urandom(tokens.ID_BYTES)
                known = tokens.digest_of(browser)
                location = await self._login_keeper().begin(app, guard.login, step, known, network)
                token = tokens.sign(self._ledger.key, tokens.LOGIN, app, browser)
                return Reply(token=token, location=location)
            address, to = await self._login_keeper().finish(
                app, guard.login, step, list(map(tokens.digest_of, browsers)), question.value
            )
        except LoginFault as fault:
            log.info(
                "entry refused", app=app, code=fault.code, visitor=network, reason=fault.reason
            )
            return Reply(code=fault.code, retry_s=fault.retry_s)
        # The owner may have decided otherwise meanwhile.
        if self._ledger.guards.get(app) != guard:
            return Reply(code="login-stale")
        self._tries.right(app, network, link, time.monotonic())
        now_s, random = self._now(), os.urandom(tokens.ID_BYTES)
        entered = self._entered(*self._ledger.enter_by_login(app, address, now_s, random))
        await self._keep(app)
        return replace(entered, location=to)

    def _login_keeper(self) -> LoginKeeper:
        if self._logins is None:
            # Not before it is wanted: most boxes read no tokens of others.
            from p2claw.agent.access.login_keeper import LoginKeeper

            self._logins = LoginKeeper(self._now)
        return self._logins

    def _opened(self, app: str, token: str) -> bytes | None:
        return tokens.opened(self._ledger.key, tokens.LOGIN, app, token)

    def _entered(self, session: Session, token: str) -> Reply:
        log.info("visitor entered", app=session.app, way=session.way, access=session.id[:8])
        return Reply(self._grant(session, self._now()), token=token)

    def _grant(self, session: Session, now_s: float) -> Grant:
        app, user, way = session.app, session.user, session.way
        statement = tokens.statement(
            self._statement_key, self._issuer, app, user, way, session.id, int(now_s)
        )
        return Grant(session.id, user, way, statement, session.until_s)

    def _over(self, ended: list[str]) -> None:
        if ended:
            self.ended(ended)

    async def _save(self) -> None:
        async with self._writing:
            self._is_dirty = False
            if self._is_retired:
                return
            await asyncio.to_thread(self._file.save, serialize(self._ledger))

    async def _save_and_log(self) -> bool:
        try:
            await self._save()
        except UsageError as error:
            log.error("access not written", code=error.code, error=error.message)
            return False
        return True

    async def _write_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(WRITE_S)
            self._over(self._ledger.expire(self._now()))
            if self._is_dirty:
                await self._save_and_log()
