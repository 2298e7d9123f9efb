"""The key of a relay service, and its token, which is read from the environment or from a file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from p2claw.config.addresses import check_coordinator
from p2claw.errors import UsageError
from p2claw.names import is_localhost

DEFAULT_TURN_KEY_API = "https://rtc.live.cloudflare.com"
TURN_KEY_TOKEN_VARIABLE = "P2CLAW_TURN_KEY_TOKEN"

_TURN_KEY_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
# What a field of HTTP can hold, without blanks.
_TURN_KEY_TOKEN = re.compile(r"[!-~]{1,512}")


def turn_key_token(environ: Mapping[str, str] | None = None) -> str:
    """The token of the TURN key, if the environment has it, else ""."""
    return (os.environ if environ is None else environ).get(TURN_KEY_TOKEN_VARIABLE, "").strip()


@dataclass(frozen=True, slots=True)
class TurnKey:
    """A key of a relay service that lends credentials over HTTPS, as Cloudflare's does."""

    key_id: str
    token: str = field(repr=False)
    api: str = DEFAULT_TURN_KEY_API
    """Scheme, host and port of the service."""

    def __post_init__(self) -> None:
        if not _TURN_KEY_ID.fullmatch(self.key_id):
            raise UsageError(
                f"{self.key_id[:80]!r} is not the id of a TURN key",
                code="turn-key-invalid",
                hint="It is the “Turn Token ID” of the dashboard: 32 letters and digits",
            )
        if not self.token:
            raise UsageError(
                "A TURN key was named without its token",
                code="turn-key-incomplete",
                hint=f"Give --turn-key-token-file, or set {TURN_KEY_TOKEN_VARIABLE}",
            )
        if not _TURN_KEY_TOKEN.fullmatch(self.token):
            raise UsageError(
                "The token of the TURN key has blanks, odd characters or is too long",
                code="turn-key-token-invalid",
                hint="The file holds the API token alone, on one line",
            )
        object.__setattr__(self, "api", _check_turn_key_api(self.api))


def _check_turn_key_api(url: str) -> str:
    """Scheme, host and port. The token goes there, so it is not sent in the clear."""
    try:
        base = check_coordinator(url)
    except UsageError:
        base = ""
    if not base.startswith("https://") and not is_localhost(urlsplit(base).hostname or ""):
        raise UsageError(
            f"{url!r} is not the address of a relay service",
            code="turn-key-api-invalid",
            hint=f"Give https, host and port alone, for example {DEFAULT_TURN_KEY_API}",
        )
    return base
