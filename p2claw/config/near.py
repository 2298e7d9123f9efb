"""Which relays are near: the regions for what a trusted proxy says of where a visitor is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from p2claw.errors import UsageError

MOST_REGIONS = 8
MOST_VALUES = 1_000

REGION = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
_FIELD = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE = re.compile(r"[A-Za-z0-9_.:/ -]{1,64}")
_EXAMPLE = "For example --region-field CF-IPCountry --near DE,FR,PL=eu --near US,CA=us,eu"


def parse_near(texts: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Read `VALUE,VALUE=REGION,REGION` of each `--near`: regions by value in lower case, the
    nearest first. Raises UsageError `near-invalid`.
    """
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        given, _, named = text.partition("=")
        values = [value.strip().lower() for value in given.split(",")]
        regions = tuple(region.strip().lower() for region in named.split(","))
        if not all(REGION.fullmatch(region) for region in regions) or len(regions) > MOST_REGIONS:
            raise _invalid(text, f"after = are 1 to {MOST_REGIONS} names of regions")
        for value in values:
            if not _VALUE.fullmatch(value):
                raise _invalid(text, f"{value!r} is no value of a field")
            if value in found:
                raise _invalid(text, f"{value!r} has its regions already")
            found[value] = regions
    if len(found) > MOST_VALUES:
        raise _invalid(next(iter(found)), f"there are more than {MOST_VALUES} values")
    return found


def check_near(
    field: str, near: Mapping[str, tuple[str, ...]], regions: Iterable[str], *, is_trusted: bool
) -> None:
    """Whether these belong together. regions: of the relays. is_trusted: some proxies are.

    Raises UsageError `near-invalid`.
    """
    if near and not field:
        raise _invalid("--near", "it needs --region-field, whose values it is for")
    if not field:
        return
    if not _FIELD.fullmatch(field):
        raise _invalid(field, "this is no name of a field")
    if not is_trusted:
        raise _invalid(field, "a field is believed from --trusted-proxy alone, and there is none")
    known = frozenset(regions)
    for named in near.values():
        for region in named:
            if region not in known:
                raise _invalid(region, "no --relay is of this region")


def _invalid(text: str, why: str) -> UsageError:
    return UsageError(
        f"Where visitors are cannot be told by {text[:100]!r}: {why}",
        code="near-invalid",
        hint=_EXAMPLE,
    )
