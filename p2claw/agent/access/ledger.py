"""The core: which apps are guarded and how, who was invited, and whose session holds.

Sans-IO: the time and random bytes are arguments. Times are seconds since 1970, because a session
outlives its agent. Whatever ends sessions returns their digests, so that open streams can end too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from p2claw.agent.access import tokens
from p2claw.agent.access.emails import is_allowed
from p2claw.agent.access.login_settings import Login
from p2claw.errors import UsageError

DAY_S = 86_400

# A session by password ends once it was not used for so long, and after so long in any case.
IDLE_S = 14 * DAY_S
LONGEST_S = 90 * DAY_S

# One by logging in ends sooner: the provider may know the person no more, and does not report that.
LOGIN_IDLE_S = DAY_S
LOGIN_LONGEST_S = 7 * DAY_S

# At the limit the one that was used least lately ends: whoever knows the password enters again.
SESSIONS_OF_APP = 1_024
INVITATIONS = 512
MOST_USES = 10_000
MOST_FOR_S = 366 * DAY_S
NAME_CHARS = 64

PASSWORD = "password"
INVITATION = "invitation"
OIDC = "oidc"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Guard:
    """How an app is guarded; the invited always enter.

    password: its hash; "": there is none. login: who may log in elsewhere; None: nobody.
    """

    password: str = ""
    login: Login | None = None

    def ways(self) -> list[str]:
        """The ways to enter, for people."""
        ways = [PASSWORD] if self.password else []
        return [*ways, OIDC, INVITATION] if self.login else [*ways, INVITATION]

    def keeps(self, session: Session, before: Guard) -> bool:
        """Whether somebody who entered by the guard before may stay by this one."""
        if session.way == PASSWORD:
            return self.password == before.password
        if session.way != OIDC:
            return True
        here, there = self.login, before.login
        if here is None or there is None:
            return False
        same = (here.issuer, here.client) == (there.issuer, there.client)
        return same and is_allowed(here.emails, session.user)


@dataclass(frozen=True, slots=True)
class Invitation:
    """id: the digest of its random bytes. name: whom it was made for. used: how often by now."""

    id: str
    app: str
    name: str
    until_s: int
    uses: int
    used: int = 0

    def is_open(self, now_s: float) -> bool:
        """Whether somebody may still enter by it."""
        return now_s < self.until_s and self.used < self.uses


@dataclass(frozen=True, slots=True)
class Session:
    """id: the digest of its random bytes. invitation: by which it began, or "".

    user: as the app gets it: whom the invitation is for, the address of who has logged in.
    """

    id: str
    app: str
    user: str
    way: str
    until_s: int
    used_s: int
    invitation: str = ""

    def ends_s(self) -> int:
        """When it ends if it is not used again."""
        if self.invitation:
            return self.until_s
        return min(self.until_s, self.used_s + (LOGIN_IDLE_S if self.way == OIDC else IDLE_S))


class Ledger:
    """All of one box. key: signs its tokens."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.guards: dict[str, Guard] = {}
        self.invitations: dict[str, Invitation] = {}
        self.sessions: dict[str, Session] = {}

    def guard(self, app: str, guard: Guard) -> list[str]:
        """Guard an app so from now on. Who would not get in any more is out."""
        before = self.guards.get(app)
        self.guards[app] = guard
        if before is None or before == guard:
            return []
        return self._end(lambda one: one.app == app and not guard.keeps(one, before))

    def forget(self, app: str) -> list[str]:
        """The app is guarded no more, or gone: so are its invitations and sessions."""
        self.guards.pop(app, None)
        self.invitations = {id: one for id, one in self.invitations.items() if one.app != app}
        return self._end(lambda session: session.app == app)

    def invite(
        self, app: str, name: str, uses: int, for_s: int, now_s: float, random: bytes
    ) -> tuple[Invitation, str]:
        """Make an invitation; returns it and its token. Raises UsageError."""
        if app not in self.guards:
            raise UsageError(
                f"{app!r} is open to everyone, or not exposed: nobody needs an invitation",
                code="app-not-guarded",
                hint=f"Guard it first: `p2claw expose {app} UPSTREAM --password` or `--invited`",
            )
        self._drop_closed(now_s)
        if len(self.invitations) >= INVITATIONS:
            raise UsageError(
                f"A box has at most {INVITATIONS} invitations",
                code="invitations-full",
                hint="`p2claw invitations list` shows them; revoke some",
            )
        check_invitation(name, uses, for_s)
        id = tokens.digest_of(random)
        made = Invitation(id, app, name, int(now_s) + for_s, uses)
        self.invitations[id] = made
        return made, tokens.sign(self.key, tokens.INVITATION, app, random)

    def revoke(self, id: str) -> tuple[Invitation, list[str]]:
        """An invitation, by the beginning of its id, and the sessions that it began end at once.

        Raises UsageError `invitation-unknown`.
        """
        gone = _called(id, self.invitations, "invitation", "`p2claw invitations list`")
        del self.invitations[gone.id]
        return gone, self._end(lambda session: session.invitation == gone.id)

    def inside(self, now_s: float) -> list[Session]:
        """The sessions that hold, those used last first."""
        held = [one for one in self.sessions.values() if now_s < one.ends_s()]
        return sorted(held, key=lambda one: -one.used_s)

    def end(self, id: str) -> tuple[Session, list[str]]:
        """End a session, by the beginning of its id. Raises UsageError `session-unknown`."""
        gone = _called(id, self.sessions, "session", "`p2claw access list`")
        return gone, self._end(lambda session: session.id == gone.id)

    def enter_by_password(self, app: str, now_s: float, random: bytes) -> tuple[Session, str]:
        """Begin the session of somebody who knew the password; returns it and its token."""
        until_s = int(now_s) + LONGEST_S
        return self._enter(app, "visitor", PASSWORD, until_s, now_s, random, "")

    def enter_by_invitation(
        self, app: str, token: str, now_s: float, random: bytes
    ) -> tuple[Session, str] | str:
        """The same by the token of an invitation; or why not: a code of docs/ACCESS.md."""
        invitation = self._invitation(app, token)
        if invitation is None or app not in self.guards:
            return "invitation-invalid"
        if now_s >= invitation.until_s:
            return "invitation-expired"
        if invitation.used >= invitation.uses:
            return "invitation-used-up"
        self.invitations[invitation.id] = replace(invitation, used=invitation.used + 1)
        return self._enter(
            app, invitation.name, INVITATION, invitation.until_s, now_s, random, invitation.id
        )

    def enter_by_login(
        self, app: str, address: str, now_s: float, random: bytes
    ) -> tuple[Session, str]:
        """The same of somebody who has logged in, and may enter."""
        until_s = int(now_s) + LOGIN_LONGEST_S
        return self._enter(app, address, OIDC, until_s, now_s, random, "")

    def session_of(self, app: str, token: str, now_s: float) -> Session | None:
        """The session of a token, if it holds in this app; it counts as used."""
        random = tokens.opened(self.key, tokens.SESSION, app, token)
        session = None if random is None else self.sessions.get(tokens.digest_of(random))
        if session is None or session.app != app or app not in self.guards:
            return None
        if now_s >= session.ends_s():
            return None
        if now_s > session.used_s:
            session = self.sessions[session.id] = replace(session, used_s=int(now_s))
        return session

    def leave(self, app: str, token: str, now_s: float) -> list[str]:
        """End the session of a token."""
        session = self.session_of(app, token, now_s)
        return [] if session is None else self._end(lambda one: one.id == session.id)

    def expire(self, now_s: float) -> list[str]:
        """End what is over, and forget the invitations that nobody can use and nobody has used."""
        self._drop_closed(now_s)
        return self._end(lambda session: now_s >= session.ends_s())

    def _invitation(self, app: str, token: str) -> Invitation | None:
        random = tokens.opened(self.key, tokens.INVITATION, app, token)
        return None if random is None else self.invitations.get(tokens.digest_of(random))

    def _enter(
        self,
        app: str,
        user: str,
        way: str,
        until_s: int,
        now_s: float,
        random: bytes,
        invitation: str,
    ) -> tuple[Session, str]:
        others = [one for one in self.sessions.values() if one.app == app]
        if len(others) >= SESSIONS_OF_APP:
            del self.sessions[min(others, key=lambda one: one.used_s).id]
        id = tokens.digest_of(random)
        made = Session(id, app, user, way, until_s, int(now_s), invitation)
        self.sessions[id] = made
        return made, tokens.sign(self.key, tokens.SESSION, app, random)

    def _drop_closed(self, now_s: float) -> None:
        """An owner can still see for a day which invitations have ended."""
        self.invitations = {
            id: one for id, one in self.invitations.items() if now_s < one.until_s + DAY_S
        }

    def _end(self, which: Callable[[Session], bool]) -> list[str]:
        ended = [id for id, session in self.sessions.items() if which(session)]
        for id in ended:
            del self.sessions[id]
        return ended


def _called(id: str, among: Mapping[str, T], kind: str, shown_by: str) -> T:
    """The one whose id begins so. Raises UsageError `invitation-unknown`, `session-unknown`."""
    found = [one for whole, one in among.items() if id and whole.startswith(id)]
    if len(found) != 1:
        raise UsageError(
            f"{'No' if not found else 'More than one'} {kind} has the id {id!r}",
            code=f"{kind}-unknown",
            hint=f"{shown_by} shows the ids",
        )
    return found[0]


def check_invitation(name: str, uses: int, for_s: int) -> None:
    """Raises UsageError `invitation-invalid` if there can be no invitation of this kind."""
    if not 1 <= len(name) <= NAME_CHARS or not name.isprintable() or not name.isascii():
        raise UsageError(
            f"{name!r} is not a name for an invitation",
            code="invitation-invalid",
            hint=f"Give 1 to {NAME_CHARS} printable ASCII characters: the app sees it in a field",
        )
    if not 1 <= uses <= MOST_USES or not 60 <= for_s <= MOST_FOR_S:
        raise UsageError(
            "An invitation is for 1 minute to 366 days, and 1 to 10000 uses",
            code="invitation-invalid",
        )
