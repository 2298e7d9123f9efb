"""Finds out whether anything listens on an upstream, by connecting without sending a byte."""

from __future__ import annotations

import os
import socket

from p2claw.agent.upstream.address import UpstreamAddress

CONNECT_S = 1.0


def listens(upstream: UpstreamAddress) -> bool:
    """Whether a connection to the upstream is accepted; whether a folder is there."""
    if upstream.folder:
        return os.access(upstream.folder, os.R_OK | os.X_OK)
    if upstream.path:
        return _accepts(socket.AF_UNIX, upstream.path)
    return any(
        _accepts(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, upstream.port))
        for host in upstream.dial_hosts()
    )


def _accepts(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(CONNECT_S)
        try:
            connection.connect(address)
        except OSError:
            return False
        return True
