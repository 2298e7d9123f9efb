"""What is asked about a visitor who wants to enter, and what is replied.

Whoever serves visitors asks; the agent alone has keys, passwords and sessions, and replies.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


class Ask(enum.Enum):
    """What a question is about: what its `value` is."""

    SESSION = "session"  # the token of a session: whose is it?
    PASSWORD = "password"  # a password: is it the app's?
    INVITATION = "invitation"  # the token of an invitation: does it let somebody in?
    LEAVE = "leave"  # the token of a session, which is to end
    LOGIN = "login"  # "": where does somebody log in?
    CODE = "code"  # what a provider gave to a browser that has logged in there: whose is it?


@dataclass(frozen=True, slots=True)
class LoginStep:
    """A step of a login at a provider. origin: by which the app is visited.

    to: where to go once inside. again: with another account. The rest is what the provider sent
    back with the browser: the state that it was given, its own name, and why it let nobody in.
    """

    origin: str
    to: str = "/"
    again: bool = False
    state: str = ""
    issuer: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """network, link: who asks, for the limits of `tries.py`.

    held: the session that it has; of a login, all tokens that it shows, with blanks between.
    """

    ask: Ask
    app: str
    value: str
    network: str = ""
    link: str = ""
    held: str = ""
    login: LoginStep | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody may enter. session: the digest of it. statement: the signed form, for the app.

    until_s: when it ends at the latest, seconds since 1970.
    """

    session: str
    user: str
    way: str
    statement: str
    until_s: int


@dataclass(frozen=True, slots=True)
class Reply:
    """grant: None if not, and then why: a code of docs/ACCESS.md.

    token: of a session, or of a login, that has just begun. location: where to go: to the provider,
    or within the app. retry_s: when to try again.
    """

    grant: Grant | None = None
    code: str = ""
    token: str = ""
    retry_s: float = 0.0
    location: str = ""


Replies = Callable[[Question], Awaitable[Reply]]


async def nobody_enters(question: Question) -> Reply:
    """The replies of who knows of no guarded app."""
    return Reply(code="access-required")
