"""Where the bus of several nodes is: one Redis, one that Sentinels watch, or a Redis Cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from p2claw.config.store_address import without_password
from p2claw.errors import UsageError

_PORTS = {"sentinel": 26379}
_REDIS_PORT = 6379

_HINT = (
    "Give redis://[USER:PASSWORD@]HOST[:PORT][/DB], the same with rediss:// for TLS, unix:///PATH, "
    "redis+sentinel://HOST,HOST/MASTER, or redis+cluster://HOST,HOST"
)


@dataclass(frozen=True, slots=True)
class BusAddress:
    """kind: `redis`, `sentinel` or `cluster`; "" for none. url: of `redis`, as redis-py reads it.

    hosts: of the others. master: the name by which Sentinels know it.
    """

    kind: str = ""
    url: str = field(default="", repr=False)
    hosts: tuple[tuple[str, int], ...] = ()
    master: str = ""
    database: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    shown: str = ""

    @classmethod
    def parse(cls, text: str) -> BusAddress:
        """Read `--bus`; "" is none. Raises UsageError `bus-invalid`."""
        if not text:
            return cls()
        try:
            return _parsed(text)
        except ValueError:
            raise UsageError(
                f"{without_password(text)!r} is not the address of a bus",
                code="bus-invalid",
                hint=_HINT,
            ) from None

    def __str__(self) -> str:
        """For people and logs: without the password."""
        return self.shown


def _parsed(text: str) -> BusAddress:
    """Raises ValueError."""
    shown = without_password(text)
    scheme, colon, rest = text.partition("://")
    base, _, kind = scheme.partition("+")
    if not colon or base not in ("redis", "rediss", "unix") or kind not in ("", *_KINDS):
        raise ValueError
    if not kind:
        parts = urlsplit(text)
        database = parts.path.strip("/")
        if base == "unix":
            if len(parts.path) < 2:
                raise ValueError
        elif not parts.hostname or parts.port == 0 or (database and not database.isdecimal()):
            raise ValueError
        return BusAddress("redis", url=text, shown=shown)
    if base == "unix":
        raise ValueError
    authority, _, path = rest.partition("/")
    login, at, hosts = authority.rpartition("@")
    user, _, password = login.partition(":") if at else ("", "", "")
    master, _, database = path.partition("/")
    if bool(master) != (kind == "sentinel") or (database and not database.isdecimal()):
        raise ValueError
    return BusAddress(
        kind,
        hosts=tuple(_host(one, _PORTS.get(kind, _REDIS_PORT)) for one in hosts.split(",")),
        master=unquote(master),
        database=int(database or 0),
        user=unquote(user),
        password=unquote(password),
        tls=base == "rediss",
        shown=shown,
    )


_KINDS = ("sentinel", "cluster")


def _host(text: str, default_port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.path or parts.port == 0:
        raise ValueError
    return parts.hostname, parts.port or default_port
