"""The UDP port that all links of a process share."""

from __future__ import annotations

import errno

from p2claw.dataplane.carrier._engine import Place, UdpPort
from p2claw.errors import UsageError


def open_port(number: int = 0, place: Place | None = None) -> UdpPort:
    """Open it on this loop, on all addresses; 0: any. place: on one that processes share.

    Raises UsageError `udp-port-taken` or `udp-port-refused`.
    """
    try:
        return UdpPort(number, place=place)
    except OSError as error:
        raise port_error(number, error) from None


def port_error(number: int, error: OSError) -> UsageError:
    """Why it cannot be opened."""
    if error.errno == errno.EADDRINUSE:
        return UsageError(
            f"UDP port {number} is in use",
            code="udp-port-taken",
            hint="Name another with --udp-port, or 0 for any",
        )
    return UsageError(
        f"UDP port {number} cannot be opened: {error.strerror}",
        code="udp-port-refused",
        hint="Ports below 1024 need rights; 0 means any port",
    )
