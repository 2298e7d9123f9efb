"""Logins that are under way: sent to their provider, and not back yet. Sans-IO.

Each one belongs to a browser, an app, an origin and the settings of that moment, comes back once,
and has secrets of its own. `docs/decisions/0022` explains what each is for.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from p2claw.agent.access.login_settings import Login

# Long enough to find a password, and a second factor.
LASTS_S = 600
PENDING = 1_024
PENDING_OF_NETWORK = 32

# 256 bits, 43 characters: what RFC 7636 §4.1 asks of a verifier.
RANDOM_BYTES = 32

Random = Callable[[int], bytes]


class LoginFault(Exception):
    """Nobody has logged in. code: of docs/ACCESS.md. reason: for the log."""

    def __init__(self, code: str, reason: str = "", *, retry_s: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.retry_s = retry_s


@dataclass(frozen=True, slots=True)
class Pending:
    """One login. browser: the digest of what its cookie holds. back: the redirect URI.

    to: where the visitor wanted to go. nonce and verifier: for the provider alone.
    """

    app: str
    login: Login
    browser: str
    back: str
    to: str
    network: str
    nonce: str
    verifier: str
    until_s: float

    @property
    def challenge(self) -> str:
        """Of the verifier, by S256 (RFC 7636 §4.2)."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())


class Logins:
    """All logins of one box. The oldest of a network gives way, so that none shuts others out."""

    def __init__(self) -> None:
        self._pending: dict[str, Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def begin(
        self,
        app: str,
        login: Login,
        browser: str,
        back: str,
        to: str,
        network: str,
        now: float,
        random: Random,
    ) -> tuple[str, Pending]:
        """Returns the state of a new login, and the login."""
        self._make_room(network, now)
        state, nonce, verifier = (_text(random(RANDOM_BYTES)) for _ in range(3))
        made = Pending(app, login, browser, back, to, network, nonce, verifier, now + LASTS_S)
        self._pending[state] = made
        return state, made

    def finish(
        self, state: str, app: str, browsers: list[str], back: str, now: float
    ) -> Pending | None:
        """The login of a state, for the browser that began it, once. None: there is none.

        Who has another browser does not end it.
        """
        pending = self._pending.get(state)
        if pending is None or now >= pending.until_s:
            return None
        if pending.app != app or pending.browser not in browsers or pending.back != back:
            return None
        return self._pending.pop(state)

    def _make_room(self, network: str, now: float) -> None:
        """For one of this network. What was begun first goes first."""
        for state in [state for state, one in self._pending.items() if now >= one.until_s]:
            del self._pending[state]
        networks: dict[str, list[str]] = {network: []}
        for state, one in self._pending.items():
            networks.setdefault(one.network, []).append(state)
        if len(networks[network]) >= PENDING_OF_NETWORK:
            del self._pending[networks[network][0]]
        elif len(self._pending) >= PENDING:
            del self._pending[max(networks.values(), key=len)[0]]


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
