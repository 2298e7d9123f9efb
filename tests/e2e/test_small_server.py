"""A page of 300 pictures on a server of one thread: all are shown, and others are served too."""

from __future__ import annotations

import statistics

from tests.e2e.acts.visit import visit
from tests.e2e.stack import Stack
from tests.support.browser import Browser
from tests.support.one_thread import one_thread

PICTURES = 300
SECONDS = 0.05
PAGE = "<!doctype html><p>A page of pictures" + "".join(
    f'<img src="/picture/{number}">' for number in range(PICTURES)
)

SHOWN = """() => {
  const images = [...document.images];
  return images.every(image => image.complete)
    ? images.filter(image => image.naturalWidth === 7).length : null;
}"""
CLICK = """async () => {
  const began = performance.now();
  const response = await fetch('/click', {cache: 'no-store'});
  await response.text();
  return [response.status, performance.now() - began];
}"""


async def test_every_picture_is_shown_and_another_visitor_clicks_meanwhile(
    browser: Browser, shared_stack: Stack, fresh_name: str
) -> None:
    with one_thread(SECONDS, PAGE.encode()) as small:
        address = await shared_stack.expose(fresh_name, str(small.port))
        other = (await visit(browser, f"{address.url}quiet", "A quiet page")).tab
        crowd = (await visit(browser, address.url, "A page of pictures")).tab
        clicks = []
        for _ in range(8):
            status, took_ms = await other.evaluate(CLICK)
            assert status == 200
            clicks.append(took_ms)
        shown = await crowd.wait_for(SHOWN, timeout_s=60)
        await shared_stack.unexpose(fresh_name)
    assert shown == PICTURES
    # A full queue in front of the server is 300 of 50 ms each; a fair share is a few of them.
    assert statistics.median(clicks) < 1_500, clicks
