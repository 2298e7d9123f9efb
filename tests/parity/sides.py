"""One side of the comparison: the app's own address or p2claw's, and how its address is replaced.

Nothing else is replaced but the boundaries of forms, which browsers draw by chance.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.parity.upstream.server import Upstream
from tests.support.browser import Browser, Tab, Within

READY = "() => typeof parity === 'object'"
BOUNDARIES = re.compile(
    r"----WebKitFormBoundary[A-Za-z0-9]{16}|----geckoformboundary[0-9a-f]{24,40}|-{27}[0-9]{20,40}"
)


@dataclass(frozen=True, slots=True)
class Side:
    """name: direct, again or through. origin: of the app as the browser sees it, without a slash.

    slow: what each case took there, in milliseconds.
    """

    name: str
    origin: str
    within: Within
    browser: Browser
    upstream: Upstream
    slow: dict[str, int] = field(default_factory=dict)

    @property
    def authority(self) -> str:
        return self.origin.partition("://")[2]

    @property
    def host(self) -> str:
        return self.authority.partition(":")[0]

    async def open(self, path: str) -> Tab:
        """A new tab on a stage, with the acts loaded."""
        tab = await self.browser.open(self.origin + path, within=self.within)
        await tab.wait_for(READY)
        return tab

    def of_page(self, value: Any) -> Any:
        """What a page saw, with this side's address replaced."""
        return self._replaced(value, ((self.authority, "APP"), (self.host, "APPHOST")))

    def of_upstream(self, value: Any) -> Any:
        """What the upstream saw: through p2claw it is asked by its own, local name."""
        local = ((f"localhost:{self.upstream.port}", "APP"),)
        return self._replaced(value, ((self.authority, "APP"), *local, (self.host, "APPHOST")))

    def _replaced(self, value: Any, names: tuple[tuple[str, str], ...]) -> Any:
        text = json.dumps(value, ensure_ascii=True, sort_keys=True)
        for found, name in names:
            text = text.replace(found, name)
        return json.loads(BOUNDARIES.sub("BOUNDARY", text))
