"""Sends visitors to the provider of an app, and reads what they come back with: one in each agent.

Who may enter is known by the guard of the app; a session is begun by `ledger_keeper.py`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from p2claw.agent.access.emails import is_allowed, plain_address
from p2claw.agent.access.id_token import TokenFault
from p2claw.agent.access.login_settings import CALLBACK, Login
from p2claw.agent.access.logins import LoginFault, Logins, Random
from p2claw.agent.access.provider import Provider, ProviderFault
from p2claw.agent.access.question import LoginStep

# Requests to providers, each of some 100 ms; a step has several.
STEPS_AT_ONCE = 8
STEPS_WAITING = 32
STEP_S = 20.0
BUSY_RETRY_S = 2.0

PROVIDERS = 64
CODE_CHARS = 4_096


class LoginKeeper:
    """now: seconds since 1970."""

    def __init__(self, now: Callable[[], float], random: Random = os.urandom) -> None:
        self._now = now
        self._random = random
        self._logins = Logins()
        self._providers: dict[str, Provider] = {}
        self._stepping = asyncio.Semaphore(STEPS_AT_ONCE)
        self._steps = 0

    async def begin(
        self, app: str, login: Login, step: LoginStep, browser: str, network: str
    ) -> str:
        """Where a visitor goes to log in. browser: the digest of its token. Raises LoginFault."""
        back = step.origin + CALLBACK
        state, pending = self._logins.begin(
            app, login, browser, back, step.to, network, self._now(), self._random
        )
        async with self._step():
            return await self._provider(login).url_for(pending, state, again=step.again)

    async def finish(
        self, app: str, login: Login, step: LoginStep, browsers: list[str], code: str
    ) -> tuple[str, str]:
        """The address of who has logged in and may enter, and where to go. Raises LoginFault."""
        back = step.origin + CALLBACK
        pending = self._logins.finish(step.state, app, browsers, back, self._now())
        if pending is None or pending.login != login:
            raise LoginFault("login-stale")
        provider = self._provider(login)
        if step.issuer not in ("", login.issuer):
            raise LoginFault("login-token", "iss-of-response")
        if step.error or not 1 <= len(code) <= CODE_CHARS:
            raise LoginFault("login-refused", plain_word(step.error))
        async with self._step():
            if not step.issuer and (await provider.metadata()).names_issuer:
                raise LoginFault("login-token", "iss-of-response")
            claims = await provider.claims_of(code, pending, self._now())
        address = plain_address(claims.get("email"))
        verified = claims.get("email_verified")
        # Some providers write it as a text.
        if not address or not (verified is True or verified == "true"):
            raise LoginFault("login-unverified")
        if not is_allowed(login.emails, address):
            raise LoginFault("login-email")
        return address, pending.to

    def _provider(self, login: Login) -> Provider:
        provider = self._providers.pop(login.issuer, None) or Provider(login.issuer)
        self._providers[login.issuer] = provider
        while len(self._providers) > PROVIDERS:
            del self._providers[next(iter(self._providers))]
        return provider

    @asynccontextmanager
    async def _step(self) -> AsyncIterator[None]:
        """Ask a provider within. Raises LoginFault."""
        if self._steps >= STEPS_AT_ONCE + STEPS_WAITING:
            raise LoginFault("access-busy", retry_s=BUSY_RETRY_S)
        self._steps += 1
        try:
            async with asyncio.timeout(STEP_S), self._stepping:
                yield
        except TimeoutError:
            raise LoginFault("login-provider", "too slow") from None
        except ProviderFault as fault:
            raise LoginFault("login-provider", str(fault)) from None
        except TokenFault as fault:
            raise LoginFault("login-token", fault.reason) from None
        finally:
            self._steps -= 1


def plain_word(text: str) -> str:
    """The code of an error that a provider sent with a browser, if it looks like one."""
    return text if len(text) <= 40 and text.isascii() and text.replace("_", "").isalnum() else ""
