"""The order and view of a list, read from the query of a URL and written into one."""

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
        """The order that a query asks for; anything else in the query is ignored."""
        asked, view = query.get("sort", ""), query.get("view", "")
        by = next((sort for sort in Sort if sort.value == asked), Sort.NAME)
        view = view if view in ("tiles", "rows") else ""
        return cls(by, query.get("order") == "desc", view)

    @property
    def query(self) -> str:
        """The inverse of `of`; the usual order has an empty query."""
        parts = []
        if self.by is not Sort.NAME or self.descending:
            parts.append(f"sort={self.by.value}")
        if self.descending:
            parts.append("order=desc")
        if self.view:
            parts.append(f"view={self.view}")
        return "?" + "&amp;".join(parts) if parts else "./"
