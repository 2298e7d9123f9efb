"""The public names of a box, and the URLs under which its apps are visited.

The coordinator sends them when it registers the box (docs/WIRE.md §11, `registered`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from p2claw.errors import RemoteProtocolError
from p2claw.names import label_for

LABEL = "{label}"


@dataclass(frozen=True, slots=True)
class PublicNames:
    """The names of one box. base: a URL with `{label}`; alias: given by the coordinator; key_alias:
    made of the key.

    seen: the address at which the coordinator sees the box, or "". others: aliases of before.
    """

    base: str
    alias: str
    key_alias: str
    seen: str = ""
    others: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base)
            whole = parts.netloc.startswith(f"{LABEL}.") and (parts.port or 1) > 0
        except ValueError:
            whole = False
        if not whole or parts.scheme not in ("http", "https") or parts.path.strip("/"):
            raise RemoteProtocolError(f"the coordinator's base {self.base!r} is no URL of apps")

    @property
    def scheme(self) -> str:
        return urlsplit(self.base).scheme

    def url(self, app: str | None) -> str:
        """Where app is visited, or the box itself."""
        return f"{self.scheme}://{self.host(app)}/"

    def key_url(self, app: str | None) -> str:
        """The same by the alias that proves itself."""
        return f"{self.scheme}://{self._host(app, self.key_alias)}/"

    def host(self, app: str | None) -> str:
        """Host and port of `url`, as a browser writes them."""
        return self._host(app, self.alias)

    def hosts(self, app: str) -> tuple[str, ...]:
        """All names under which app is visited, the usual one first."""
        return _hosts(self.base, app, (self.alias, self.key_alias, *self.others))

    def _host(self, app: str | None, alias: str) -> str:
        return _hosts(self.base, app, (alias,))[0]


# Every request asks for them.
@lru_cache(maxsize=1024)
def _hosts(base: str, app: str | None, aliases: tuple[str, ...]) -> tuple[str, ...]:
    parts = urlsplit(base)
    netloc = parts.netloc.lower()
    default = ":443" if parts.scheme == "https" else ":80"
    return tuple(
        netloc.replace(LABEL, label_for(app, alias)).removesuffix(default) for alias in aliases
    )
