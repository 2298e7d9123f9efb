"""One router that forwards ports when it is asked: UPnP Internet Gateway Device, version 1 or 2.

What goes over the network is the library's (`async_upnp_client`). Here is which of its devices are
believed: anyone on the local network may claim to be the router.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from async_upnp_client.aiohttp import AiohttpRequester
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.exceptions import UpnpActionError, UpnpError
from async_upnp_client.profiles.igd import IgdDevice
from async_upnp_client.search import async_search

from p2claw.errors import LinkError

# A router on the same network replies within milliseconds; UPnP lets it wait up to this long.
SEARCH_S = 2
# For one request, whatever the router does with it. Slow ones write their flash first.
REQUEST_S = 10.0

ANY_HOST = ipaddress.IPv4Address("0.0.0.0")
DESCRIPTION = "p2claw"

# UPnP IGD, WANIPConnection:1 §2.4.16 and :2 §2.5.16.
_CONFLICT, _PERMANENT_ONLY = 718, 725

# RFC 1918, RFC 3927 and, between a provider and its customers, RFC 6598.
_INSIDE = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        *("169.254.0.0/16", "100.64.0.0/10"),
    )
)

T = TypeVar("T")


class PortTakenError(LinkError):
    """Another machine, or another program, has this port of the router."""

    code = "gateway-port-taken"


class Gateway:
    """One router. Made by `find`. local: the address by which it knows this machine."""

    def __init__(self, device: IgdDevice, local: ipaddress.IPv4Address) -> None:
        self._device = device
        self._local = local

    @property
    def name(self) -> str:
        """As the router names itself, for people."""
        return self._device.name

    @classmethod
    async def find(cls, local: str) -> Gateway | None:
        """The router that replies to this address of ours; None: none does."""
        found: dict[str, str] = {}  # who has sent it, by the address of the description

        async def on_reply(fields: Any) -> None:
            sender, location = str(fields.get("_host", "")), str(fields.get("location", ""))
            if leads_to(location, sender):
                found[location] = sender

        async with asyncio.TaskGroup() as searches:
            for kind in IgdDevice.DEVICE_TYPES:
                searches.create_task(
                    async_search(on_reply, SEARCH_S, kind, source=(local, 0)),
                )
        factory = UpnpFactory(AiohttpRequester(timeout=int(REQUEST_S)), non_strict=True)
        for location, sender in found.items():
            try:
                device = await _timely(factory.async_create_device(location))
            except LinkError:
                continue
            services = [service.control_url for service in device.all_services]
            if IgdDevice.is_profile_device(device) and all(
                leads_to(url, sender) for url in services
            ):
                return cls(IgdDevice(device, None), ipaddress.IPv4Address(local))
        return None

    async def external_address(self) -> str:
        """The router's address on its other side; "" if it has none. Raises LinkError."""
        text = await _timely(self._device.async_get_external_ip_address())
        try:
            return str(ipaddress.IPv4Address(text or ""))
        except ValueError:
            return ""

    async def map(self, port: int, external: int, lease_s: int) -> None:
        """Forward UDP to `external` to our `port`, or go on with that.

        Raises PortTakenError; LinkError `gateway-refuses` or `gateway-silent`.
        """
        try:
            await self._add(port, external, lease_s)
        except UpnpActionError as error:
            if error.error_code == _CONFLICT:
                raise PortTakenError(f"The router's UDP port {external} is taken") from None
            if error.error_code != _PERMANENT_ONLY:
                raise _refusal(error) from None
            try:
                await self._add(port, external, 0)
            except UpnpActionError as second:
                raise _refusal(second) from None

    async def unmap(self, external: int) -> None:
        """Forward it no more. Raises LinkError."""
        try:
            await _timely(self._device.async_delete_port_mapping(ANY_HOST, external, "UDP"))
        except UpnpActionError as error:
            raise _refusal(error) from None

    async def _add(self, port: int, external: int, lease_s: int) -> None:
        await _timely(
            self._device.async_add_port_mapping(
                ANY_HOST,
                external,
                "UDP",
                port,
                self._local,
                True,
                DESCRIPTION,
                timedelta(seconds=lease_s),
            )
        )


async def _timely(work: Awaitable[T]) -> T:
    """Raises LinkError `gateway-silent`; UpnpActionError passes."""
    try:
        async with asyncio.timeout(REQUEST_S):
            return await work
    except UpnpActionError:
        raise
    except (UpnpError, OSError, TimeoutError, ValueError) as error:
        raise LinkError(
            f"The router does not reply as UPnP wants it ({type(error).__name__})",
            code="gateway-silent",
            hint="Restart the router, or forward the port by hand and name --public-address",
        ) from None


def _refusal(error: UpnpActionError) -> LinkError:
    return LinkError(
        f"The router refuses to forward a port: {error.error_desc or error.error_code}",
        code="gateway-refuses",
        hint="Allow port forwarding by UPnP in the router, or forward the port there by hand",
    )


def leads_to(url: str, sender: str) -> bool:
    """Whether a URL in a device's reply leads to that device, and it is of a local network.

    One that names another host would have us send requests there.
    """
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.hostname == sender and is_inside(sender)
    except ValueError:
        return False


def is_inside(host: str) -> bool:
    """Whether an IPv4 address is of those that any local network, or a provider's, may use.

    Raises ValueError if it is no address at all.
    """
    return any(ipaddress.ip_address(host) in network for network in _INSIDE)
