"""Content-Security-Policy of an app holds as it was written: nothing is widened, and what violates
it is reported as often as without us.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

import pytest

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.e2e.upstreams.canned import Canned, canned_site, page, script
from tests.support.browser import Browser, until

INLINE = b"document.title = 'inline'"
HASH = base64.b64encode(hashlib.sha256(INLINE).digest())
BODY = (
    b"<!doctype html><title>none</title><p>A policy page</p><script>%b</script>"
    b"<script nonce=abc>document.title += ' nonce'</script><script src=/ext.js></script>"
    b"<script>document.body.dataset.done = 1</script>" % INLINE
)
EXT = script(b"document.title += ' ext'")
RECEIVED = b"HTTP/1.1 204 No Content\r\n\r\n"

# What of BODY runs, as browsers have it without us.
RUNS = {
    b"script-src 'unsafe-inline'": "inline nonce",
    b"script-src 'self'": "none ext",
    b"script-src 'nonce-abc'": "none nonce",
    b"script-src 'sha256-" + HASH + b"'": "inline",
    b"script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'": "none nonce",
    b"default-src 'none'": "none",
    b"default-src 'self' 'unsafe-inline'": "inline nonce ext",
    b"script-src 'unsafe-inline', default-src 'self'": "none",
    b"require-trusted-types-for 'script'; trusted-types 'none'": "inline nonce ext",
}


@pytest.mark.parametrize("policy", RUNS, ids=[key.decode() for key in RUNS])
async def test_a_policy_lets_run_what_it_lets_run_without_us_and_our_script(
    policy: bytes, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    fields = b"content-security-policy: " + policy + b"\r\n"
    responses = {"/": page(BODY, fields=fields), "/ext.js": EXT}
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = (await visit(browser, site.url, "A policy page")).tab
        await tab.wait_for("() => document.readyState === 'complete'")
        title, ours = await tab.evaluate("() => [document.title, parent === window]")
    assert (title, ours) == (RUNS[policy], True)


async def test_a_policy_in_a_meta_element_holds_for_the_page(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    meta = b"<meta http-equiv=content-security-policy content=\"script-src 'nonce-abc'\">"
    responses = {"/": page(b"<!doctype html>" + meta + BODY), "/ext.js": EXT}
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = (await visit(browser, site.url, "A policy page")).tab
        await tab.wait_for("() => document.readyState === 'complete'")
        title, ours = await tab.evaluate("() => [document.title, parent === window]")
    assert (title, ours) == ("none nonce", True)


VIOLATES = (
    b"<!doctype html><p>A policy page</p><script>addEventListener('securitypolicyviolation', e =>"
    b" (window.seen ??= []).push([e.originalPolicy, e.blockedURI]), true)</script><img src=/x.png>"
)


@pytest.mark.parametrize(
    "field", ["content-security-policy", "content-security-policy-report-only"]
)
async def test_one_violation_is_one_report_that_comes_through_the_link(
    field: str, browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    policy = "script-src 'unsafe-inline'; img-src 'none'; report-uri /report"
    responses = _reporting(f"{field}: {policy}\r\n")
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = (await visit(browser, site.url, "A policy page")).tab
        await until(
            lambda: bool(site.app.asked_for("/report")), timeout_s=10, what="it is reported"
        )
        await asyncio.sleep(1)
        reports = site.app.asked_for("/report")
        seen = await tab.wait_for("() => window.seen")
    body: dict[str, Any] = json.loads(reports[0].body)["csp-report"]
    assert [report.values("content-type") for report in reports] == [["application/csp-report"]]
    assert body["original-policy"] == policy
    assert body["effective-directive"] == "img-src"
    assert body["blocked-uri"].endswith("/x.png")
    # Some browsers give a page the event of one image twice, without us too.
    assert [policy, body["blocked-uri"]] in seen
    assert all(one == seen[0] for one in seen)


async def test_a_named_endpoint_gets_reports_in_its_own_format(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    responses = _reporting(
        'reporting-endpoints: own="/report"\r\n'
        "content-security-policy: img-src 'none'; report-to own\r\n"
    )
    async with canned_site(shared_stack, fresh_name, responses) as site:
        await visit(browser, site.url, "A policy page")
        await until(
            lambda: bool(site.app.asked_for("/report")), timeout_s=10, what="it is reported"
        )
        [report] = site.app.asked_for("/report")
    [violation] = json.loads(report.body)
    assert (violation["type"], violation["body"]["effectiveDirective"]) == (
        "csp-violation",
        "img-src",
    )


async def test_our_script_is_never_reported(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    policy = "content-security-policy-report-only: script-src 'nonce-abc'; report-uri /report\r\n"
    html = b"<!doctype html><p>A policy page</p><script nonce=abc>let a</script>"
    responses = {"/": page(html, fields=policy.encode()), "/report": RECEIVED}
    async with canned_site(shared_stack, fresh_name, responses) as site:
        await visit(browser, site.url, "A policy page")
        await asyncio.sleep(1.5)
        assert site.app.asked_for("/report") == []


FRAMED = {
    "deny": b"x-frame-options: DENY\r\n",
    "same": b"x-frame-options: SAMEORIGIN\r\n",
    "none": b"content-security-policy: frame-ancestors 'none'\r\n",
    "self": b"content-security-policy: frame-ancestors 'self'\r\n",
    "both": b"x-frame-options: DENY\r\ncontent-security-policy: frame-ancestors 'self'\r\n",
}


async def test_a_page_declares_whether_the_apps_own_pages_may_frame_it(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    frames = b"".join(b"<iframe src=/%b></iframe>" % name.encode() for name in FRAMED)
    received = b"<script>received = []; onmessage = e => received.push(e.data)</script>"
    responses: dict[str, bytes] = {
        "/": page(b"<!doctype html><p>Frames here</p>" + received + frames)
    }
    for name, fields in FRAMED.items():
        html = b"<!doctype html><p>%b<script>parent.postMessage('%b', '*')</script>"
        responses[f"/{name}"] = page(html.replace(b"%b", name.encode()), fields=fields)
    async with canned_site(shared_stack, fresh_name, responses) as site:
        tab = (await visit(browser, site.url, "Frames here")).tab
        await tab.wait_for("() => received.length === 3 && document.readyState === 'complete'")
        shown = """() => [...document.querySelectorAll("iframe")].map(one => {
            try { return one.contentDocument?.body.innerText ?? ""; } catch { return ""; }
        }).join()"""
        assert sorted(await tab.evaluate("() => received")) == ["both", "same", "self"]
        assert await tab.evaluate(shown) == ",same,,self,both"


def _reporting(fields: str) -> Canned:
    return {"/": page(VIOLATES, fields=fields.encode()), "/report": RECEIVED}
