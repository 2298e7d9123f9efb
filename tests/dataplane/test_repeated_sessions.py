"""A session whose upload is repeated by messages, and goes on over another link meanwhile."""

from __future__ import annotations

from random import Random

import pytest

from p2claw.dataplane.core._sctp import Event, MessageReceived
from p2claw.wire.frames.heads import RequestHead
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session
from tests.support.link_emulator import PathSettings
from tests.support.repeating_peer import RepeatingPeer
from tests.support.sctp_pair import Pair as Associations
from tests.wire.session.pair import Pair as Sessions
from tests.wire.session.pair import events

PPID_BINARY = 53
BODY_BYTES = 2_000_000
QUEUED_BYTES = 100_000


class Carried:
    """Both sessions over a link that loses packets; the visitor repeats."""

    def __init__(self, sessions: Sessions, seed: int) -> None:
        self.sessions = sessions
        self.got = bytearray()
        self.is_whole = False
        self._seed = seed
        self.renew()

    def renew(self) -> None:
        """Another link; what was on its way is lost."""
        self._seed += 1
        there = PathSettings(0.02, rate_bytes_per_s=5e6, queue_bytes=200_000, loss=0.03)
        right = {"admits_repeating": True}
        self.link = link = Associations(
            there, PathSettings(0.02, loss=0.03), seed=self._seed, right=right
        )
        link.on_event, link.before_sending = self._came, self._fill
        self._peer = RepeatingPeer(lambda message: link.left.send(0, PPID_BINARY, message))
        link.connect()

    def _came(self, side: int, event: Event) -> None:
        if not isinstance(event, MessageReceived):
            return
        now = self.link.now
        if side == 0:
            if not self._peer.read(event.data):
                self.sessions.visitor.receive(event.data, now)
            events(self.sessions.visitor)
            return
        box = self.sessions.box
        box.receive(event.data, now)
        for happened in events(box):
            match happened:
                case ev.DataReceived(id, data, end):
                    self.got += data
                    self.is_whole |= end
                    if not end:
                        box.streams.consumed(id, len(data), now)

    def _fill(self, side: int) -> None:
        link = self.link
        if not link.sides[side].is_established:
            return
        session: Session = self.sessions.box if side else self.sessions.visitor
        while link.sides[side].waiting_bytes < QUEUED_BYTES:
            message = session.to_send(link.now)
            if message is None:
                return
            if side:
                link.right.send(0, PPID_BINARY, message)
            else:
                self._peer.send(message)


@pytest.mark.parametrize("seed", range(6))
def test_a_body_comes_once_though_its_link_is_lost_in_the_midst_of_repetitions(seed: int) -> None:
    sessions = Sessions(token=b"crab")
    sessions.exchange()
    body = Random(seed).randbytes(BODY_BYTES)
    id = sessions.visitor.streams.open_request(RequestHead("POST", "/", ()), end=False)
    sessions.visitor.streams.send_data(id, body, end=True)
    carried = Carried(sessions, 100 * seed)
    for links in range(1, 4):
        part = links * BODY_BYTES // 4
        assert carried.link.run(lambda part=part: len(carried.got) >= part)
        assert carried.link.right.stats()["repeated_in"] > 0
        sessions.replace_link()
        carried.renew()
    assert carried.link.run(lambda: carried.is_whole)
    assert bytes(carried.got) == body
