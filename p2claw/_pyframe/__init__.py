"""The reference codec: what `_fastframe` does, in Python that is meant to be read.

Messages are split into frames and frames are encoded in `frames.py`. The scheduler holds what waits
to be sent and fills messages with it, stream by stream: `scheduler.py`, `outgoing.py` and
`message.py`. What it takes from a descriptor is in `tap.py`. `outbox.py` hands messages out, and
keeps them until they are acknowledged. The fields of heads are in `heads.py`, usual heads as a
whole in `packed_heads.py`, usual responses of apps in `responses.py`. Each file has its twin in
Cython, `_frames.pxi` to `_responses.pxi`, which runs by default; one set of vectors and property
tests hold the two to the same bytes. What heads and payloads mean is left to `p2claw.wire`.
"""

from __future__ import annotations

from typing import Final

from p2claw._pyframe.frames import decode_message, encode_frame
from p2claw._pyframe.heads import fields_fault, read_head, write_head
from p2claw._pyframe.outbox import Outbox, Refill
from p2claw._pyframe.packed_heads import look_through, read_request, value_of, write_response
from p2claw._pyframe.responses import read_response
from p2claw._pyframe.scheduler import FINISHED, WRITABLE, Scheduler
from p2claw._pyframe.tap import Tap

__all__ = [
    "FINISHED",
    "NAME",
    "WRITABLE",
    "Outbox",
    "Refill",
    "Scheduler",
    "Tap",
    "decode_message",
    "encode_frame",
    "fields_fault",
    "look_through",
    "read_head",
    "read_request",
    "read_response",
    "value_of",
    "write_head",
    "write_response",
]

NAME: Final = "pyframe"
