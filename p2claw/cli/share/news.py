"""What has happened to a share between two looks at it: who came and left, the box going off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Facts = dict[str, Any]


@dataclass(slots=True)
class News:
    """The state of one share as it was last told, and the events since. Events are JSON values."""

    shared: bool = False
    online: bool = True
    visitors: dict[str, Facts] = field(default_factory=dict)

    def of(self, told: Facts) -> Iterator[Facts]:
        """The events that lead to what the agent tells now."""
        if told["url"] and told["online"] and not self.shared:
            self.shared = True
            keys = ("app", "url", "key_url", "upstream", "coordinator")
            yield {"event": "shared", **{key: told[key] for key in keys}}
        if self.shared and told["online"] != self.online:
            self.online = told["online"]
            if self.online:
                yield {"event": "online"}
            else:
                yield {"event": "offline", "error": told["last_error"]}
        yield from self._visitors({link["id"]: link for link in told["sessions"]})

    def lost(self) -> Iterator[Facts]:
        """The agent does not tell any more."""
        yield from self._visitors({})

    def _visitors(self, now: dict[str, Facts]) -> Iterator[Facts]:
        for key, link in now.items():
            if key not in self.visitors:
                yield {"event": "visitor", **_kept(link)}
        for key, link in self.visitors.items():
            if key not in now:
                yield {"event": "left", **_kept(link)}
        self.visitors = now


def _kept(link: Facts) -> Facts:
    keys = ("id", "path", "software", "age_s", "bytes_in", "bytes_out", "rtt_ms")
    return {key: link[key] for key in keys}
