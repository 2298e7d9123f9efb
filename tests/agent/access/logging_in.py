"""A browser that logs in to the guarded app of a test, step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from p2claw.agent.access.login_settings import login_of
from p2claw.agent.access.tries import TryLimits
from tests.support.bent_provider import ADA, CLIENT, SECRET, BentProvider, bent_provider
from tests.support.guarded_box import FORM, GENEROUS, ORIGIN, GuardedBox, guarded_box
from tests.support.proxied import Response

LOGIN = "/.p2claw/access/login"
FINISH = f"{LOGIN}/finish"
CALLBACK = f"{LOGIN}/callback"
ALLOWED = (ADA, "@example.com")

Fields = tuple[tuple[str, str], ...]


@dataclass
class LoginBox:
    """A guarded box, and the provider where one logs in."""

    guarded: GuardedBox
    provider: BentProvider

    async def send(
        self, path: str, form: dict[str, str], fields: Fields = (), *, origin: str = ORIGIN
    ) -> Response:
        """Post a form, as a page of the app's own origin does."""
        body = urlencode(form).encode()
        head = (FORM, ("content-length", str(len(body))), *fields)
        head += (("origin", origin),) if origin else ()
        return await self.guarded.box.ask("POST", path, head, body)

    async def begin(
        self, to: str = "/", fields: Fields = (), **more: str
    ) -> tuple[str, tuple[str, str]]:
        """Where the provider is, and the cookie of the browser."""
        response = await self.send(LOGIN, {"to": to, **more}, fields)
        assert response.status == 303, response.body
        cookie = response.value("set-cookie") or ""
        assert cookie.startswith("p2claw-access=") and f"; Path={LOGIN};" in cookie
        return response.value("location") or "", ("cookie", cookie.partition(";")[0])

    async def log_in(self, to: str = "/", **changed: str) -> Response:
        """All of it. changed: of what the provider sends back with the browser."""
        location, cookie = await self.begin(to)
        back: dict[str, Any] = self.provider.log_in(location)
        return await self.send(FINISH, {**back, **changed}, (cookie,))


@asynccontextmanager
async def login_box(
    tmp_path: Path,
    *,
    emails: tuple[str, ...] = ALLOWED,
    secret: str = SECRET,
    limits: TryLimits = GENEROUS,
) -> AsyncIterator[LoginBox]:
    """The app `dog`, for whoever has one of these addresses; `cat` has the same provider."""
    async with bent_provider() as provider:
        login = login_of(provider.issuer, CLIENT, emails, secret)
        async with guarded_box(tmp_path, login=login, limits=limits) as guarded:
            provider.now_s = guarded.clock.now_s
            yield LoginBox(guarded, provider)
