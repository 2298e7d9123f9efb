"""What the box signs: tokens of sessions, invitations and logins, and statements about visitors.

A token is 16 random bytes and an HMAC-SHA256 over its purpose, its app and those bytes. So one that
was made up, or was made for another app or purpose, is known for that without looking anything up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_BYTES = 32
ID_BYTES = 16
MAC_BYTES = 16

# (16 + 16) bytes in base64url without padding
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

SESSION = "session"
INVITATION = "invitation"
LOGIN = "login"

# How long an app may believe the statement in a request. The next request brings a new one.
STATEMENT_S = 300


def sign(key: bytes, purpose: str, app: str, random: bytes) -> str:
    """The token of these random bytes, ID_BYTES of them."""
    return _text(random + _mac(key, purpose, app, random))


def opened(key: bytes, purpose: str, app: str, token: str) -> bytes | None:
    """The random bytes of a token; None if this box did not sign it for this purpose and app."""
    if not TOKEN.fullmatch(token):
        return None
    try:
        content = base64.urlsafe_b64decode(token + "=")
    except binascii.Error:
        return None
    random, mac = content[:ID_BYTES], content[ID_BYTES:]
    # The last character has bits that belong to no byte: a token has one spelling.
    if not hmac.compare_digest(mac, _mac(key, purpose, app, random)) or _text(content) != token:
        return None
    return random


def digest_of(random: bytes) -> str:
    """By what a session or an invitation is known: who reads it cannot make the token of it."""
    return hashlib.sha256(random).hexdigest()[:32]


def statement(
    key: Ed25519PrivateKey, issuer: str, app: str, user: str, way: str, session: str, now_s: int
) -> str:
    """A statement about who visits an app: a JSON Web Token (RFC 7519), which the app can verify.

    Signed by Ed25519 (RFC 8037). issuer: the peer id of the box.
    """
    claims = {
        "iss": issuer,
        "aud": app,
        "sub": user,
        "way": way,
        "sid": session[:16],
        "iat": now_s,
        "exp": now_s + STATEMENT_S,
    }
    signed = f"{_json({'alg': 'EdDSA', 'typ': 'JWT'})}.{_json(claims)}"
    return f"{signed}.{_text(key.sign(signed.encode()))}"


def _mac(key: bytes, purpose: str, app: str, random: bytes) -> bytes:
    content = b"\0".join((b"p2claw", purpose.encode(), app.encode(), random))
    return hmac.digest(key, content, "sha256")[:MAC_BYTES]


def _json(value: dict[str, object]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
