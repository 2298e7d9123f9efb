"""HELLO, the first frame of each side, and the version that follows from the two."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from p2claw.names import APP_NAME
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.faults import SessionFault
from p2claw.wire.frames.limits import CREDIT_MAX, FIRST_STREAMS, FIRST_WINDOW_BYTES, SOFTWARE_BYTES
from p2claw.wire.frames.packing import NotPacked, pack, unpack_map

VERSION: Final = 1
OLDEST_VERSION: Final = 1

# docs/WIRE.md §14; spoken by both roles.
WEBSOCKET: Final = "websocket"
# docs/WIRE.md §15; a box speaks it in sessions that have a token.
RESUME: Final = "resume"
# docs/WIRE.md §18: by a visitor whose sender leaves the queues of a line short, or lets the box say
# how much it may have in flight; by a box that does.
WIDE: Final = "wide"
EXTENSIONS: Final = (WEBSOCKET, RESUME, WIDE)

TOKEN_BYTES_MOST: Final = 64
PLACE_MOST: Final = 65_535
COUNT_MOST: Final = 2**53 - 1


class Role(StrEnum):
    """Which side of a session this is."""

    VISITOR = "visitor"
    BOX = "box"


@dataclass(frozen=True, slots=True)
class Hello:
    """The HELLO of one side. Source: docs/WIRE.md §3.

    app: the one that the visitor wants, "" from a box. window_bytes: body bytes allowed on each
    stream before credit. streams: that the other side may have open at once. token: a box names its
    session by it, a visitor the one that it resumes. received: by a visitor in that session.
    place: where in the box the session is.
    """

    role: Role
    app: str = ""
    version: int = VERSION
    oldest: int = OLDEST_VERSION
    software: str = ""
    window_bytes: int = FIRST_WINDOW_BYTES
    streams: int = FIRST_STREAMS
    extensions: tuple[str, ...] = ()
    token: bytes = b""
    received: int = 0
    place: int | None = None


def encode_hello(hello: Hello) -> bytes:
    """The payload of HELLO."""
    value: dict[str, object] = {"v": hello.version, "min": hello.oldest, "role": hello.role.value}
    if hello.role is Role.VISITOR:
        value["app"] = hello.app
    value["sw"] = hello.software.encode()[:SOFTWARE_BYTES].decode("utf-8", "ignore")
    value["window"] = hello.window_bytes
    value["streams"] = hello.streams
    value["ext"] = hello.extensions
    if hello.token:
        value["token"] = hello.token
        if hello.role is Role.VISITOR:
            value["received"] = hello.received
    if hello.place is not None:
        value["place"] = hello.place
    return pack(value)


def decode_hello(payload: bytes) -> Hello:
    """Raises SessionFault. Keys that are not known are ignored, so a newer peer is understood."""
    try:
        value = unpack_map(payload)
    except NotPacked as error:
        raise SessionFault(f"HELLO is {error}") from error
    version = _number(value, "v", None, 1, CREDIT_MAX)
    role = _role(value)
    token = _token(value)
    received = _number(value, "received", 0, 0, COUNT_MOST)
    return Hello(
        role=role,
        app=_app(value) if role is Role.VISITOR else "",
        version=version,
        oldest=_number(value, "min", version, 1, version),
        software=_software(value),
        window_bytes=_number(value, "window", FIRST_WINDOW_BYTES, FIRST_WINDOW_BYTES, CREDIT_MAX),
        streams=_number(value, "streams", FIRST_STREAMS, FIRST_STREAMS, CREDIT_MAX),
        extensions=_extensions(value),
        token=token,
        received=received if token and role is Role.VISITOR else 0,
        place=_number(value, "place", None, 0, PLACE_MOST) if "place" in value else None,
    )


def agree(ours: Hello, theirs: Hello) -> int:
    """The version in use. Raises SessionFault, with VERSION if the two have none in common."""
    if ours.role is theirs.role:
        raise SessionFault(f"both sides are a {ours.role}")
    version = min(ours.version, theirs.version)
    if version < max(ours.oldest, theirs.oldest):
        raise SessionFault(
            f"no common version: here {ours.oldest} to {ours.version},"
            f" there {theirs.oldest} to {theirs.version}",
            Code.VERSION,
        )
    return version


def _number(value: dict[str, Any], key: str, absent: int | None, least: int, most: int) -> int:
    number = value.get(key, absent)
    if type(number) is not int or not least <= number <= most:
        raise SessionFault(f"HELLO with a {key!r} that is not {least} to {most}")
    return number


def _role(value: dict[str, Any]) -> Role:
    role = value.get("role")
    if type(role) is not str or role not in (Role.VISITOR, Role.BOX):
        raise SessionFault("HELLO with a 'role' that is neither visitor nor box")
    return Role(role)


def _app(value: dict[str, Any]) -> str:
    app = value.get("app")
    if type(app) is not str or not APP_NAME.fullmatch(app):
        raise SessionFault("HELLO with an 'app' that is not the name of one")
    return app


def _software(value: dict[str, Any]) -> str:
    software = value.get("sw", "")
    if type(software) is not str or len(software.encode()) > SOFTWARE_BYTES:
        raise SessionFault(f"HELLO with a 'sw' that is not text of {SOFTWARE_BYTES} bytes")
    return software if software.isprintable() else ""


def _extensions(value: dict[str, Any]) -> tuple[str, ...]:
    extensions = value.get("ext", [])
    if type(extensions) is not list or not all(type(item) is str for item in extensions):
        raise SessionFault("HELLO with an 'ext' that is not a list of text")
    return tuple(extensions)


def _token(value: dict[str, Any]) -> bytes:
    token = value.get("token", b"")
    if type(token) is not bytes or len(token) > TOKEN_BYTES_MOST:
        raise SessionFault(f"HELLO with a 'token' that is not at most {TOKEN_BYTES_MOST} bytes")
    return token
