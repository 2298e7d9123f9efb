"""As whom an app sees a request, and whether that is more than at a direct server.

A request that does not come is less. Most that a page of another site makes do not: only the
Service Worker of the app's own origin carries requests, and no page of another site has it.
"""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = "nothing"
# What a request may be taken for, the more trusted the higher. An app lets through what has
# no such field (`absent`), as of a program that is no browser.
_SITES = {NOTHING: 0, "cross-site": 1, "same-site": 2, "absent": 3, "none": 3, "same-origin": 4}
_ORIGINS = {NOTHING: 0, "null": 1, "foreign": 1, "absent": 2, "own": 3}


@dataclass(frozen=True, slots=True)
class Seen:
    """What an app saw of a request, in words; method is NOTHING if none came."""

    method: str
    origin: str = NOTHING
    site: str = NOTHING
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        if self.method == NOTHING:
            return NOTHING
        cookies = "+".join(self.cookies) or "-"
        return f"{self.method} {self.origin}, {self.site}, {cookies}"


def seen(method: str, fields: dict[str, str], own: str) -> Seen:
    """own: the app's own origin, as its pages have it."""
    origin = fields.get("origin")
    named = "absent" if origin is None else "null" if origin == "null" else "foreign"
    cookies = sorted(part.split("=")[0].strip() for part in fields.get("cookie", "").split(";"))
    return Seen(
        method,
        "own" if origin == own else named,
        fields.get("sec-fetch-site", "absent"),
        tuple(name for name in cookies if name in ("lax", "strict")),
    )


def grants_more(direct: Seen, through: Seen) -> list[str]:
    """In which of its facts; nothing if p2claw has the app trust it no more than it would."""
    if through.method == NOTHING:
        return []
    if direct.method == NOTHING:
        return ["request"]
    more = []
    # Browsers name no site to a server without TLS whose name is not local: both sides are local.
    if _SITES[through.site] > _SITES[direct.site]:
        more.append("Sec-Fetch-Site")
    if _ORIGINS[through.origin] > _ORIGINS[direct.origin]:
        more.append("Origin")
    if set(through.cookies) - set(direct.cookies):
        more.append("Cookie")
    return more
