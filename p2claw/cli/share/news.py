"""What has happened to a share between two looks at it: who came and left, the box going off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Facts = dict[str, Any]


@dataclass(slots=True)
class News:
    """The last reported state of one share, and the events since. Events are JSON values."""

    shared: bool = False
    online: bool = True
    visitors: dict[str, Facts] = field(default_factory=dict)

    def of(self, facts: Facts) -> Iterator[Facts]:
        """The events that lead to what the agent reports now."""
        if facts["url"] and facts["online"] and not self.shared:
            self.shared = True
            keys = ("app", "url", "key_url", "upstream", "coordinator")
            yield {"event": "shared", **{key: facts[key] for key in keys}}
        if self.shared and facts["online"] != self.online:
            self.online = facts["online"]
            if self.online:
                yield {"event": "online"}
            else:
                yield {"event": "offline", "error": facts["last_error"]}
        yield from self._visitors({link["id"]: link for link in facts["sessions"]})

    def lost(self) -> Iterator[Facts]:
        """The agent reports nothing any more."""
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
