"""aiortc's SCTP association, with timers for the Internet of today and no way in for stray input.

Private names of aiortc 1.16 used here are listed in `stock.py`. A data plane of our own would
replace this file and `datachannel.py`, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from aiortc import RTCSctpTransport
from aiortc import rtcsctptransport as stock
from aiortc.rtcdtlstransport import RTCDtlsTransport

from p2claw.log import get_log

log = get_log("link")

# aiortc waits 3 s before it repeats a lost INIT, and as long each time. Doubling from 0.3 s to 2 s,
# its eight repetitions still span 0.3 + 0.6 + 1.2 + 6 x 2 = 14 s.
HANDSHAKE_RTO_S = 0.3
HANDSHAKE_RTO_MAX_S = 2.0

# RFC 9260 §16 asks for a minimum of 1 s, and aiortc has it: a lost tail costs a second. The floor
# must be above the 200 ms by which a peer may delay its SACK; dcSCTP has 400 ms.
RTO_INITIAL_S = 1.0
RTO_MIN_S = 0.4
RTO_MAX_S = 10.0

# RFC 9260 §6.2 allows 200 ms. Half a megabyte is acknowledged packet by packet: a sender's window
# grows with each SACK that it gets.
SACK_DELAY_S = 0.02
SACKS_AT_ONCE = 400

CHANNEL_ID = 0


class Association(RTCSctpTransport):
    """One association with one channel.

    on_message: each binary message of the channel; b"" for anything else that came on it.
    """

    def __init__(self, transport: RTCDtlsTransport) -> None:
        super().__init__(transport)
        self._rto = HANDSHAKE_RTO_S
        self._may_resend = False
        self._unacknowledged = 0
        self._acknowledge_at_once = SACKS_AT_ONCE
        self._sack_timer: asyncio.TimerHandle | None = None
        self._sacking: asyncio.Task[None] | None = None
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
            log.warning("association broken", error=repr(error))
            self.lost()

    async def _data_channel_receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        # In place of aiortc's dispatch: no channels but ours (docs/WIRE.md §1), so DCEP is ignored.
        if stream_id == CHANNEL_ID and self.on_message is not None:
            self.on_message(data if pp_id == stock.WEBRTC_BINARY else b"")

    async def _receive_sack_chunk(self, chunk: stock.SackChunk) -> None:
        self._may_resend = self._may_resend or bool(chunk.gaps)
        await super()._receive_sack_chunk(chunk)

    async def _transmit(self) -> None:
        """Send what the window allows.

        aiortc first looks through all that is in flight for chunks to resend, with every SACK: 40 %
        of a sender's time. Chunks are marked after a gap or a time-out only, so that look is taken
        from then until none is marked any more.
        """
        if self._may_resend or self._forward_tsn_chunk is not None:
            await super()._transmit()
            self._may_resend = any(chunk._retransmit for chunk in self._sent_queue)
            return
        burst = 2 if self._fast_recovery_exit is not None else 4
        window_bytes = min(self._flight_size + burst * stock.USERDATA_MAX_LENGTH, self._cwnd)
        while self._outbound_queue and self._flight_size < window_bytes:
            chunk = self._outbound_queue.popleft()
            self._sent_queue.append(chunk)
            self._flight_size_increase(chunk)
            chunk._sent_count += 1
            chunk._sent_time = time.time()
            await self._send_chunk(chunk)
            if not self._t3_handle:
                self._t3_start()

    async def _send_sack(self) -> None:
        """Acknowledge every second packet (RFC 9260 §6.2), where aiortc acknowledges each.

        At once while the peer's window is still small, and while packets are missing or came twice.
        """
        self._unacknowledged += 1
        self._acknowledge_at_once -= 1
        if (
            self._unacknowledged < 2
            and self._acknowledge_at_once < 0
            and not self._sack_misordered
            and not self._sack_duplicates
        ):
            if self._sack_timer is None:
                self._sack_timer = asyncio.get_running_loop().call_later(
                    SACK_DELAY_S, self._sack_is_due
                )
            return
        self._unacknowledged = 0
        await super()._send_sack()

    def _sack_is_due(self) -> None:
        self._sack_timer = None
        if self._unacknowledged and self._association_state == self.State.ESTABLISHED:
            self._unacknowledged = 2
            self._sacking = asyncio.get_running_loop().create_task(self._send_late_sack())

    async def _send_late_sack(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self._send_sack()

    def _set_state(self, state: stock.RTCSctpTransport.State) -> None:
        if state == self.State.ESTABLISHED and self._srtt is None:
            self._rto = RTO_INITIAL_S
        if state == self.State.CLOSED and self._sack_timer is not None:
            self._sack_timer.cancel()
            self._sack_timer = None
        super()._set_state(state)

    def _t1_expired(self) -> None:
        self._rto = min(2 * self._rto, HANDSHAKE_RTO_MAX_S)
        super()._t1_expired()

    def _t3_expired(self) -> None:
        # RFC 9260 §6.3.3, rule E2. aiortc keeps the timer as it is: after a path became slower than
        # the timer, every flight is sent twice for ever.
        self._rto = min(2 * self._rto, RTO_MAX_S)
        self._may_resend = True
        super()._t3_expired()

    def _update_rto(self, R: float) -> None:
        super()._update_rto(R)
        if self._srtt is not None and self._rttvar is not None:
            self._rto = max(RTO_MIN_S, min(self._srtt + 4 * self._rttvar, RTO_MAX_S))
