"""Which e-mail addresses an owner lets in: whole ones, and all of a domain.

Pure. An address is compared in lower case, and in ASCII alone: no other script can look like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from p2claw.errors import UsageError

# RFC 5321 §4.5.3.1: 64 before the @; a path of 256 octets has two angle brackets.
ADDRESS_CHARS = 254
# A list of people; whoever has more lets in a domain.
ADDRESSES = 256

_DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
# RFC 5322's dot-atom: no quoted local part, which no provider gives out.
_ADDRESS = re.compile(rf"[a-z0-9!#$%&'+/=?^_`{{|}}~.-]{{1,64}}@({_DOMAIN})")
_WHOLE_DOMAIN = re.compile(rf"@{_DOMAIN}")


def read_allowed(texts: Iterable[str]) -> tuple[str, ...]:
    """The addresses and domains of an owner's list, each once.

    Raises UsageError `email-invalid`, `emails-full`.
    """
    found = {text.strip().lower(): text for text in texts}
    for one, text in found.items():
        if len(one) > ADDRESS_CHARS or not (
            _ADDRESS.fullmatch(one) or _WHOLE_DOMAIN.fullmatch(one)
        ):
            raise UsageError(
                f"{text[:80]!r} is neither an e-mail address nor a domain",
                code="email-invalid",
                hint="Write ada@example.org, or @example.org for all of that domain",
            )
    if len(found) > ADDRESSES:
        raise UsageError(
            f"An app lets in at most {ADDRESSES} addresses and domains",
            code="emails-full",
            hint="Let in a domain: --allow-email @example.org",
        )
    return tuple(found)


def plain_address(text: object) -> str:
    """An address as a provider wrote it, in the form that is compared; "" if it is none."""
    if not isinstance(text, str) or len(text) > ADDRESS_CHARS or not text.isascii():
        return ""
    lower = text.lower()
    return lower if _ADDRESS.fullmatch(lower) else ""


def is_allowed(allowed: Iterable[str], address: str) -> bool:
    """Whether a plain address is on the list, or its domain is. A subdomain is another domain."""
    name, at, domain = address.partition("@")
    return bool(name and at) and any(one in (address, at + domain) for one in allowed)
