"""Records of a WebSocket's stream, whole and byte by byte: both ways must agree."""

from __future__ import annotations

from p2claw.errors import RemoteProtocolError
from p2claw.wire.frames.websocket_records import Close, Part, RecordReader
from tests.vectors.by_hand import denoted
from tests.wire.vectors import read

SEEDS = [denoted(case["bytes"]) for case in read("records.json")["valid"]]


def run(data: bytes) -> None:
    whole, fault = _read([data])
    cut, cut_fault = _read([data[at : at + 1] for at in range(len(data))])
    assert whole == cut
    assert (fault is None) == (cut_fault is None)
    if fault is not None:
        raise fault


def _read(pieces: list[bytes]) -> tuple[list[object], RemoteProtocolError | None]:
    """Parts put together again: where a record is cut must not show."""
    found: list[object] = []
    reader = RecordReader()
    fault = None
    try:
        for piece in pieces:
            for part in reader.feed(piece):
                _add(found, part)
    except RemoteProtocolError as error:
        fault = error
    return [tuple(part) if isinstance(part, list) else part for part in found], fault


def _add(found: list[object], part: Part | Close) -> None:
    """A message under way is a list, kind, bytes, final: its parts are not copied each time."""
    if not isinstance(part, Part):
        found.append(part)
        return
    last = found[-1] if found else None
    if isinstance(last, list) and not last[2]:
        last[1] += part.data
        last[0], last[2] = part.kind, part.final
    else:
        found.append([part.kind, bytearray(part.data), part.final])
