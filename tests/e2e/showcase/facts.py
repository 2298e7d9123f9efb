"""What the showcase found out: a JSON line for each fact, and the screenshots."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.browser import Tab


@dataclass(slots=True)
class Facts:
    """out: the folder for pictures and for facts.jsonl. failed: the facts that did not hold."""

    browser: str
    out: Path
    failed: list[str] = field(default_factory=list)

    def note(self, fact: str, *, holds: bool, **values: Any) -> None:
        """Print one fact; `holds` is whether it is what was promised."""
        if not holds:
            self.failed.append(fact)
        line = json.dumps({"browser": self.browser, "fact": fact, "holds": holds, **values})
        print(line, flush=True)
        with (self.out / "facts.jsonl").open("a") as lines:
            lines.write(line + "\n")

    async def picture(self, tab: Tab, name: str) -> None:
        await tab.front()
        await tab.screenshot(self.out / f"{self.browser}-{name}.png")

    @asynccontextmanager
    async def stage(self, name: str) -> AsyncIterator[None]:
        """A fault in one stage is a fact too, and the next stage still runs."""
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            seconds = round(time.monotonic() - began, 1)
            self.note(name, holds=False, seconds=seconds, error=text[:2000])
