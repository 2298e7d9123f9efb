"""What the box notices of an app stands in the console of the page that suffers from it, once."""

from __future__ import annotations

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import canned_site, page
from tests.support.browser import Browser, until

COOKIE = b"set-cookie: a=1; domain=elsewhere.example\r\n"
HTML = b"<!doctype html><p>A faulty page<script src='http://localhost:10/lost.js'></script>"
GET = "path => fetch(path).then((response) => response.text())"
LINES = (
    "p2claw: It sets a cookie for elsewhere.example, which no browser keeps here. "
    "Let the app set its cookies without a domain.",
    "p2claw: Its pages name localhost:10, a server that no visitor reaches. "
    "Let the app reach that server through a path of its own (a proxy in its settings), or "
    "expose it too and name it by its own URL.",
)


async def test_the_console_shows_each_thing_once_with_the_way_out(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    async with canned_site(shared_stack, fresh_name, {"/": page(HTML, fields=COOKIE)}) as site:
        tab = (await visit(browser, f"{site.url}/", "A faulty page")).tab

        def shown() -> list[str]:
            # Before the text stands its level, as each browser calls it.
            return [line.partition(": ")[2] for line in tab.console if "p2claw: It" in line]

        for _ in range(4):
            await tab.evaluate(GET, "/")
        await until(lambda: len(shown()) >= len(LINES), timeout_s=10, what="both are shown")
        await tab.evaluate(GET, "/")
        assert sorted(shown()) == sorted(LINES)
        (app,) = [
            each
            for each in (await shared_stack.ask("GET", "/v1/status"))["apps"]
            if each["app"] == fresh_name
        ]
        assert {one["code"] for one in app["notices"]} == {"cookie-domain", "local-url"}
