"""Workers that do not behave, run in place of the real one: `python -m … NUMBER`."""

from __future__ import annotations

import os
import socket
import sys
import time

from msgspec.structs import replace

from p2claw.agent.workers.messages import (
    Ended,
    Failed,
    Gone,
    Message,
    Offered,
    Ready,
    Sign,
    Signalled,
    Stop,
    encode,
    to_worker_decoder,
)
from p2claw.wire.signalling import Announce, BoxCandidate, BoxEnd

HOW = "P2CLAW_STAND_IN"

REFUSES = "refuses to start"
CRASHES = "crashes"
ANNOUNCES = "speaks for the box"
BABBLES = "speaks nonsense"
FORGES = "wants signatures for others"
OUTLIVES = "outlives its agent"
FORGETS = "says that each visitor is gone"
ECHOES = "sends back what it gets for a session"


def main(how: str) -> None:
    end = socket.socket(fileno=0)

    def send(message: Message) -> None:
        end.sendall(encode(message))

    if how == REFUSES:
        send(Failed("udp-port-taken", "The UDP port 4103 is taken", "Give another"))
        return
    if how == CRASHES:
        sys.exit(7)
    send(Ready(9))
    decoder = to_worker_decoder()
    while data := end.recv(65_536):
        for message in decoder.feed(data):
            if isinstance(message, Stop) and how != OUTLIVES:
                return
            if isinstance(message, Signalled) and how == ECHOES:
                inner = message.message()
                if isinstance(inner, BoxCandidate):
                    send(Signalled.of(replace(inner, mid=f"worker {sys.argv[1]}")))
                if isinstance(inner, BoxEnd):
                    send(Ended(inner.session))
            if not isinstance(message, Offered):
                continue
            if how == ANNOUNCES:
                send(Signalled.of(Announce(1, ("cat",))))
            if how == FORGETS:
                send(Gone(message.offer.session, True))
            if how == BABBLES:
                end.sendall(b"\xff" * 8)
            if how == FORGES:
                session = message.offer.session
                for wanted in ("another", session, session):
                    send(Sign(wanted, bytes(32)))
                send(Signalled.of(BoxCandidate(session, "")))
    if how == OUTLIVES:
        time.sleep(60)


if __name__ == "__main__":
    main(os.environ[HOW])
