"""How a list is shown: what its query asks for, and the query of a link to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from p2claw.agent.folders.entries import Sort


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is shown. view: `tiles`, `rows`, or "" for what suits the folder."""

    by: Sort = Sort.NAME
    descending: bool = False
    view: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Order:
        """What a query asks for; what it says otherwise is passed over."""
        asked, view = query.get("sort", ""), query.get("view", "")
        by = next((sort for sort in Sort if sort.value == asked), Sort.NAME)
        view = view if view in ("tiles", "rows") else ""
        return cls(by, query.get("order") == "desc", view)

    @property
    def query(self) -> str:
        """The inverse; a list that is as usual has no query."""
        parts = []
        if self.by is not Sort.NAME or self.descending:
            parts.append(f"sort={self.by.value}")
        if self.descending:
            parts.append("order=desc")
        if self.view:
            parts.append(f"view={self.view}")
        return "?" + "&amp;".join(parts) if parts else "./"
