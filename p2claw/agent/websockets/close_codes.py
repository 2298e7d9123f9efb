"""Close codes that nobody has registered (1014, 2000 …): browsers accept them, wsproto does not.

This is the one place that uses private names of wsproto, which has no other way to allow them.
"""

from __future__ import annotations

from typing import Any, cast

from wsproto import WSConnection
from wsproto.frame_protocol import Frame

# wsproto accepts any code from 4000 on. An unregistered one is shown to it as 4000.
_ACCEPTED = 4000
_UNREGISTERED = (1004, 1014, *range(1016, 3000))


def accept_any_code(connection: WSConnection) -> None:
    """Let the upstream use any close code. Called once its handshake is over."""
    inner: Any = connection.handshake.connection
    protocol = inner._proto
    strict = protocol._process_close

    def process(frame: Frame) -> Frame:
        data = bytes(cast(bytes, frame.payload))
        code = int.from_bytes(data[:2], "big")
        if len(data) < 2 or code not in _UNREGISTERED:
            result: Frame = strict(frame)
            return result
        accepted = Frame(frame.opcode, _ACCEPTED.to_bytes(2, "big") + data[2:], True, True)
        _, reason = strict(accepted).payload
        return Frame(frame.opcode, (code, reason), frame.frame_finished, frame.message_finished)

    protocol._process_close = process
