"""Request heads, response heads and trailers: dataclasses here, msgpack on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from p2claw._codec import chosen
from p2claw.errors import LocalProtocolError
from p2claw.value_class import value_class
from p2claw.wire.frames.faults import HeadFault, HeadTooLarge
from p2claw.wire.frames.limits import (
    METHOD_CHARS,
    NOTICE_CHARS,
    ORIGINS,
    REASON_CHARS,
    TARGET_CHARS,
    Limits,
)
from p2claw.wire.frames.packing import NotPacked, pack, unpack_map, unpack_tuple

Fields = tuple[tuple[str, str], ...]

DEFAULT_URGENCY = 3
_LIMITS = Limits()

# RFC 9110 §5.6.2: a token.
_METHOD = re.compile(rf"[!#$%&'*+.^_`|~0-9A-Za-z-]{{1,{METHOD_CHARS}}}")
_TARGET = re.compile(rf"/[\x21-\x7e]{{0,{TARGET_CHARS - 1}}}")
# With any method. Source: docs/WIRE.md §4, RFC 9110 §6.4.1.
BODILESS = frozenset((204, 205, 304))
_ERROR = re.compile(r"[a-z][a-z0-9-]{0,63}")
# RFC 9112 §4: the phrase after the status.
_REASON = re.compile(rf"[\t\x20-\x7e\x80-\xff]{{0,{REASON_CHARS}}}")
_ERROR_FIELDS = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))
# A scheme, a host name or address, and a port that is not the scheme's own.
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")


@value_class(frozen=True, slots=True)
class RequestHead:
    """The head of a request. fields: lower-case names, in order. Source: docs/WIRE.md §4.

    protocol: that a CONNECT opens on the stream, docs/WIRE.md §14; "" with every other method.
    keep: the request goes on if its link is lost, docs/WIRE.md §4.
    """

    method: str
    target: str
    fields: Fields
    urgency: int = DEFAULT_URGENCY
    protocol: str = ""
    keep: bool = False


@value_class(frozen=True, slots=True)
class ResponseHead:
    """The head of a response.

    error: a code of docs/WIRE.md §9 on an error response of the box, else "".
    reason: the phrase of an HTTP/1.1 upstream after the status.
    origins: by which an app's page may mean the app itself, besides the one it is visited under.
    notice: a line about the app, for whoever looks after it.
    """

    status: int
    fields: Fields
    error: str = ""
    reason: str = ""
    origins: tuple[str, ...] = ()
    notice: str = ""


def encode_request(head: RequestHead, limits: Limits = _LIMITS) -> bytes:
    """The payload of REQUEST, whole. Raises LocalProtocolError `head-invalid`, `head-too-large`."""
    value: dict[str, object] = {"m": head.method, "p": head.target, "h": head.fields}
    if head.urgency != DEFAULT_URGENCY:
        value["u"] = head.urgency
    if head.protocol:
        value["c"] = head.protocol
    if head.keep:
        value["k"] = 1
    return _encode(_check_request, head, head.fields, value, limits)


def encode_response(head: ResponseHead, limits: Limits = _LIMITS) -> bytes:
    """The payload of RESPONSE, whole. Raises LocalProtocolError as `encode_request`."""
    if not (head.error or head.origins or head.notice):
        usual = chosen.write_response(head.status, head.fields, head.reason, limits.head_fields)
        if usual is not None and len(usual) <= limits.head_bytes:
            return usual
    return encode_any_response(head, limits)


def encode_any_response(head: ResponseHead, limits: Limits = _LIMITS) -> bytes:
    """The same without the short way for usual heads."""
    value: dict[str, object] = {"s": head.status, "h": head.fields}
    if head.error:
        value["e"] = head.error
    if head.reason:
        value["r"] = head.reason
    if head.origins:
        value["o"] = head.origins
    if head.notice:
        value["n"] = head.notice
    return _encode(_check_response, head, head.fields, value, limits)


def encode_trailers(fields: Fields, limits: Limits = _LIMITS) -> bytes:
    """The payload of TRAILERS, whole. Raises LocalProtocolError as `encode_request`."""
    return _encode(lambda head: None, None, fields, fields, limits)


def decode_request(payload: bytes, limits: Limits = _LIMITS) -> RequestHead:
    """Raises HeadTooLarge, or HeadFault for all else that docs/WIRE.md §4 does not allow."""
    if len(payload) <= limits.head_bytes:
        usual = chosen.read_request(payload, limits.head_fields)
        if usual is not None:
            return RequestHead(*usual)
    return decode_any_request(payload, limits)


def decode_any_request(payload: bytes, limits: Limits = _LIMITS) -> RequestHead:
    """The same without the short way for usual heads."""
    value = _unpack(payload, limits)
    head = RequestHead(
        method=_text(value, "m"),
        target=_text(value, "p"),
        fields=_fields(value.get("h"), limits),
        urgency=value.get("u", DEFAULT_URGENCY),
        protocol=_text(value, "c") if "c" in value else "",
        keep=_flag(value, "k"),
    )
    _check_request(head)
    return head


def decode_response(payload: bytes, limits: Limits = _LIMITS) -> ResponseHead:
    """Raises as `decode_request`."""
    value = _unpack(payload, limits)
    head = ResponseHead(
        status=value.get("s", 0),
        fields=_fields(value.get("h"), limits),
        error=_text(value, "e") if "e" in value else "",
        reason=_text(value, "r") if "r" in value else "",
        origins=_texts(value, "o") if "o" in value else (),
        notice=_text(value, "n") if "n" in value else "",
    )
    _check_response(head)
    return head


def decode_trailers(payload: bytes, limits: Limits = _LIMITS) -> Fields:
    """Raises as `decode_request`."""
    _check_size(payload, limits)
    try:
        value = unpack_tuple(payload)
    except NotPacked as error:
        raise HeadFault(f"trailers are {error}") from error
    return _fields(value, limits)


def error_response(status: int, error: str, line: str) -> tuple[ResponseHead, bytes]:
    """Head and body of a response that the box makes itself, as docs/WIRE.md §9 wants it.

    error: a code of §9. line: one line for people.
    """
    return ResponseHead(status=status, fields=_ERROR_FIELDS, error=error), f"{line}\n".encode()


def has_no_body(method: str, status: int) -> bool:
    """Whether a response never has DATA. Source: docs/WIRE.md §4, RFC 9110 §6.4.1."""
    return method == "HEAD" or status in BODILESS


def _encode(
    check: Callable[[Any], None], head: object, fields: Fields, value: object, limits: Limits
) -> bytes:
    try:
        check(head)
        _check_fields(fields, limits)
        payload = pack(value)
        _check_size(payload, limits)
    except HeadTooLarge as error:
        raise LocalProtocolError(error.message, code="head-too-large") from error
    except (HeadFault, TypeError, ValueError) as error:
        raise LocalProtocolError(f"{error}", code="head-invalid") from error
    return payload


def _unpack(payload: bytes, limits: Limits) -> dict[str, Any]:
    _check_size(payload, limits)
    try:
        return unpack_map(payload, tuples=True)
    except NotPacked as error:
        raise HeadFault(f"a head is {error}") from error


def _text(value: dict[str, Any], key: str) -> str:
    text = value.get(key)
    if type(text) is not str:
        raise HeadFault(f"a head whose {key!r} is not text")
    return text


def _flag(value: dict[str, Any], key: str) -> bool:
    flag = value.get(key, 0)
    if type(flag) is not int or flag not in (0, 1):
        raise HeadFault(f"a head whose {key!r} is not 0 or 1")
    return flag == 1


def _texts(value: dict[str, Any], key: str) -> tuple[str, ...]:
    texts = value.get(key)
    if type(texts) is not tuple or not all(type(text) is str for text in texts):
        raise HeadFault(f"a head whose {key!r} is not a list of text")
    return texts


def _fields(value: Any, limits: Limits) -> Fields:
    if type(value) is not tuple:
        raise HeadFault("fields that are not a list")
    _check_fields(value, limits)
    return value


def _check_request(head: RequestHead) -> None:
    if not _METHOD.fullmatch(head.method):
        raise HeadFault("a method that is not a token of 1 to 32 characters")
    asterisk = head.target == "*" and head.method == "OPTIONS"  # RFC 9112 §3.2.4
    if not asterisk and not _TARGET.fullmatch(head.target):
        raise HeadFault("a target that is not in origin form")
    if type(head.urgency) is not int or not 0 <= head.urgency <= 7:
        raise HeadFault("an urgency that is not 0 to 7")
    if head.protocol and not (head.method == "CONNECT" and _METHOD.fullmatch(head.protocol)):
        raise HeadFault("a protocol that is no token, or whose method is not CONNECT")


def _check_response(head: ResponseHead) -> None:
    if type(head.status) is not int or not 200 <= head.status <= 599:
        raise HeadFault("a status that is not 200 to 599")
    if head.error and not _ERROR.fullmatch(head.error):
        raise HeadFault("an error code that is not lower-case words and hyphens")
    if head.reason and not _REASON.fullmatch(head.reason):
        raise HeadFault("a reason with a character that is not allowed, or too many")
    if len(head.origins) > ORIGINS or not all(map(_ORIGIN.fullmatch, head.origins)):
        raise HeadFault("an origin that is none, or too many of them")
    if len(head.notice) > NOTICE_CHARS:
        raise HeadFault("a notice of too many characters")


def _check_fields(fields: tuple[Any, ...], limits: Limits) -> None:
    if len(fields) > limits.head_fields:
        raise HeadTooLarge(f"{len(fields)} fields, more than {limits.head_fields}")
    fault = chosen.fields_fault(fields)
    if fault is not None:
        raise HeadFault(fault)


def _check_size(payload: bytes, limits: Limits) -> None:
    if len(payload) > limits.head_bytes:
        raise HeadTooLarge(f"a head of {len(payload)} bytes, more than {limits.head_bytes}")
