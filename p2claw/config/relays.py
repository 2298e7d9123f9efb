"""The relays of a server: of `--relay` with region and weight, and those of `--turn`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from p2claw.config.addresses import parse_listen
from p2claw.errors import UsageError

MOST_RELAYS = 64
MOST_URLS = 8
MOST_WEIGHT = 1_000

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
_URL = re.compile(
    r"turns?:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?"
    r"(?:\?transport=(?:udp|tcp))?"
)
_EXAMPLE = (
    "For example name=eu1,region=eu,weight=3,turn:turn1.example.org:3478?transport=udp,"
    "turn:turn1.example.org:3478?transport=tcp"
)


@dataclass(frozen=True, slots=True)
class Relay:
    """One TURN server. urls: the ways to it. region: "" is one as good as any other name.

    weight: of the visits of its region it is given this share; 0: it is given to no new visit.
    """

    name: str
    urls: tuple[str, ...]
    region: str = ""
    weight: int = 1
    cli: str = ""
    """`host:port` of its command line, by which allocations are ended; "": none."""


def parse_relay(text: str) -> Relay:
    """Read `name=…,region=…,weight=…,cli=…,URL,URL`. Raises UsageError `relay-invalid`."""
    facts: dict[str, str] = {}
    urls: list[str] = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, is_fact, value = item.partition("=")
        if item.startswith(("turn:", "turns:")):
            urls.append(item)
        elif is_fact and key in ("name", "region", "weight", "cli") and key not in facts:
            facts[key] = value
        else:
            raise _invalid(text, f"{item!r} is none of name=, region=, weight=, cli= and a URL")
    if not 1 <= len(urls) <= MOST_URLS:
        raise _invalid(text, f"it has {len(urls)} URLs, and needs 1 to {MOST_URLS}")
    hosts = [_host(url) for url in urls]
    if "" in hosts:
        raise _invalid(text, f"{urls[hosts.index('')]!r} is no turn: or turns: URL")
    name, region = facts.get("name", hosts[0]).lower(), facts.get("region", "").lower()
    if not _NAME.fullmatch(name) or (region and not _NAME.fullmatch(region)):
        raise _invalid(text, "name and region are letters, digits, dots and hyphens")
    weight = facts.get("weight", "1")
    if not (weight.isascii() and weight.isdigit() and int(weight[:9]) <= MOST_WEIGHT):
        raise _invalid(text, f"the weight is a whole number from 0 to {MOST_WEIGHT}")
    cli = facts.get("cli", "")
    if cli:
        try:
            parse_listen(cli)
        except UsageError:
            raise _invalid(text, f"cli={cli} is not host:port") from None
    return Relay(name, tuple(urls), region, int(weight), cli)


def relays_of(turn_urls: Iterable[str], relays: Iterable[Relay]) -> tuple[Relay, ...]:
    """All relays: those of `--turn`, one for each host, of weight 1 and of no region; then others.

    Raises UsageError `relay-invalid`: two have one name, or there are too many.
    """
    by_host: dict[str, list[str]] = {}
    for url in turn_urls:
        by_host.setdefault(_host(url) or url, []).append(url)
    found = [Relay(host, tuple(urls)) for host, urls in by_host.items()]
    found += relays
    names = [relay.name for relay in found]
    for name in names:
        if names.count(name) > 1:
            raise _invalid(name, "two relays have this name")
    if len(found) > MOST_RELAYS:
        raise _invalid(names[-1], f"there are more than {MOST_RELAYS} relays")
    return tuple(found)


def _host(url: str) -> str:
    """The host of a URL of TURN; "": it is none."""
    match = _URL.fullmatch(url)
    return "" if match is None else match["host"].strip("[]").lower()


def _invalid(text: str, why: str) -> UsageError:
    return UsageError(
        f"The relay {text[:100]!r} cannot be used: {why}", code="relay-invalid", hint=_EXAMPLE
    )
