"""The address at which the world sees this machine, if a cloud or a router maps it one to one.

coturn hands out the address of an interface, which strangers cannot reach there: it has to be told
the other one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from p2claw.errors import UsageError
from p2claw.source_address import FAR_V4, FAR_V6, source_of


def source_address(version: int) -> str:
    """The address from which this machine speaks to others by IPv4 or IPv6; "" if by neither."""
    return source_of(FAR_V4 if version == 4 else FAR_V6).partition("%")[0]


def mapped_address(named: Collection[str], own: Collection[str], source: str) -> str:
    """`PUBLIC/PRIVATE`, or "" if nothing is mapped, or if it is not clear what.

    named: where the name of the relay leads. own: all addresses of this machine. source: the IPv4
    address from which it speaks to others.
    """
    strange = [one for one in named if ":" not in one and one not in own]
    if len(strange) != 1 or not source:
        return ""
    is_mapped = ipaddress.ip_address(strange[0]).is_global
    is_mapped = is_mapped and not ipaddress.ip_address(source).is_global
    return f"{strange[0]}/{source}" if is_mapped else ""


def external_ip(text: str) -> str:
    """What was given: an address, or `PUBLIC/PRIVATE`; "" for none, or if they are the same.

    One address alone stands for that from which this machine speaks. Raises UsageError
    `external-ip-invalid`.
    """
    if text in ("", "none"):
        return ""
    public, slash, private = text.partition("/")
    try:
        outside = ipaddress.ip_address(public)
        inside = ipaddress.ip_address(private) if slash else None
    except ValueError:
        raise _invalid(text) from None
    if inside is None:
        source = source_address(outside.version)
        inside = ipaddress.ip_address(source) if source else None
    elif inside.version != outside.version:
        raise _invalid(text)
    if inside is None:
        return str(outside)
    return "" if inside == outside else f"{outside}/{inside}"


def _invalid(text: str) -> UsageError:
    return UsageError(
        f"{text!r} is no address",
        code="external-ip-invalid",
        hint="For example 203.0.113.7, 203.0.113.7/10.0.0.5, or none",
    )
