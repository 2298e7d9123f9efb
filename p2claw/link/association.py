"""aiortc's SCTP association, with timers for the Internet of today and no way in for stray input.

Private names of aiortc 1.16 used here are listed in `stock.py`. A data plane of our own would
replace this file and `datachannel.py`, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from aiortc import RTCSctpTransport
from aiortc import rtcsctptransport as stock
from aiortc.rtcdtlstransport import RTCDtlsTransport

logger = logging.getLogger(__name__)

# aiortc waits 3 s before it repeats a lost INIT, and as long each time. Doubling from 0.3 s to 2 s,
# its eight repetitions still span 0.3 + 0.6 + 1.2 + 6 x 2 = 14 s.
HANDSHAKE_RTO_S = 0.3
HANDSHAKE_RTO_MAX_S = 2.0

# RFC 9260 §16 asks for a minimum of 1 s, and aiortc has it: a lost tail costs a second. The floor
# must be above the 200 ms by which a peer may delay its SACK; dcSCTP has 400 ms.
RTO_INITIAL_S = 1.0
RTO_MIN_S = 0.4
RTO_MAX_S = 10.0

CHANNEL_ID = 0


class Association(RTCSctpTransport):
    """One association with one channel.

    on_message: each binary message of the channel; b"" for anything else that came on it.
    """

    def __init__(self, transport: RTCDtlsTransport) -> None:
        super().__init__(transport)
        self._rto = HANDSHAKE_RTO_S
        self.on_message: Callable[[bytes], None] | None = None

    def lost(self) -> None:
        """Nothing can be sent any more: close the channel at once, without an ABORT."""
        self._set_state(self.State.CLOSED)

    async def _handle_data(self, data: bytes) -> None:
        # Beyond the ValueError that it knows, aiortc meets a malformed packet with an assertion or
        # an IndexError: the DTLS task would end with a stack trace. It ends the link, no more.
        try:
            await super()._handle_data(data)
        except ConnectionError:
            raise
        except Exception as error:
            logger.warning("association broken error=%r", error)
            self.lost()

    async def _data_channel_receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        # In place of aiortc's dispatch: no channels but ours (docs/WIRE.md §1), so DCEP is ignored.
        if stream_id == CHANNEL_ID and self.on_message is not None:
            self.on_message(data if pp_id == stock.WEBRTC_BINARY else b"")

    def _set_state(self, state: stock.RTCSctpTransport.State) -> None:
        if state == self.State.ESTABLISHED and self._srtt is None:
            self._rto = RTO_INITIAL_S
        super()._set_state(state)

    def _t1_expired(self) -> None:
        self._rto = min(2 * self._rto, HANDSHAKE_RTO_MAX_S)
        super()._t1_expired()

    def _t3_expired(self) -> None:
        # RFC 9260 §6.3.3, rule E2. aiortc keeps the timer as it is: after a path became slower than
        # the timer, every flight is sent twice for ever.
        self._rto = min(2 * self._rto, RTO_MAX_S)
        super()._t3_expired()

    def _update_rto(self, R: float) -> None:
        super()._update_rto(R)
        if self._srtt is not None and self._rttvar is not None:
            self._rto = max(RTO_MIN_S, min(self._srtt + 4 * self._rttvar, RTO_MAX_S))
