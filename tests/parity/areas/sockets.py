"""WebSockets (WHATWG WebSockets, RFC 6455): addresses, handshakes, messages, how they end."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, address, case
from tests.parity.upstream.plays import End, Pause, head, redirect, reply
from tests.parity.upstream.sockets import SocketPlay, Talk, close, frame, text

ECHO = SocketPlay()
SEES = ("count", "frames")


def cases() -> Iterator[Case]:
    for name in ("text", "empty", "long", "mega", "buffer", "view", "blob", "megablob", "number", "object", "null", "surrogate"):
        for binary in ("blob", "arraybuffer"):
            id = f"sockets/echo/{name}-{binary}"
            yield case(id, "socket", ECHO, send=[name], expect=1, binary=binary, sees=("frames",))
    yield case("sockets/echo/order", "socket", ECHO, send=["text", "blob", "empty", "buffer", "long", "view"], expect=6, sees=SEES)
    yield case("sockets/echo/unread-binary-type", "socket", ECHO, send=["buffer"], expect=1, binary="bad")
    for code in CODES:
        listen = SocketPlay((Talk.LISTEN,))
        yield case(f"sockets/close/{code}", "socket", listen, expect=0, close=[code, "why"], sees=SEES)
        yield case(f"sockets/closed/{code}", "socket", SocketPlay((close(code, "because"), Talk.DEAF)), sees=SEES)
    for name, given in CLOSES.items():
        yield case(f"sockets/close-with/{name}", "socket", SocketPlay((Talk.LISTEN,)), expect=0, close=given, sees=SEES)
    for name, steps in STEPS.items():
        # By then the page has its `open`: some browsers leave it out where all comes at once.
        steps = (Pause(0.2), *steps)
        yield case(f"sockets/frames/{name}", "socket", SocketPlay(steps), send=["text"], sees=("frames",))
        yield case(f"sockets/frames-buffer/{name}", "socket", SocketPlay(steps), binary="arraybuffer", sees=("frames",))
    for name, play in HANDSHAKES.items():
        yield case(f"sockets/handshake/{name}", "socket", play, expect=0)
        yield case(f"sockets/handshake-protocol/{name}", "socket", play, protocols=["a", "b"], expect=0)
    for name, offered in PROTOCOLS.items():
        for choice in ("first", None, "b", "unoffered"):
            id = f"sockets/protocol/{name}-{choice or 'none'}"
            yield case(id, "socket", SocketPlay(protocol=choice), protocols=offered, expect=0, sees=("count",))
    for name, url in ADDRESSES.items():
        id = f"sockets/address/{name}"
        yield Case(id, "socket", {"url": url.replace("@", address(id)), "expect": 0}, {"": (ECHO,)}, ("lines",))
    for early in ("send", "close"):
        yield case(f"sockets/early/{early}", "socket", ECHO, early=early, expect=0)
    yield case("sockets/seen/plain", "socket", ECHO, expect=0, sees=("lines", "fields"))
    yield case("sockets/seen/protocols", "socket", ECHO, protocols=["a", "b"], expect=0, sees=("lines", "fields"))


CODES = (999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015)
CODES += (1016, 2000, 2999, 3000, 3001, 3999, 4000, 4001, 4500, 4999, 5000)

CLOSES = {
    "nothing": [], "code": [1000], "empty-reason": [3000, ""], "long": [3000, "r" * 123], "too-long": [3000, "r" * 124],
    "umlauts": [3000, "ü" * 61], "too-many-umlauts": [3000, "ü" * 62], "surrogate": [3000, "\ud800"], "only-reason": [None, "x"],
    "fraction": [3000.7, "x"], "text-code": ["3000", "x"], "zero": [0, "x"], "minus": [-1, "x"],
}  # fmt: skip

STEPS = {
    "text": (text("hi"), close(1000), Talk.DEAF),
    "binary": (frame(2, b"\x00\xff"), close(1000), Talk.DEAF),
    "many": (*(text(str(number)) for number in range(20)), close(1000), Talk.DEAF),
    "fragments": (frame(1, "a", fin=False), frame(0, "b", fin=False), frame(0, "c"), close(1000), Talk.DEAF),
    "fragments-ping": (frame(1, "a", fin=False), frame(9, "p"), frame(0, "b"), close(1000), Talk.DEAF),
    "empty-fragments": (frame(1, "", fin=False), frame(0, ""), close(1000), Talk.DEAF),
    "split-character": (frame(1, b"\xc3", fin=False), frame(0, b"\xbc"), close(1000), Talk.DEAF),
    "ping": (frame(9, "are you there"), Talk.LISTEN),
    "pong": (frame(10, "unasked"), text("x"), close(1000), Talk.DEAF),
    "bad-utf8": (text(b"\xff\xfe"), Talk.LISTEN),
    "cut-utf8": (text(b"\xc3"), Talk.LISTEN),
    "surrogate-utf8": (text(b"\xed\xa0\x80"), Talk.LISTEN),
    "nul": (text("a\0b"), close(1000), Talk.DEAF),
    "bom": (text("\ufeffa"), close(1000), Talk.DEAF),
    "rsv1": (frame(1, "x", rsv=4), Talk.LISTEN),
    "rsv2": (frame(1, "x", rsv=2), Talk.LISTEN),
    "opcode-3": (frame(3, "x"), Talk.LISTEN),
    "opcode-11": (frame(11, "x"), Talk.LISTEN),
    "masked": (bytes((0x81, 0x81, 0, 0, 0, 0, 0x78)), Talk.LISTEN),
    "lone-continuation": (frame(0, "x"), Talk.LISTEN),
    "text-in-fragments": (frame(1, "a", fin=False), text("b"), Talk.LISTEN),
    "long-ping": (frame(9, "p" * 126), Talk.LISTEN),
    "cut-ping": (frame(9, "p", fin=False), Talk.LISTEN),
    "cut-frame": (bytes((0x81, 5, 0x61)), End.CLOSE),
    "no-close": (text("x"), End.CLOSE),
    "reset": (text("x"), Pause(0.05), End.RESET),
    "close-empty": (close(), Talk.DEAF),
    "close-1-byte": (frame(8, b"\x03"), Talk.DEAF),
    "close-bad-utf8": (close(1000, b"\xff"), Talk.DEAF),
    "close-umlaut": (close(4001, "grüß 🦀"), Talk.DEAF),
    "close-long": (close(4001, "r" * 123), Talk.DEAF),
    "close-then-text": (close(1000), text("late"), Talk.DEAF),
    "close-at-once": (close(4321, "bye"), End.CLOSE),
    "big-text": (text("y" * 200_000), close(1000), Talk.DEAF),
    "big-binary": (frame(2, b"z" * 3_000_000), close(1000), Talk.DEAF),
    "overlong-16": (bytes((0x81, 126, 0, 1, 0x78)), Talk.LISTEN),
    "length-sign-bit": (bytes((0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 1, 0x78)), Talk.LISTEN),
}

COOKIE = [("Set-Cookie", "socket=1; Max-Age=2")]
HANDSHAKES = {
    "right": ECHO,
    "cookie": SocketPlay(fields=COOKIE),
    "extension-unasked": SocketPlay(fields=[("Sec-WebSocket-Extensions", "x-own")]),
    "wrong-accept": SocketPlay(accept="AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    "no-accept": SocketPlay(instead=head(101, [("Upgrade", "websocket"), ("Connection", "Upgrade")])),
    "no-upgrade": SocketPlay(instead=head(101, [("Connection", "Upgrade")])),
    "other-upgrade": SocketPlay(instead=head(101, [("Connection", "Upgrade"), ("Upgrade", "h2c")])),
    "nothing": SocketPlay(instead=b""),
    "garbage": SocketPlay(instead=b"GARBAGE\r\n\r\n"),
} | {f"status-{s}": reply(s, body="no") for s in (200, 204, 400, 401, 403, 404, 426, 429, 500, 502, 503)}  # fmt: skip
HANDSHAKES |= {f"redirect-{s}": redirect(s, "/p/sockets/handshake/right") for s in (301, 302, 307)}

PROTOCOLS = {
    "none": None, "text": "a", "list": ["a", "b"], "empty": [], "empty-text": "", "twice": ["a", "a"], "space": ["a b"],
    "comma": ["a,b"], "umlaut": ["ü"], "odd": ["!#$%&'*+-.^_`|~"], "case": ["A", "a"],
}  # fmt: skip

ADDRESSES = {
    "relative": "@", "query": "@?a=b&c", "umlaut": "@/@/ü?ü", "fragment": "@#x", "empty-fragment": "@#", "javascript": "javascript:1",
    "ftp": "ftp://localhost/", "bad": "ws://", "port": "ws://localhost:1/", "bad-port": "ws://localhost:99999/",
    "space": "@?a b", "user": "ws://u:p@localhost:1/", "data": "data:,x", "empty": "", "dot": ".", "blocked": "ws://localhost:22/",
    "dots": "@/../x/./y", "long": "@?" + "q" * 5000,
}  # fmt: skip
