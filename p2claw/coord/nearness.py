"""Which regions are near a visitor: as it has measured, else as a trusted proxy says. Pure.

What a visitor has measured holds for its network alone, so it comes with the mark of that network:
`MARK.REGION~REGION`, the nearest first, in a cookie or in the query of a visit. Nobody needs to be
kept from forging it: whoever does is given relays that are far away.
Source: docs/WIRE.md §12.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from aiohttp import web

from p2claw.config import ServerConfig
from p2claw.config.near import MOST_REGIONS, REGION
from p2claw.coord.client_address import is_within, parsed_address

PARAMETER = "near"
COOKIE = "p2claw-near"
LASTS_S = 7 * 86_400
_MOST_CHARS = 600


@dataclass(frozen=True, slots=True)
class Nearness:
    """regions: the nearest first, as far as they are known. is_measured: by the visitor, in the
    network where it is.
    """

    regions: tuple[str, ...] = ()
    is_measured: bool = False


ANYWHERE = Nearness()


def nearness_of(request: web.Request, config: ServerConfig, visitor: str) -> Nearness:
    """What a request tells. visitor: its address, shortened."""
    said = _said(request, config)
    measured: tuple[str, ...] = ()
    if config.several_regions:
        for word in (request.query.get(PARAMETER, ""), request.cookies.get(COOKIE, "")):
            measured = measured or measured_in(word, visitor)
    return Nearness(tuple(dict.fromkeys((*measured, *said))), bool(measured))


def measured_in(word: str, visitor: str) -> tuple[str, ...]:
    """The regions in the word of a visitor, if it is of the network where it is now."""
    mark, _, names = word.partition(".")
    if len(word) > _MOST_CHARS or mark != network_mark(visitor):
        return ()
    return regions_in(names)


def regions_in(names: str) -> tuple[str, ...]:
    """`us~eu`; empty if it is anything else."""
    regions = tuple(names.split("~")) if len(names) <= _MOST_CHARS else ()
    good = len(regions) <= MOST_REGIONS and all(REGION.fullmatch(region) for region in regions)
    return regions if good else ()


def word_for(regions: Collection[str], visitor: str) -> str:
    """The word of a visitor that has measured this in the network where it is."""
    return f"{network_mark(visitor)}.{'~'.join(regions)}"


def network_mark(visitor: str) -> str:
    """Of a visitor's network, as its address was shortened."""
    return hashlib.blake2b(visitor.encode(), digest_size=4).hexdigest()


def _said(request: web.Request, config: ServerConfig) -> tuple[str, ...]:
    """The regions for what a trusted proxy says."""
    if not config.region_field:
        return ()
    peer = request.transport.get_extra_info("peername") if request.transport else None
    address = parsed_address(peer[0]) if peer else None
    if address is None or not is_within(address, config.trusted_proxies):
        return ()
    near: Mapping[str, tuple[str, ...]] = config.near
    value = request.headers.get(config.region_field, "").strip().lower()
    if value in near:
        return near[value]
    return (value,) if value in config.regions else ()
