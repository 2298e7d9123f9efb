"""Field values are octets: what is no ASCII arrives as it was sent, in both directions."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts.beside import Beside, beside
from tests.e2e.stack import Stack
from tests.e2e.upstreams.raw import response
from tests.support.browser import Browser

VALUES = ("\xe9", "\xc3\xa9", "a\xff\x80z", "\xe4\xbc\x9a")
FIELDS = [f"X-{number}: {value}" for number, value in enumerate(VALUES)]
CODES = "text => [...(text ?? '')].map((char) => char.charCodeAt(0))"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def page(running_browser: Browser, shared_stack: Stack) -> AsyncIterator[Beside]:
    async with beside(running_browser, shared_stack, "octets") as opened:
        opened.app.responses["/fields"] = response("x", "text/plain", *FIELDS)
        yield opened


@pytest.mark.parametrize(
    "read",
    [
        "for (const n of [0, 1, 2, 3]) seen.push(response.headers.get('x-' + n));",
        "for (const [name, value] of response.headers) if (/^x-/.test(name)) seen.push(value);",
        "response.headers.forEach((value, name) => { if (/^x-/.test(name)) seen.push(value); });",
        "for (const n of [0, 1, 2, 3]) seen.push(response.clone().headers.get('x-' + n));",
    ],
)
async def test_fetch_reads_the_octets_of_a_field(page: Beside, read: str) -> None:
    direct, through = await page.both(
        f"""async () => {{
            const response = await fetch("/fields");
            const seen = [];
            {read}
            return seen.map({CODES});
        }}"""
    )
    assert through == direct == [list(value.encode("latin-1")) for value in VALUES]


async def test_xhr_reads_the_octets_of_a_field(page: Beside) -> None:
    direct, through = await page.both(
        f"""async () => {{
            const xhr = new XMLHttpRequest();
            xhr.open("GET", "/fields");
            await new Promise((done) => {{ xhr.onload = done; xhr.send(); }});
            const seen = [0, 1, 2, 3].map((n) => xhr.getResponseHeader("x-" + n));
            return [...seen, xhr.getAllResponseHeaders()].map({CODES});
        }}"""
    )
    assert through == direct
    assert through[:4] == [list(value.encode("latin-1")) for value in VALUES]


@pytest.mark.parametrize(
    "send",
    [
        "await fetch('/sent', { headers: { 'x-a': value } });",
        "await fetch(new Request('/sent', { headers: { 'x-a': value } }));",
        "await fetch('/sent', { method: 'POST', body: 'x', headers: { 'x-a': value } });",
        """const xhr = new XMLHttpRequest();
        xhr.open("GET", "/sent");
        xhr.setRequestHeader("x-a", value);
        await new Promise((done) => { xhr.onload = done; xhr.send(); });""",
        """const xhr = new XMLHttpRequest();
        xhr.open("POST", "/sent");
        xhr.setRequestHeader("x-a", value);
        await new Promise((done) => { xhr.onload = done; xhr.send("body"); });""",
    ],
)
async def test_an_app_gets_the_octets_of_a_field(page: Beside, send: str) -> None:
    page.app.responses["/sent"] = response("x")
    page.app.seen.clear()
    for value in VALUES:
        await page.both(f"async (value) => {{ {send} }}", value)
    got = [request.fields["x-a"] for request in page.app.asked_for("/sent")]
    assert got == [value for value in VALUES for _ in "dt"]
