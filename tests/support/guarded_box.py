"""A box whose app `dog` is guarded, and a visitor: entrance, proxy and keeper are the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from argon2 import PasswordHasher

from p2claw.agent.access.ledger import Guard
from p2claw.agent.access.ledger_keeper import LedgerKeeper
from p2claw.agent.access.login_settings import Login
from p2claw.agent.access.tries import TryLimits
from p2claw.agent.home.routes import Route
from p2claw.agent.http.own_cookie import NAME
from tests.support.proxied import NAMES, Proxied, Response, proxied
from tests.support.upstreams import Handler, Upstream, echo, upstream_of

PASSWORD = "correct horse battery"
ORIGIN = f"http://{NAMES.host('dog')}"
FORM = ("content-type", "application/x-www-form-urlencoded")
PAGE = (("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe"))
# Some 50 times cheaper than the agent's own, for tests that are about something else.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GENEROUS = TryLimits(1_000, 60_000, 1_000, 60_000, 1_000, 60_000)

Fields = tuple[tuple[str, str], ...]


@dataclass
class Clock:
    """Seconds since 1970, as a test wants them."""

    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class GuardedBox:
    """box: the visitor and the proxy. upstream: what must see nobody who may not enter."""

    box: Proxied
    keeper: LedgerKeeper
    upstream: Upstream
    clock: Clock

    async def enter(self, password: str = PASSWORD, *, to: str = "/", app: str = "") -> Response:
        """Send the form of the page before the app."""
        body = urlencode({"to": to, "username": "dog", "password": password}).encode()
        fields = (FORM, ("origin", ORIGIN), ("content-length", str(len(body))))
        return await self.box.ask("POST", "/.p2claw/access/enter", fields, body)

    async def cookie(self) -> tuple[str, str]:
        """The field of somebody who has entered."""
        return cookie_of(await self.enter())

    async def invite(self, *, uses: int = 5, for_s: int = 3_600, app: str = "dog") -> str:
        """The token of an invitation."""
        _, token = await self.keeper.invite(app, "guests", uses, for_s)
        return token


def cookie_of(response: Response) -> tuple[str, str]:
    """The field by which a browser shows the session that began with this response."""
    cookie = response.value("set-cookie") or ""
    assert cookie.startswith(f"{NAME}="), (response.head, response.body)
    return "cookie", cookie.partition(";")[0]


@asynccontextmanager
async def guarded_box(
    tmp_path: Path,
    *,
    password: str = PASSWORD,
    limits: TryLimits | None = None,
    handler: Handler = echo,
    login: Login | None = None,
) -> AsyncIterator[GuardedBox]:
    """password: "" lets nobody in by one. handler: of the app. login: who may log in to it."""

    def change(route: Route) -> Route:
        provider = login.provider if login else ""
        return replace(route, guarded=True, by_password=bool(password), login=provider)

    (tmp_path / "home").mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = Clock()
    keeper = LedgerKeeper(
        tmp_path / "home" / "access.json", "peer", now=clock, limits=limits or GENEROUS
    )
    await keeper.load()
    hashed = CHEAP.hash(password) if password else ""
    await keeper.guard("dog", Guard(hashed, login))
    await keeper.guard("cat", Guard(CHEAP.hash("another password"), login))
    try:
        async with (
            upstream_of(handler) as upstream,
            proxied(upstream.url, tmp_path, change=change, ask=keeper.reply) as box,
        ):
            keeper.ended = box.proxy.entrance.ended
            yield GuardedBox(box, keeper, upstream, clock)
    finally:
        await keeper.close()
