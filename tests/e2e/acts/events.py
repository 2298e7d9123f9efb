"""Listening to server-sent events."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.browser import Tab

LISTEN = """(path) => {
  const state = (window.testEvents = { count: 0, errors: 0, opens: 0, last: "" });
  const source = new EventSource(path);
  source.onopen = () => { state.opens += 1; };
  source.onerror = () => { state.errors += 1; };
  source.onmessage = (event) => { state.count += 1; state.last = event.data; };
}"""


@dataclass(frozen=True, slots=True)
class Events:
    """opens: 1 when the stream never broke."""

    count: int
    errors: int
    opens: int
    last: str


async def listen(tab: Tab, path: str) -> None:
    await tab.evaluate(LISTEN, path)


async def received(tab: Tab) -> Events:
    return Events(**await tab.evaluate("() => window.testEvents"))


async def wait_for_events(tab: Tab, count: int, *, timeout_s: float = 30) -> Events:
    """Wait until that many events have come."""
    await tab.wait_for("count => window.testEvents.count >= count", count, timeout_s=timeout_s)
    return await received(tab)
