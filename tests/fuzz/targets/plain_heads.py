"""The head of an app's response: both codecs read the same, and what the lenient way reads."""

from __future__ import annotations

from p2claw import _fastframe, _pyframe
from p2claw.agent.upstream.lenient import read_head
from p2claw.agent.upstream.plain_head import read_plain_head
from p2claw.errors import RemoteProtocolError
from tests.agent.upstream.lax_responses import WIRES

_END = b"\r\n\r\n"

SEEDS = [wire for wire in WIRES.values() if _END in wire]


def run(data: bytes) -> None:
    head = data[: data.find(_END) + len(_END)] if _END in data else data
    fast = _fastframe.read_head(head)
    assert fast == _pyframe.read_head(head)
    if fast is None:
        raise RemoteProtocolError("not written as RFC 9112 has it")
    assert _fastframe.fields_fault(fast[2]) == _pyframe.fields_fault(fast[2])
    assert read_plain_head(head) == read_head(head)
