"""The codec as a value, so that a session can run on either one; `p2claw._codec` chooses it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from p2claw._codec import chosen

if TYPE_CHECKING:
    from p2claw._pyframe import Outbox, Scheduler
    from p2claw._pyframe.outbox import Sink

Frame = tuple[int, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Codec:
    """One implementation of docs/WIRE.md §2, §5 and §6: `fastframe` or `pyframe`."""

    name: str
    decode_message: Callable[[bytes], list[Frame]]
    encode_frame: Callable[[int, int, int, bytes], bytes]
    scheduler: Callable[[int, int], Scheduler]
    outbox: Callable[[Scheduler, int, int], Outbox]
    refill: Callable[[Outbox, Sink, int, Callable[[Exception | None], None]], Callable[[], None]]


def codec_of(module: ModuleType) -> Codec:
    """The codec that a module implements."""
    return Codec(
        name=module.NAME,
        decode_message=module.decode_message,
        encode_frame=module.encode_frame,
        scheduler=module.Scheduler,
        outbox=module.Outbox,
        refill=module.Refill,
    )


CODEC = codec_of(chosen)
decode_message = CODEC.decode_message
encode_frame = CODEC.encode_frame
