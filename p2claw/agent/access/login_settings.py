"""How people log in to an app: at which provider of OpenID Connect, and who of them may enter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from p2claw.agent.access.emails import read_allowed
from p2claw.errors import UsageError

# To this path of an app a provider leads back: its redirect URI. It belongs to `pages.PREFIX`.
CALLBACK = "/.p2claw/access/login/callback"

URL_CHARS = 512
CLIENT_CHARS = 512
SECRET_CHARS = 1_024

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True)
class Login:
    """issuer: the provider's URL, as its tokens name it. client: the id that it gave this box.

    emails: who may enter: addresses, and domains behind an @. secret: of the client; "" if it has
    none.
    """

    issuer: str
    client: str
    emails: tuple[str, ...]
    secret: str = field(default="", repr=False)

    @property
    def provider(self) -> str:
        """The provider, as people know it."""
        return urlsplit(self.issuer).hostname or ""


def login_of(issuer: str, client: str, emails: tuple[str, ...], secret: str = "") -> Login:
    """Settings that can be. Raises UsageError `oidc-invalid`, `email-invalid`, `emails-full`."""
    if not is_provider_url(issuer):
        raise UsageError(
            f"{issuer[:80]!r} is not the issuer of a provider",
            code="oidc-invalid",
            hint="It is an https URL, exactly as the provider's openid-configuration has it",
        )
    if not _is_plain(client, CLIENT_CHARS) or not client:
        raise UsageError("The client id is empty, too long or not ASCII", code="oidc-invalid")
    if not _is_plain(secret, SECRET_CHARS):
        raise UsageError("The client secret is too long or not ASCII", code="oidc-invalid")
    allowed = read_allowed(emails)
    if not allowed:
        raise UsageError(
            "Nobody is allowed to enter by logging in",
            code="email-invalid",
            hint="Name them: --allow-email ada@example.org, or --allow-email @example.org",
        )
    return Login(issuer, client, allowed, secret)


def login_from(value: object) -> Login:
    """Read what `login_to_map` made. Raises UsageError."""
    known = {"issuer", "client", "emails", "secret"}
    if isinstance(value, dict) and value.keys() <= known and value.keys() >= known - {"secret"}:
        issuer, client, secret = (value.get(key, "") for key in ("issuer", "client", "secret"))
        emails = value["emails"]
        if isinstance(emails, list) and all(
            isinstance(one, str) for one in (issuer, client, secret, *emails)
        ):
            return login_of(issuer, client, tuple(emails), secret)
    raise UsageError(
        "A login has issuer, client, emails, and a secret or none", code="oidc-invalid"
    )


def login_to_map(login: Login) -> dict[str, Any]:
    """The inverse of `login_from`."""
    secret = {"secret": login.secret} if login.secret else {}
    emails = list(login.emails)
    return {"issuer": login.issuer, "client": login.client, "emails": emails, **secret}


def is_provider_url(text: object) -> bool:
    """Whether a provider may be asked there: by TLS, or on this very machine."""
    if not isinstance(text, str) or not _is_plain(text, URL_CHARS) or " " in text:
        return False
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def _is_plain(text: str, most_chars: int) -> bool:
    return len(text) <= most_chars and text.isascii() and text.isprintable()
