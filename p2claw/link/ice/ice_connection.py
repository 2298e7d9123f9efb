"""aioice's Connection, changed as links need it: it trickles, repeats checks and waits longer.

Private names of aioice 0.13 used here are listed in `link/stock.py`, which refuses a version that
lacks them. Once aioice trickles, and sends a check back for each check, most of this can go.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
import string
import time
from collections.abc import Iterable
from typing import Protocol, cast

from aioice import Candidate, Connection, stun
from aioice.candidate import candidate_priority
from aioice.ice import ICE_COMPLETED, CandidatePair, StunProtocol

from p2claw.dataplane.carrier._engine import Consent, UdpPort
from p2claw.link.ice.allowance import Allowance
from p2claw.link.ice.candidates import COMPONENT
from p2claw.link.ice.check_socket import CheckSocket
from p2claw.link.ice.host_addresses import HostAddress
from p2claw.link.ice.host_sockets import HostSockets
from p2claw.link.ice.improving import improve
from p2claw.link.ice.mailbox import Mailbox
from p2claw.link.ice.openers import Openers
from p2claw.link.news import Fact
from p2claw.token_bucket import TokenBucket

CHECK_INTERVAL_S = 0.02  # Ta of RFC 8445 §14.2 is 50 ms at least; aioice and browsers use 20 and 48

# RFC 8445 §6.1.2.5. The peer chooses how many candidates it sends, so this bounds our work.
PAIRS = 100

# Checks of one link that are read, per second and at once. A visitor's browser sends fewer than 100
# per second while it tries PAIRS. Anyone can send copies of a good one, from any number of ports,
# and each of these is one more address to pair, to check and to reply to.
CHECKS_PER_S = 200
CHECK_BURST = 200

# Four megabytes of full packets: more than any receive buffer of the kernel holds for us.
RECEIVE_QUEUE = 4096

# RFC 8445 §5.3, in the order of base64.
ICE_CHARS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"

# Time for both sides' checks to open both NATs. Of two checks that cross, a NAT may drop both: then
# the first retransmission decides, after the 0.5 s of RFC 8489 §6.2.1, and a round trip of 300 ms.
RELAY_PATIENCE_S = 0.8

# The same for a link that is to carry on a session that has none: whoever waits for it sees a relay
# sooner, and it moves to a direct path meanwhile. Of checks that are lost a second one has left.
RELAY_PATIENCE_HURRIED_S = 0.2

# To release an allocation at a TURN server is a courtesy: it expires in any case.
RELAY_CLOSE_TIMEOUT_S = 1.0


class Carrier(Protocol):
    """The link that uses this ICE agent: it learns of addresses and paths, and gets what is not
    STUN.
    """

    def address_validated(self, addr: tuple[str, int], *, confirmed: bool) -> None:
        """An authenticated check came from this address.

        confirmed: a response to a check of ours came from it.
        """

    def check_dropped(self) -> None:
        """A check was above the rate, and was not read."""

    def path_selected(self, pair: CandidatePair) -> None:
        """This pair carries data from now on: the first one, or another than before."""

    def datagram_received(self, data: bytes) -> None:
        """A DTLS record that came through a relay."""

    def relayed_stun(self, message: bytes) -> bool:
        """Handle a message that came through a relay, if it is about consent; returns whether it
        was.
        """


class IceConnection(Connection):
    """One ICE agent with one component, on a port that it shares with others.

    credentials: ufrag and password of this side, of a link that was dialled; None: any.
    is_hurried: a session waits for this link.
    """

    def __init__(
        self,
        port: UdpPort,
        carrier: Carrier,
        *,
        controlling: bool,
        credentials: tuple[str, str] | None = None,
        is_hurried: bool = False,
    ) -> None:
        ufrag, password = credentials or (_ufrag_at(port.place), None)
        super().__init__(ice_controlling=controlling, local_username=ufrag, local_password=password)
        # Of a link that was dialled: what may be sent to addresses that are not proved.
        self.allowance = Allowance() if credentials else None
        self._checks = TokenBucket(CHECK_BURST, CHECKS_PER_S * 60, time.monotonic())
        # Added to each check, so that a box which is dialled may respond with as much.
        self.padding = ""
        self._port = port
        self._carrier = carrier
        self._hosts = HostSockets(self, port)
        self._arrived: Mailbox[tuple[bytes, int] | None] = Mailbox()
        self._queue = cast("asyncio.Queue[tuple[bytes, int] | None]", self._arrived)
        self._check_list_state = cast("asyncio.Queue[int]", Mailbox())
        self._is_hurried = is_hurried
        self._relays_from = 0.0  # on the loop's clock
        self._udp_doubted = Fact()
        self._is_closed = False
        self._improving: asyncio.Task[None] | None = None
        self._candidates: list[Candidate] = []
        # Where an authenticated check of the peer came from, before any pair is nominated.
        self._checked_from: tuple[StunProtocol, tuple[str, int]] | None = None
        self.openers = Openers(self._begin_remote, is_visitor=controlling)
        self._first_check: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def local_candidates(self) -> list[Candidate]:
        """Host candidates, and those of relays."""
        return self._candidates[:]

    @property
    def selected(self) -> CandidatePair | None:
        """The pair that carries data, once nominated."""
        return self._nominated.get(COMPONENT)

    @property
    def rtt_s(self) -> float | None:
        """The shortest round trip of a check; None: every one was repeated, or took long."""
        found = (p.rtt_s for p in self._protocols if isinstance(p, CheckSocket))
        return min((rtt_s for rtt_s in found if rtt_s is not None), default=None)

    @property
    def sockets(self) -> tuple[StunProtocol, ...]:
        """Every local socket, host and relayed."""
        return tuple(self._protocols)

    def open_hosts(self, addresses: Iterable[HostAddress]) -> list[Candidate]:
        """Make the host candidates, one per address. No server is asked."""
        for socket in self._hosts.open(addresses):
            self._protocols.append(socket)
            self._candidates.append(socket.local_candidate)
        self._port.add_ufrag(self.local_username, self)
        return self.local_candidates

    def stun_received(self, data: bytes, addr: tuple[str, int], local_host: str) -> None:
        """A check of the peer, or a copy of one, from the port."""
        if self._checks.spend(time.monotonic()):
            self._carrier.check_dropped()
            return
        if self.allowance is not None:
            self.allowance.received(len(data))
        socket = self._hosts.at(local_host, addr[0])
        if socket is not None:
            socket.datagram_received(data, addr)

    def add_relay(self, protocol: StunProtocol) -> None:
        """Pair an address that a TURN server has allocated with the peer's candidates so far."""
        self._protocols.append(protocol)
        self._candidates.append(protocol.local_candidate)
        for remote in self.remote_candidates:
            self._pair_remote_candidate(remote)
        self.sort_check_list()

    @property
    def doubts_udp(self) -> bool:
        """Whether relays do not wait for direct paths."""
        return self._udp_doubted.is_set()

    def doubt_udp(self) -> None:
        """No server responds by UDP: relays need not wait for the direct paths.

        If one of those opens all the same, the link moves to it.
        """
        self._udp_doubted.set()

    def add_remote(self, candidate: Candidate, *, address: str | None = None) -> None:
        """A candidate of the peer. address: what its `.local` name resolved to.

        aioice's own method is a coroutine that waits for multicast DNS, and it may not be called
        any more after the end of candidates.
        """
        known = len(self.remote_candidates) + self.openers.waiting
        if self._is_closed or known >= PAIRS:
            return
        host = address or candidate.host
        if self.allowance is None:
            self.openers.send(self.sockets, candidate)
            if self.openers.holds(candidate, host):
                return
        self._begin_remote(candidate, host)

    def _begin_remote(self, candidate: Candidate, host: str) -> None:
        self._add_remote_candidate(candidate, host)
        if self._early_checks_done:
            self._check_periodic()

    async def connect(self) -> None:
        """Check pairs until one is nominated or `close` is called. Raises ConnectionError.

        Unlike aioice's it does not fail because the peer named no candidate or all checks failed:
        the peer's own checks may still be under way (RFC 8863). Whoever waits has a deadline.
        And it returns in the same turn of the loop as the nomination, not at the next 20 ms.
        """
        if self.remote_username is None or self.remote_password is None:
            raise ConnectionError("the remote credentials are missing")
        for remote in self.remote_candidates:
            self._pair_remote_candidate(remote)
        self.sort_check_list()
        self._unfreeze_initial()
        early_checks = list(self._early_checks)
        del self._early_checks
        self._early_checks_done = True
        for early_check in early_checks:
            self.check_incoming(*early_check)
        patience_s = RELAY_PATIENCE_HURRIED_S if self._is_hurried else RELAY_PATIENCE_S
        self._relays_from = asyncio.get_running_loop().time() + patience_s
        pacing = asyncio.create_task(self._pace())
        try:
            result = await self._check_list_state.get()
        finally:
            pacing.cancel()
            await asyncio.wait([pacing])
        for pair in self._check_list:
            self._cut_short(pair)
        if result != ICE_COMPLETED:
            raise ConnectionError("no path was found")
        if self.ice_controlling and self.is_relayed:
            self._improving = asyncio.create_task(improve(self))
        # aioice would begin to ask for consent here. The data plane does (RFC 7675).

    @property
    def is_relayed(self) -> bool:
        """Whether the nominated pair goes through a relay."""
        return self.selected is not None and _is_relayed(self.selected)

    def direct_pairs(self) -> list[CandidatePair]:
        """All pairs without a relay, whatever has become of their checks; at most PAIRS."""
        pairs = (
            self._find_pair(protocol, remote) or CandidatePair(protocol, remote)
            for protocol in self._protocols
            for remote in self.remote_candidates
            if "relay" not in (protocol.local_candidate.type, remote.type)
            and protocol.local_candidate.can_pair_with(remote)
        )
        return list(itertools.islice(pairs, PAIRS))

    async def check_now(self, pair: CandidatePair) -> None:
        """Check a pair, whether it was checked before or not, and wait for the end of the check."""
        if pair not in self._check_list:
            self._check_list.append(pair)
            self.sort_check_list()
        await self.check_start(pair)

    async def reached(self, choosing: asyncio.Task[None]) -> None:
        """Wait until packets get to the peer; choosing: a task of `connect`. Raises as that.

        A controlled side need not wait until a pair is nominated: an address that an authenticated
        check came from receives packets. Sending them now saves a round trip.
        """
        if self.ice_controlling:
            await asyncio.shield(choosing)
            return
        await asyncio.wait({choosing, self._first_check}, return_when=asyncio.FIRST_COMPLETED)
        if not self._first_check.done():
            await choosing

    async def sendto(self, data: bytes, component: int) -> None:
        """Send by the nominated pair; before there is one, to where the peer's check came from."""
        if self._nominated or self._checked_from is None:
            await super().sendto(data, component)
        else:
            protocol, addr = self._checked_from
            await protocol.send_data(data, addr)

    async def recvfrom(self) -> tuple[bytes, int]:
        """The next record for the handshake. Raises ConnectionError once the connection is lost."""
        received = await self._arrived.get()
        if received is None:
            raise ConnectionError("the connection is lost")
        return received

    def _cut_short(self, pair: CandidatePair) -> None:
        """End a check that is not needed any more, and forget its task."""
        if pair.task is not None:
            pair.task.cancel()
            pair.task = None
            if not self.ice_controlling:
                # The peer may still select this pair, by a check that one of ours has to follow.
                pair.state = CandidatePair.State.WAITING

    def consent(self) -> Consent:
        """The names and passwords that sign the checks of the selected pair."""
        assert self.selected is not None and self.remote_username and self.remote_password
        return Consent(
            local_ufrag=self.local_username,
            local_password=self.local_password,
            remote_ufrag=self.remote_username,
            remote_password=self.remote_password,
            controlling=self.ice_controlling,
            tie_breaker=self._tie_breaker,
            priority=candidate_priority(COMPONENT, "prflx"),
        )

    async def close(self) -> None:
        """Leave the port. A TURN server that is silent is left to its own time-out."""
        self._is_closed = True
        self.openers.close()
        if self._improving is not None:
            self._improving.cancel()
            await asyncio.wait([self._improving])
        self._port.remove_ufrag(self.local_username)
        relays = [p for p in self._protocols if p.local_candidate.type == "relay"]
        self._protocols = [p for p in self._protocols if p not in relays]
        await super().close()
        if relays:
            closing = [asyncio.create_task(relay.close()) for relay in relays]
            await asyncio.wait(closing, timeout=RELAY_CLOSE_TIMEOUT_S)

    def datagram_received(self, data: bytes) -> None:
        """A DTLS record that came through a relay."""
        self._carrier.datagram_received(data)

    def relayed_stun(self, message: bytes) -> bool:
        """Whether a message that came through a relay has been handled."""
        return self._carrier.relayed_stun(message)

    def drain_queued(self) -> list[bytes]:
        """Records that came for the handshake and that it did not read."""
        return [item[0] for item in self._arrived.drain() if item is not None]

    def data_received(self, data: bytes, component: int) -> None:
        if self.allowance is not None:
            self.allowance.received(len(data))
        # The consumer is a task: a flood must not grow the queue without end. UDP may lose.
        if self._arrived.qsize() < RECEIVE_QUEUE:
            super().data_received(data, component)

    def check_incoming(
        self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol
    ) -> None:
        """A check of the peer, authenticated.

        aioice leaves a pair alone whose own check is under way. But that check was probably
        dropped by the peer's NAT, which this one has just opened: RFC 8445 §7.3.1.4 says check
        again. Without it a port-restricted NAT costs the 0.5 s of a retransmission.
        """
        pair = next(
            (p for p in self._check_list if p.protocol is protocol and p.remote_addr == addr), None
        )
        if pair is None and len(self._check_list) >= PAIRS:
            return
        if self._checked_from is None or "USE-CANDIDATE" in message.attributes:
            self._checked_from = (protocol, addr)
        if not self._first_check.done():
            self._first_check.set_result(None)
        under_way = pair is not None and pair.state is CandidatePair.State.IN_PROGRESS
        self._validated(protocol, addr, confirmed=False)
        super().check_incoming(message, addr, protocol)
        if under_way and isinstance(protocol, CheckSocket):
            protocol.check_again(addr)

    def build_request(self, pair: CandidatePair, nominate: bool) -> stun.Message:
        request = super().build_request(pair, nominate)
        if self.padding:
            request.attributes["SOFTWARE"] = self.padding
        return request

    def check_complete(self, pair: CandidatePair) -> None:
        """A check has ended. The peer may select another path at any time, a new address of its own
        among them (RFC 8445 §8.1.1): data follows."""
        before = self.selected
        if pair.state is CandidatePair.State.SUCCEEDED:
            if self.allowance is not None:
                self.allowance.prove(pair.remote_addr)
            self._validated(pair.protocol, pair.remote_addr, confirmed=True)
            pair.nominated = pair.nominated and not self._is_worse(pair)
        super().check_complete(pair)
        if self.selected is not None and self.selected is not before:
            self._carrier.path_selected(self.selected)

    def check_start_task(self, pair: CandidatePair) -> None:
        """Begin a check; the offerer's through a relay not before the direct ones had their time.

        It nominates with its first checks and never changes its mind: the pair with the first
        response carries the link, and a relay's often comes before both NATs are open.
        """
        if self._is_worse(pair):
            return
        wait_s = self._relays_from - asyncio.get_running_loop().time()
        patient = self.ice_controlling and wait_s > 0 and not self.doubts_udp
        if not patient or not _is_relayed(pair):
            super().check_start_task(pair)
        elif pair.task is None:
            # Under way, as far as aioice knows: a pair that waits would hold up those after it.
            self.check_state(pair, CandidatePair.State.IN_PROGRESS)
            pair.task = asyncio.create_task(self._check_later(pair, wait_s))

    async def _check_later(self, pair: CandidatePair, wait_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._udp_doubted.wait()
        if self._is_worse(pair):
            pair.task = None
            self.check_state(pair, CandidatePair.State.WAITING)
        else:
            await self.check_start(pair)

    def _is_worse(self, pair: CandidatePair) -> bool:
        """Whether it would lead a link that is direct back through a relay.

        Each check of the offerer nominates. One that is late, or that a check of the peer has
        triggered, would do so though a direct pair has been found meanwhile.
        """
        is_direct = self.selected is not None and not self.is_relayed
        return self.ice_controlling and is_direct and _is_relayed(pair)

    def _validated(self, protocol: StunProtocol, addr: tuple[str, int], *, confirmed: bool) -> None:
        if isinstance(protocol, CheckSocket) and protocol.port is not None:
            self._carrier.address_validated(addr, confirmed=confirmed)

    def _remote_candidates_expected(self) -> bool:
        # Keeps aioice from failing the check list early; see `connect`.
        return not self._is_closed

    def _pair_remote_candidate(self, remote_candidate: Candidate) -> None:
        if len(self._check_list) < PAIRS:
            super()._pair_remote_candidate(remote_candidate)

    async def _pace(self) -> None:
        while self._check_periodic():  # the pace is what this is for  # noqa: ASYNC110
            await asyncio.sleep(CHECK_INTERVAL_S)


def _ufrag_at(place: int | None) -> str | None:
    """A ufrag by which checks find the process of this place; None: any, there is one process.

    It does not begin with A as that of a dial does, and its second character is the place
    (docs/WIRE.md §12).
    """
    if place is None:
        return None
    rest = "".join(secrets.choice(ICE_CHARS) for _ in range(4))
    return secrets.choice(ICE_CHARS[1:]) + ICE_CHARS[place] + rest


def _is_relayed(pair: CandidatePair) -> bool:
    return "relay" in (pair.local_candidate.type, pair.remote_candidate.type)
