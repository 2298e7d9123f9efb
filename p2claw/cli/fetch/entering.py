"""Enters a guarded app, by its password or by the invitation in its URL, as a browser does."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

from p2claw.errors import RefusedError
from p2claw.visitor import Visitor

_OWN = "/.p2claw/access/"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BODY_BYTES = 65_536


async def entered_by(
    visitor: Visitor, url: str, password: str | None
) -> tuple[tuple[str, str], ...]:
    """The fields that show that this visitor has entered; none if nothing was given to enter by.

    Raises RefusedError `access-refused` if the box does not let it in.
    """
    parts = urlsplit(url)
    token = parse_qs(parts.fragment).get("i", [""])[0]
    if password is not None:
        fields = (
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", f"{parts.scheme}://{parts.netloc.lower()}"),
        )
        body = urlencode({"to": "/", "password": password}).encode()
        response = await visitor.request("POST", f"{_OWN}enter", fields=fields, body=body)
    elif _TOKEN.fullmatch(token):
        response = await visitor.request("GET", f"{_OWN}invitation?t={token}")
    else:
        return ()
    async with response:
        await response.body(_BODY_BYTES)
    cookie = response.field("set-cookie") or ""
    if response.status != 303 or not cookie:
        if response.status not in (401, 403, 429):
            return ()  # the app is not guarded, and has responded itself
        wait = response.field("retry-after")
        raise RefusedError(
            f"The box does not let this visitor in ({response.status})",
            code="access-refused",
            hint=f"Try again in {wait} s" if wait else "Check the password, or the invitation",
        )
    return (("cookie", cookie.partition(";")[0]),)
