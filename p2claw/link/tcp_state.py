"""What the kernel knows of a TCP connection and nobody else."""

from __future__ import annotations

import socket
import struct
from typing import Any

# struct tcp_info of Linux: eight bytes of states, then u32s, of which the fifth is tcpi_unacked.
_UNACKED = struct.Struct("=8x4I I")


def unacknowledged(connection: Any) -> bool:
    """Whether something sent on it has not been acknowledged. False where that cannot be known."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None or connection is None:
        return False
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, option, _UNACKED.size)
        return bool(_UNACKED.unpack(info)[-1])
    except (OSError, struct.error):
        return False
