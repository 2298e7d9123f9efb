"""A frontend and a backend, both exposed by one box, and how a page asks."""

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.acts.visit import visit
from tests.e2e.stack import AppUrl, Stack
from tests.e2e.upstreams.neighbours import Neighbour
from tests.support.browser import Browser, Tab

# The first request may have to bring the hidden frame, its Service Worker and its link.
ASK = """async (url, init) => {
  try {
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { error: error.name };
  }
}"""
REFUSED = {"error": "TypeError"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A frontend and a backend, exposed by one box. Origins without a slash at the end."""

    web: Neighbour
    api: Neighbour
    web_url: AppUrl
    api_url: AppUrl
    stack: Stack
    name: str

    @property
    def origins(self) -> tuple[str, str]:
        return self.web_url.url.rstrip("/"), self.api_url.url.rstrip("/")


async def exposed(running: Stack, name: str, web: Neighbour, api: Neighbour) -> Pair:
    """Expose both, the second as `NAME-back`."""
    web_url = await running.expose(name, web.upstream)
    api_url = await running.expose(f"{name}-back", api.upstream)
    return Pair(web, api, web_url, api_url, running, name)


async def tab_of(browser: Browser, pair: Pair) -> Tab:
    """The page of the frontend, in a tab."""
    return (await visit(browser, pair.web_url.url, "A neighbour")).tab
