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
ECHOES = "says of a session what it hears"


def main(how: str) -> None:
    end = socket.socket(fileno=0)

    def say(message: Message) -> None:
        end.sendall(encode(message))

    if how == REFUSES:
        say(Failed("udp-port-taken", "The UDP port 4103 is taken", "Give another"))
        return
    if how == CRASHES:
        sys.exit(7)
    say(Ready(9))
    decoder = to_worker_decoder()
    while data := end.recv(65_536):
        for message in decoder.feed(data):
            if isinstance(message, Stop) and how != OUTLIVES:
                return
            if isinstance(message, Signalled) and how == ECHOES:
                told = message.message()
                if isinstance(told, BoxCandidate):
                    say(Signalled.of(replace(told, mid=f"worker {sys.argv[1]}")))
                if isinstance(told, BoxEnd):
                    say(Ended(told.session))
            if not isinstance(message, Offered):
                continue
            if how == ANNOUNCES:
                say(Signalled.of(Announce(1, ("cat",))))
            if how == FORGETS:
                say(Gone(message.offer.session, True))
            if how == BABBLES:
                end.sendall(b"\xff" * 8)
            if how == FORGES:
                session = message.offer.session
                for wanted in ("another", session, session):
                    say(Sign(wanted, bytes(32)))
                say(Signalled.of(BoxCandidate(session, "")))
    if how == OUTLIVES:
        time.sleep(60)


if __name__ == "__main__":
    main(os.environ[HOW])
