"""Visits an app as a browser would, and shows what a visitor will see: for `expose --verify`.

No page is drawn and no script is run: it is the first response, after redirects within the app.
"""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass, replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from p2claw.errors import P2clawError
from p2claw.units import MIB
from p2claw.visitor import Visitor
from p2claw.visitor.response import Response

REDIRECTS = 5
LOOKED_AT_BYTES = MIB
VISIT_S = 30.0
TITLE_CHARS = 200

# What a browser asks for with a page.
_FIELDS = (("accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("sec-fetch-dest", "document"))
# A visitor's browser looks for it on the visitor's own machine.
_LOCAL = re.compile(r"""["'(=](?:https?:|wss?:)?//(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?""")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a visitor sees. reached: the box has responded.

    error: why not; or the code of a page of the box in place of the app's. guarded: it was the page
    that asks who enters. moved_to: where the app sends visitors, outside of itself. warnings: what
    will go wrong in a browser.
    """

    reached: bool
    error: str = ""
    status: int = 0
    title: str = ""
    content_type: str = ""
    guarded: bool = False
    moved_to: str = ""
    path: str = ""
    link_ms: int = 0
    response_ms: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether a visitor sees what the app means to show."""
        return self.reached and (self.guarded or self.status < 400)

    def facts(self) -> dict[str, object]:
        return {**asdict(self), "warnings": list(self.warnings), "ok": self.is_well}

    @property
    def text(self) -> str:
        """One line for people."""
        if not self.reached:
            return f"a visitor does not reach it: {self.error}"
        what = "the page that asks who enters" if self.guarded else f"status {self.status}"
        what += f" ({self.error})" if self.error and not self.guarded else ""
        title = f", “{self.title}”" if self.title else ""
        to = f", sent on to {self.moved_to}" if self.moved_to else ""
        took = f"{self.path}, link {self.link_ms} ms, response {self.response_ms} ms"
        return f"a visitor sees {what}{title}{to} ({took})"


async def look(url: str, key: str | None) -> Seen:
    """Visit an app. key: the peer id that its box must have. Raises nothing of ours."""
    began_s = time.monotonic()
    try:
        async with await Visitor.open(url, key=key) as visitor:
            return await _look(visitor, url, time.monotonic() - began_s)
    except P2clawError as error:
        return Seen(False, error=f"{error} ({error.code})")


async def _look(visitor: Visitor, url: str, link_s: float) -> Seen:
    origin, target, moved_to = _origin(url), "/", ""
    for _ in range(REDIRECTS + 1):
        began_s = time.monotonic()
        async with await visitor.request("GET", target, fields=_FIELDS, timeout_s=VISIT_S) as got:
            took_s = time.monotonic() - began_s
            location = got.field("location") if 300 <= got.status < 400 else None
            content = b"" if location else await _beginning(got)
            seen = Seen(
                True,
                error=got.error,
                status=got.status,
                content_type=got.field("content-type") or "",
                guarded=got.status == 401 and b"/.p2claw/access/" in content,
                path=str(visitor.stats().path),
                link_ms=round(link_s * 1000),
                response_ms=round(took_s * 1000),
            )
        if not location:
            break
        there = urljoin(origin + target, location)
        if _origin(there) != origin:
            moved_to = there
            break
        target = there.removeprefix(origin) or "/"
    return _with_page(seen, content, moved_to)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _beginning(response: Response) -> bytes:
    content = bytearray()
    async for piece in response:
        content += piece
        if len(content) >= LOOKED_AT_BYTES:
            break
    return bytes(content[:LOOKED_AT_BYTES])


def _with_page(seen: Seen, content: bytes, moved_to: str) -> Seen:
    if not seen.content_type.lower().startswith(("text/html", "application/xhtml")):
        return replace(seen, moved_to=moved_to)
    text = content.decode("utf-8", "replace")
    title = _Title()
    title.feed(text)
    local = sorted({match.lstrip("\"'(=") for match in _LOCAL.findall(text)})
    warnings = [f"the page names {one}, which is the visitor's own machine" for one in local[:8]]
    return replace(
        seen,
        title=" ".join(title.text.split())[:TITLE_CHARS],
        moved_to=moved_to,
        warnings=tuple(warnings),
    )


class _Title(HTMLParser):
    """The text of the first <title>."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._state = "before"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and self._state == "before":
            self._state = "in"

    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and self._state == "in":
            self._state = "after"

    def handle_data(self, data: str) -> None:
        if self._state == "in":
            self.text += data
