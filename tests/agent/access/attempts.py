"""What the attempts to get in without the right have in common."""

from __future__ import annotations

import base64

from p2claw.agent.access import tokens
from tests.support.proxied import Response

NAME = "p2claw-access"
INVITATION = "/.p2claw/access/invitation"
RANDOM = b"r" * tokens.ID_BYTES

OUTSIDE = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\r\nset-cookie: a=b",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "",
)


def text_of(content: bytes) -> str:
    """As tokens are written."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def refused(response: Response) -> bool:
    """Whether nothing of the app came back, and no session."""
    session = response.value("set-cookie") or ""
    return response.status >= 400 and NAME not in session
