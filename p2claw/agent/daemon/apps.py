"""What the owner of a box changes while the agent runs: its apps, who may enter them, its alias."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from p2claw.agent.access.guarding import (
    guard_from,
    guarded,
    guarded_as,
    invitation_from,
    limited_as,
)
from p2claw.agent.access.ledger import Guard
from p2claw.agent.daemon.parts import Parts
from p2claw.agent.daemon.state import State
from p2claw.agent.folders.inbox import check_writable
from p2claw.agent.home.routes import Route, route_from
from p2claw.agent.local.api import Json
from p2claw.errors import UsageError
from p2claw.log import get_log
from p2claw.names import peer_id_of
from p2claw.wire.signalling import Teamed

log = get_log("agent")

# The keys of an entry that are about the guard of its app, and not about the route.
_OF_GUARD = ("guard", "guarded", "login", "fresh")


class Apps:
    """Exposes, shares and guards the apps of a box; the coordinator learns of each change.

    Implements `local.api.Controlled`.
    """

    def __init__(
        self, parts: Parts, state: State, hand_over: Callable[[], Awaitable[Json]]
    ) -> None:
        self._hand_over = hand_over
        self._exposed = parts.exposed
        self._keeper = parts.keeper
        self._registration = parts.registration
        self._state = state
        self._team = parts.team

    async def load(self) -> None:
        """Read routes and guards. Raises UsageError."""
        await self._exposed.load()
        await self._keeper.load()

    async def reload(self) -> Json:
        """Read the routes again. Links stay. Raises UsageError, and then nothing changes."""
        await self.load()
        await self._registration.announce()
        log.info("routes reloaded", apps=len(self._exposed.routes))
        return {"apps": len(self._exposed.routes)}

    async def put_route(self, app: str, entry: object) -> Json:
        """Expose app, guarded as it was if entry has no guard. Raises UsageError."""
        route, guard = self._wanted(app, entry)
        if guard is not None:
            await self._keeper.guard(app, guard)
        await self._exposed.put(route)
        if not route.guarded:
            await self._keeper.forget(app)
        await self._registration.announce()
        log.info("app exposed", app=app, upstream=route.upstream.text)
        return self._state.route(route)

    async def delete_route(self, app: str) -> Json:
        """Stop exposing app: requests on open links get a 404. Raises UsageError."""
        await self._exposed.remove(app)
        return await self._unexposed(app)

    @asynccontextmanager
    async def share(self, app: str, entry: object) -> AsyncIterator[Callable[[], Awaitable[Json]]]:
        """Expose app while the block runs. The block gets a function that describes the app now.

        Raises UsageError.
        """
        route, guard = self._wanted(app, entry)
        # An app that is exposed for good keeps its guard: it is only watched.
        if guard is not None and app not in self._exposed.routes:
            if not (isinstance(entry, dict) and entry.get("fresh") is False):
                await self._keeper.forget(app)
            await self._keeper.guard(app, guard)
        await self._exposed.share(route)
        log.info("app exposed", app=app, upstream=route.upstream.text)
        try:
            await self._registration.announce()
            yield lambda: self._state.shared(route)
        finally:
            if await asyncio.shield(self._exposed.unshare(route)):
                await asyncio.shield(self._keeper.forget(app))
                log.info("app unexposed", app=app)
                await asyncio.shield(self._registration.announce())

    async def unshare(self, app: str) -> Json:
        """Stop sharing app, whoever shares it. Raises UsageError."""
        await self._exposed.unshare_app(app)
        return await self._unexposed(app)

    async def claim(self, alias: str) -> Json:
        """Make an alias that was chosen this box's own. Raises UsageError."""
        names = await self._registration.claim(alias)
        return {
            "alias": names.alias,
            "others": list(names.others),
            "key_alias": names.key_alias,
            "url": names.url(None),
        }

    async def team(self) -> Json:
        """Who is in the team of this box, and in whose teams it is. Raises UsageError."""
        return self._teamed(await self._team.facts())

    async def add_member(self, peer_id: str) -> Json:
        """Let a box respond for the names of this one, once it has joined. Raises UsageError."""
        teamed = await self._team.invite(peer_id)
        log.info("box invited to the team", member=peer_id[:8])
        return self._teamed(teamed)

    async def remove_member(self, peer_id: str) -> Json:
        """Let it do so no more. Raises UsageError."""
        teamed = await self._team.remove(peer_id)
        log.info("box removed from the team", member=peer_id[:8])
        return self._teamed(teamed)

    async def join_team(self, alias: str) -> Json:
        """Respond for the names of another box. Raises UsageError."""
        return self._teamed(await self._team.join(alias))

    async def leave_team(self, alias: str) -> Json:
        """Do so no more. Raises UsageError."""
        return self._teamed(await self._team.leave(alias))

    def _teamed(self, teamed: Teamed) -> Json:
        own = self._registration.names
        return {
            "alias": "" if own is None else own.alias,
            "members": [
                {
                    "peer_id": peer_id_of(one.key),
                    "joined": one.joined,
                    "online": one.online,
                    "expires_s": one.expires_s,
                }
                for one in teamed.members
            ],
            "teams": [
                {
                    "alias": one.alias,
                    "peer_id": peer_id_of(one.key),
                    "joined": one.joined,
                    "expires_s": one.expires_s,
                }
                for one in teamed.teams
            ],
        }

    async def invite(self, app: str, wish: object) -> Json:
        """Make an invitation to an app, and the URL of it. Raises UsageError."""
        name, uses, for_s = invitation_from(wish)
        if app not in self._exposed.routes:
            raise UsageError(f"No app {app!r} is exposed here", code="app-unknown")
        made, token = await self._keeper.invite(app, name, uses, for_s)
        names = self._registration.names
        urls = (None, None) if names is None else (names.url(app), names.key_url(app))
        url, key_url = (f"{url}#i={token}" if url else None for url in urls)
        return {**made, "token": token, "url": url, "key_url": key_url}

    def invitations(self) -> Json:
        """All invitations."""
        return {"invitations": self._keeper.invitations()}

    async def revoke(self, id: str) -> Json:
        """End an invitation, and the sessions that it began. Raises UsageError."""
        return await self._keeper.revoke(id)

    def inside(self) -> Json:
        """Who was let into guarded apps, and may come back."""
        return {"sessions": self._keeper.inside()}

    async def end_session(self, id: str) -> Json:
        """End the session of one of them. Raises UsageError `session-unknown`."""
        return await self._keeper.end(id)

    async def hand_over(self) -> Json:
        """Let a new process have this box. Raises UsageError."""
        return await self._hand_over()

    def _wanted(self, app: str, entry: object) -> tuple[Route, Guard | None]:
        """The route of an entry, and the new guard of it, if it has one. Raises UsageError."""
        before = self._exposed.routes.get(app)
        if not isinstance(entry, dict) or "guard" not in entry:
            route, guard = route_from(app, entry), None
            route = guarded_as(route, before)
        else:
            guard = guard_from(entry["guard"])
            rest = {key: value for key, value in entry.items() if key not in _OF_GUARD}
            route = guarded(route_from(app, rest), guard)
        if not isinstance(entry, dict) or "monthly_bytes" not in entry:
            route = limited_as(route, before)
        if route.upstream.writable:
            check_writable(route.upstream.folder)
        return route, guard

    async def _unexposed(self, app: str) -> Json:
        await self._keeper.forget(app)
        await self._registration.announce()
        log.info("app unexposed", app=app)
        return {"app": app}
