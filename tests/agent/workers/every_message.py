"""One message of each kind that agent and workers send, in both directions."""

from __future__ import annotations

from p2claw.agent.access.question import Ask, Grant, Question, Reply
from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import route_from
from p2claw.agent.http.notices import Notice
from p2claw.agent.visitors.facts import LinkFacts
from p2claw.agent.workers.messages import (
    Alive,
    AppsClosed,
    Asked,
    AskLinks,
    Begin,
    Crowded,
    Dialable,
    DialAdmitted,
    DialAsked,
    DialKey,
    Drain,
    Ended,
    EndLinks,
    EntriesEnded,
    Evict,
    ExpectKnock,
    Failed,
    Gone,
    KnockCame,
    Links,
    Mapped,
    Message,
    NewRoutes,
    Noticed,
    Offered,
    Ready,
    Replied,
    Sign,
    Signalled,
    Signed,
    Stop,
    VisitorsSilent,
)
from p2claw.agent.workers.shared_port import Handles
from p2claw.config import AgentLimits, PublicAddress
from p2claw.link.dial_keys import DialKeys
from p2claw.wire.signalling import BoxAnswer, BoxCandidate, BoxOffer, IceServer

ROUTES = (
    route_from("dog", {"upstream": "3000"}),
    route_from("cat", {"upstream": "unix:/cat.sock", "preserve_host": True, "chunked": True}),
    route_from("owl", {"upstream": "folder:/srv/owl", "spa": True}),
)
OFFER = BoxOffer(
    "session-1",
    "dog",
    "v=0\r\n",
    (IceServer(("stun:a.example",)), IceServer(("turn:b.example",), "user", "secret")),
    "203.0.113.0/24",
)
NAMES = PublicNames("https://{label}.example.org", "purplecrab", "a" * 26)
FACTS = LinkFacts(
    "WTvsya_P",
    "dog",
    "direct",
    1.5,
    2,
    2**40,
    3,
    2,
    1,
    None,
    "p2claw/0.1.0",
    {"rtt_ms": 0.5},
    {"port": 4},
)

TO_WORKER: tuple[Message, ...] = (
    Begin(
        3,
        4_103,
        "/home/crab/.p2claw",
        AgentLimits(),
        "info",
        "json",
        5.0,
        (PublicAddress("192.0.2.7", 4_103),),
        Handles(socket=7, flows=8, own=9, others=(9, 10)),
    ),
    NewRoutes(ROUTES),
    NewRoutes(()),
    Offered(OFFER, NAMES),
    Signalled.of(BoxCandidate("session-1", "candidate:1", "0")),
    Signed("session-1", bytes(64)),
    Dialable(NAMES, (DialKey.of(DialKeys().current().at(3)),)),
    DialAdmitted("session-2", False),
    ExpectKnock(bytes(66)),
    Replied(5, Reply(Grant("5e55", "guests", "invitation", "e30.e30.", 2**31), token="t" * 43)),
    Replied(6, Reply(code="access-tries", retry_s=2.5)),
    EntriesEnded(("5e55", "5e56")),
    AppsClosed({"dog": 1_798_761_600.0}),
    EndLinks(),
    Crowded(True),
    Evict("session-1"),
    AskLinks(7),
    Mapped(PublicAddress("198.51.100.7", 4100)),
    Mapped(None),
    Drain(10.0),
    Stop(),
)
OF_WORKER: tuple[Message, ...] = (
    Ready(4_103),
    DialAsked("session-2", "203.0.113.0/24"),
    KnockCame(bytes(66)),
    Failed("udp-port-taken", "The UDP port 4103 is taken", "Give another"),
    Alive({"requests/box-busy": 3}, {"dog/direct/in": 5}, 97, 12),
    Signalled.of(BoxAnswer("session-1", "v=0\r\n", bytes(64))),
    Sign("session-1", bytes(32)),
    Asked(5, Question(Ask.PASSWORD, "dog", "secret", "203.0.113.0/24", "7f", "t" * 43)),
    Gone("session-1", True),
    Ended("session-1"),
    Noticed(Notice("dog", "no-ranges", "video/mp4")),
    VisitorsSilent(),
    Links(7, (FACTS,)),
    Links(8, ()),
)
