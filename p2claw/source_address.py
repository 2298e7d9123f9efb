"""From which of its addresses this machine sends: the system's own choice, and nothing is sent."""

from __future__ import annotations

import socket

# Documentation prefixes (RFC 5737, RFC 3849): routed like the rest of the Internet, never reached.
FAR_V4, FAR_V6 = "203.0.113.1", "2001:db8::1"


def source_of(far: str) -> str:
    """The address that packets to `far`, an address, would leave from. "" if there is no way."""
    family = socket.AF_INET6 if ":" in far else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))  # of UDP: the kernel picks an address, and nothing is sent
            return str(probe.getsockname()[0])
    except OSError:
        return ""
