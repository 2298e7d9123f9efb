"""Makes one connection to an upstream, or raises the fault that explains why there is none."""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections.abc import Callable
from typing import Protocol, TypeVar

from p2claw.agent.request_faults import (
    AppBrokenFault,
    AppDownFault,
    AppTimeoutFault,
    BoxBusyFault,
    CertificateFault,
)
from p2claw.agent.upstream.address import UpstreamAddress
from p2claw.agent.upstream.tls import check_certificate, client_context
from p2claw.errors import UsageError

_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL)

Made = TypeVar("Made", bound=asyncio.BaseProtocol)


class Dial(Protocol):
    """A function that makes a connection; `dial` is the usual one."""

    async def __call__(
        self, address: UpstreamAddress, make: Callable[[], Made], *, timeout_s: float
    ) -> tuple[asyncio.BaseTransport, Made]: ...


async def dial(
    address: UpstreamAddress, make: Callable[[], Made], *, timeout_s: float
) -> tuple[asyncio.BaseTransport, Made]:
    """Connect. Raises AppDownFault, AppTimeoutFault, BoxBusyFault; with TLS also AppBrokenFault
    and CertificateFault.
    """
    try:
        async with asyncio.timeout(timeout_s):
            transport, protocol = await _connect(address, make)
    except TimeoutError:
        raise AppTimeoutFault(f"{address.text} did not accept a connection") from None
    except ssl.SSLError as error:
        raise AppBrokenFault(f"{address.text} does not speak TLS: {error.reason}") from None
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno in _NO_DESCRIPTORS:
            raise BoxBusyFault(f"No socket could be made: {why}") from None
        raise AppDownFault(f"{address.text} cannot be reached: {why}") from None
    except UsageError as error:
        raise AppDownFault(error.message) from None
    if address.secure:
        try:
            check_certificate(transport, address)
        except CertificateFault:
            transport.close()
            raise
    return transport, protocol


async def _connect(
    address: UpstreamAddress, make: Callable[[], Made]
) -> tuple[asyncio.BaseTransport, Made]:
    loop = asyncio.get_running_loop()
    if address.path:
        return await loop.create_unix_connection(make, address.path)
    refused: OSError | None = None
    for host in address.dial_hosts():
        try:
            if not address.secure:
                return await loop.create_connection(make, host, address.port)
            return await loop.create_connection(
                make, host, address.port, ssl=client_context(), server_hostname=address.host
            )
        except ssl.SSLError:
            raise
        except OSError as error:
            refused = refused or error
    raise refused or OSError(errno.EADDRNOTAVAIL, "no address")
