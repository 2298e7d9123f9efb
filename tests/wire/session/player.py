"""Plays one transcript of tests/vectors/session.json on a session."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgpack

from p2claw.errors import LocalProtocolError, StreamResetError
from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.frames.limits import Limits
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session
from tests.vectors.by_hand import denoted, frame

_KINDS = {
    ev.HelloReceived: "hello",
    ev.RequestReceived: "request",
    ev.ResponseReceived: "response",
    ev.DataReceived: "data",
    ev.TrailersReceived: "trailers",
    ev.StreamReset: "reset",
    ev.StreamWritable: "writable",
    ev.StreamClosed: "closed",
    ev.PongReceived: "pong",
    ev.GoawayReceived: "goaway",
    ev.SessionFailed: "failed",
}


class Player:
    """One session, and the payloads that a transcript has saved."""

    def __init__(self, transcript: dict[str, Any], codec: Codec) -> None:
        self._codec = codec
        self._saved: dict[str, bytes] = {}
        self._session = Session(
            Role(transcript["role"]),
            app=transcript["app"],
            limits=Limits(**transcript["limits"]),
            software=transcript["software"],
            codec=codec,
            token=bytes.fromhex(transcript["token"]),
        )

    def play(self, step: dict[str, Any]) -> None:
        """Do, or expect, one thing."""
        arguments = {key: value for key, value in step.items() if key not in ("do", "expect")}
        verb = f"do_{step['do']}" if "do" in step else f"expect_{step['expect']}"
        getattr(self, verb)(**arguments)

    def do_receive(self, message: Any, now: float) -> None:
        if isinstance(message, dict):
            payload = self._saved[message["saved"]]
            data = frame(message["type"], message["flags"], message["stream"], payload)
        else:
            data = denoted(message)
        self._session.receive(data, now)

    def do_open_request(
        self, head: dict[str, Any], end: bool, returns: int = 0, raises: str = ""
    ) -> None:
        fields = tuple((name, value) for name, value in head["fields"])
        request = RequestHead(head["method"], head["target"], fields, head["urgency"])
        try:
            stream = self._session.streams.open_request(request, end=end)
        except LocalProtocolError as error:
            assert error.code == raises
        else:
            assert stream == returns

    def do_open_many(self, count: int) -> None:
        for _ in range(count):
            self._session.streams.open_request(RequestHead("GET", "/", ()), end=True)

    def do_send_response(self, stream: int, head: dict[str, Any], end: bool) -> None:
        fields = tuple((name, value) for name, value in head["fields"])
        response = ResponseHead(head["status"], fields, head["error"])
        self._session.streams.send_response(stream, response, end=end)

    def do_send_data(
        self, stream: int, data: Any, end: bool, raises: str = "", reset_code: str = ""
    ) -> None:
        try:
            self._session.streams.send_data(stream, denoted(data), end=end)
        except StreamResetError as error:
            assert (error.code, error.reset_code) == (raises, Code[reset_code])
        else:
            assert not raises

    def do_send_trailers(self, stream: int, fields: list[list[str]]) -> None:
        self._session.streams.send_trailers(stream, tuple((name, value) for name, value in fields))

    def do_consumed(self, stream: int, n: int, now: float | None = None) -> None:
        self._session.streams.consumed(stream, n, now)

    def do_reset(self, stream: int, code: str, reason: str) -> None:
        self._session.streams.reset(stream, Code[code], reason)

    def do_goaway(self, code: str, reason: str) -> None:
        self._session.goaway(Code[code], reason)

    def do_timeout(self, now: float) -> None:
        self._session.handle_timeout(now)

    def do_resume(self, received: int, now: float) -> None:
        self._session.resume(received, now)

    def do_drain_events(self) -> None:
        while self._session.next_event() is not None:
            pass

    def do_send_once(self, message: list[dict[str, Any]], now: float) -> None:
        self._compare(self._session.to_send(now), message)

    def expect_sends(
        self, now: float, messages: list[list[dict[str, Any]]], room: bool = True
    ) -> None:
        for message in messages:
            self._compare(self._session.to_send(now, room=room), message)
        assert self._session.to_send(now, room=room) is None

    def expect_events(self, events: list[dict[str, Any]]) -> None:
        emitted = []
        while (event := self._session.next_event()) is not None:
            emitted.append(_shown(event))
        expected = [_denoted(event) for event in events]
        # A reason that a transcript does not state is free text.
        for wanted, got in zip(expected, emitted, strict=False):
            if wanted["kind"] in ("failed", "reset") and "reason" not in wanted:
                got.pop("reason", None)
        assert emitted == expected

    def expect_timeout(self, at: float | None) -> None:
        assert self._session.next_timeout() == at

    def expect_open_streams(self, count: int) -> None:
        assert len(self._session.streams) == count

    def _compare(self, message: bytes | None, expected: list[dict[str, Any]]) -> None:
        assert message is not None
        frames = self._codec.decode_message(message)
        assert [f[:3] for f in frames] == [(f["type"], f["flags"], f["stream"]) for f in expected]
        for (_, _, _, payload), wanted in zip(frames, expected, strict=True):
            if "payload" in wanted:
                assert payload == denoted(wanted["payload"])
            elif "packed" in wanted:
                assert _bytes_shown(msgpack.unpackb(payload)) == wanted["packed"]
            elif "begins" in wanted:
                assert payload.startswith(bytes.fromhex(wanted["begins"]))
            else:
                self._saved[wanted["save"]] = payload


def _denoted(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "data": denoted(event["data"])} if "data" in event else event


def _shown(event: ev.Event) -> dict[str, Any]:
    shown = {"kind": _KINDS[type(event)], **{k: _plain(v) for k, v in asdict(event).items()}}
    if shown["kind"] == "response":
        # Transcripts are about the order of frames; what a head may hold besides is in heads.json.
        besides = [shown["head"].pop(key) for key in ("reason", "origins", "notice")]
        assert besides == ["", [], ""]
    if shown["kind"] == "request":
        assert (shown["head"].pop("protocol"), shown["head"].pop("keep")) == ("", False)
    if isinstance(event, ev.HelloReceived):
        shown["hello"]["token"] = event.hello.token.hex()
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, Code):
        return value.name
    if isinstance(value, Role):
        return value.value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _bytes_shown(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: {"hex": v.hex()} if isinstance(v, bytes) else v for key, v in value.items()}
