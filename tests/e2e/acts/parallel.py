"""Many small requests at once, while a large download runs beside them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.browser import Tab

SMALL_REQUESTS = """async (path, count) => {
  const one = async (number) => {
    const began = performance.now();
    const response = await (await fetch(`${path}${number}?${Math.random()}`)).json();
    return { ms: performance.now() - began, right: response.number === number };
  };
  return Promise.all(Array.from({ length: count }, (_, number) => one(number)));
}"""


@dataclass(frozen=True, slots=True)
class Small:
    """ms: how long each one took, sorted. right: how many gave what was asked for."""

    ms: list[float]
    right: int

    def percentile(self, share: float) -> float:
        return self.ms[min(len(self.ms) - 1, int(share * len(self.ms)))]


async def small_requests(tab: Tab, path: str, count: int, *, timeout_s: float = 60) -> Small:
    """Ask for `path`0, `path`1 … all at once; each responds with JSON of its number."""
    done = await tab.evaluate(SMALL_REQUESTS, path, count, timeout_s=timeout_s)
    return Small(sorted(each["ms"] for each in done), sum(each["right"] for each in done))
