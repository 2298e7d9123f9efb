"""Where a server keeps what must last: `sqlite:///FOLDER` or `postgresql://…`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from p2claw.errors import UsageError

_DATABASE = "coordinator.db"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """One of both, or neither: SQLite in the server's own folder. postgresql: as libpq reads it."""

    folder: Path | None = None
    postgresql: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> StoreAddress:
        """Read `--store`; "" is the default. Raises UsageError `store-invalid`."""
        scheme, colon, _ = text.partition("://")
        if not text:
            return cls()
        if colon and scheme in ("postgresql", "postgres"):
            return cls(postgresql=text)
        if colon and scheme == "sqlite":
            parts = urlsplit(text)
            path = Path(unquote(parts.path))
            if not parts.netloc and len(path.parts) > 1:
                return cls(folder=path.parent if path.name == _DATABASE else path)
        raise UsageError(
            f"{without_password(text)!r} is not the address of a store",
            code="store-invalid",
            hint="Give sqlite:///FOLDER, with three slashes, or postgresql://USER@HOST/DATABASE",
        )

    def __str__(self) -> str:
        """For people and logs: without the password."""
        if self.postgresql:
            return without_password(self.postgresql)
        return f"sqlite://{self.folder}" if self.folder else ""


def without_password(url: str) -> str:
    """A URL as it may be shown: its password, in either place of one, is `***`."""
    scheme, colon, rest = url.partition("://")
    if not colon:
        return url
    address, mark, query = rest.partition("?")
    user, at, host = address.rpartition("@")
    if ":" in user:
        user = user.partition(":")[0] + ":***"
    fields = [
        f"{name}=***" if "password" in name.lower() else pair
        for pair in query.split("&")
        for name in (pair.partition("=")[0],)
    ]
    return f"{scheme}://{user}{at}{host}{mark}{'&'.join(fields)}"
