"""The grammar of names: app, alias, key alias, peer id, and how a hostname is put together.

A hostname is `<app>-<alias>.<parent>`. An alias has no hyphen, so the last hyphen of the first
label parts the app from the alias; a first label without a hyphen is an alias alone.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
import secrets
from dataclasses import dataclass
from functools import lru_cache

from p2claw.errors import UsageError

APP_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
ALIAS = re.compile(r"[a-z0-9]{3,30}")
PEER_ID = re.compile(r"[a-z2-7]{52}")

PUBLIC_KEY_BYTES = 32

# An app whose name ends so is unlisted: 26 random characters of base32 are 130 bits. Two digits at
# least, so that no long word is taken for one.
_UNLISTED = re.compile(r"(?:.*-)?(?=(?:[a-z]*[2-7]){2})[a-z2-7]{26}")
_UNLISTED_BYTES = 17
_UNLISTED_CHARS = 26
_PREFIX_CHARS = 32 - 1 - _UNLISTED_CHARS

# 63 (a DNS label, RFC 1035 §2.3.4) - 32 (app) - 1 (hyphen) = 30; 26 base32 characters are 130 bits.
KEY_ALIAS_CHARS = 26

RESERVED_APPS = frozenset(
    (
        *("www", "api", "admin", "auth", "login", "account", "accounts", "mail", "ftp", "ssh"),
        *("p2claw", "peer", "sys", "internal", "static", "status", "health", "default"),
    )
)


@dataclass(frozen=True, slots=True)
class Host:
    """A parsed hostname: the alias, and the app, or None if the host names the box alone."""

    alias: str
    app: str | None


def check_app(name: str) -> str:
    """Return name, an app that may be exposed.

    Raises UsageError `app-name-invalid` or `app-name-reserved`.
    """
    if not APP_NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not an app name",
            code="app-name-invalid",
            hint="Use 1 to 32 of a-z, 0-9 and hyphens, with a letter or digit at both ends",
        )
    if name in RESERVED_APPS:
        raise UsageError(
            f"{name!r} is a reserved name",
            code="app-name-reserved",
            hint=f"Choose another, for example my-{name}",
        )
    return name


@lru_cache(maxsize=1024)
def is_unlisted(app: str) -> bool:
    """Whether nobody finds the app who was not given its URL: the box's page leaves it out."""
    return _UNLISTED.fullmatch(app) is not None


def unlisted_prefix(name: str) -> str:
    """What of an app name fits before the hyphen and the random characters."""
    return name[:_PREFIX_CHARS].rstrip("-")


def unlisted_app(prefix: str) -> str:
    """A new name that cannot be guessed. prefix: "", or an app name, of which the part is kept
    that `unlisted_prefix` says."""
    kept = unlisted_prefix(prefix)
    while True:
        random = base64.b32encode(secrets.token_bytes(_UNLISTED_BYTES)).decode().lower()
        random = random[:_UNLISTED_CHARS]
        name = f"{kept}-{random}" if kept else random
        if is_unlisted(name):
            return name


def parse_label(label: str) -> Host:
    """Parse the first label of a hostname, `dog-purplecrab` or `purplecrab`.

    Raises UsageError `host-invalid`.
    """
    app, hyphen, alias = label.lower().rpartition("-")
    if not ALIAS.fullmatch(alias) or (hyphen and not APP_NAME.fullmatch(app)):
        raise UsageError(
            f"{label!r} is not the name of an app on a box",
            code="host-invalid",
            hint="A host is <app>-<alias>, for example dog-purplecrab",
        )
    return Host(alias=alias, app=app if hyphen else None)


def label_for(app: str | None, alias: str) -> str:
    """The first label of the hostname of an app, or of the box itself."""
    return f"{app}-{alias}" if app else alias


def is_localhost(host: str) -> bool:
    """Whether a name always means this machine, whatever a name server says (RFC 6761 §6.3)."""
    host = host.lower().rstrip(".")
    return host == "localhost" or host.endswith(".localhost")


def host_of(field: str) -> str:
    """The host of a Host field in small letters, without its port, brackets and last dot."""
    name = field.lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")


def is_address(host: str) -> bool:
    """Whether it is an IP address, and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def peer_id_of(public_key: bytes) -> str:
    """The text form of a 32-byte Ed25519 public key: 52 characters of lower-case base32."""
    return base64.b32encode(public_key).decode().rstrip("=").lower()


def public_key_of(peer_id: str) -> bytes:
    """The inverse of `peer_id_of`. Raises UsageError `peer-id-invalid`."""
    if not PEER_ID.fullmatch(peer_id):
        raise UsageError(f"{peer_id!r} is not a peer id", code="peer-id-invalid")
    public_key = base64.b32decode(peer_id.upper() + "====")
    if peer_id_of(public_key) != peer_id:
        raise UsageError(f"{peer_id!r} is not a peer id", code="peer-id-invalid")
    return public_key


def key_alias_of(public_key: bytes) -> str:
    """The alias that proves itself: the first 130 bits of SHA-256 of the key, in base32."""
    digest = hashlib.sha256(public_key).digest()
    return base64.b32encode(digest).decode().lower()[:KEY_ALIAS_CHARS]
