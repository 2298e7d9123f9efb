"""Collects what an upstream sends until the head of its response is whole, and reads that.

`lenient.py` and `plain_head.py` know what a head means.
"""

from __future__ import annotations

from p2claw.agent.request_faults import AppBrokenFault, HeadTooLargeFault
from p2claw.agent.upstream.lenient import HEAD_END, LenientHead, may_begin_head, read_head
from p2claw.agent.upstream.plain_head import read_plain_head
from p2claw.config import UpstreamLimits

# One name, one value, and what msgpack puts around them: at most 1 + 3 + 3 bytes.
FIELD_OVERHEAD_BYTES = 7

_EMPTY_LINE = b"\r\n\r\n"
# So much is looked at for the end of a usual head; what follows it is copied once, as its body.
_LOOK_BYTES = 4_096


class Heads:
    """The bytes before the body of one response. Interim heads are passed over."""

    __slots__ = ("_interim_bytes", "_kept", "_limits")

    def __init__(self, limits: UpstreamLimits) -> None:
        self._limits = limits
        self._kept: bytearray | None = None  # of a head that is not whole
        self._interim_bytes = 0

    def receive(self, data: bytes | memoryview) -> tuple[LenientHead, bytes | memoryview] | None:
        """The head of the response, and what follows it; None while it is not whole.

        Raises AppBrokenFault or HeadTooLargeFault.
        """
        if self._kept is not None:
            return self._search(self._kept, data)
        came = bytes(data[:_LOOK_BYTES])
        end = came.find(_EMPTY_LINE) + len(_EMPTY_LINE)
        head = read_plain_head(came[:end]) if end >= len(_EMPTY_LINE) else None
        if head is not None and head.status >= 200:
            self._check(head, end)
            return head, came[end:] if len(data) <= _LOOK_BYTES else data[end:]
        self._kept = bytearray()
        return self._search(self._kept, data)

    def receive_eof(self) -> LenientHead:
        """What there is of a head that breaks off. Raises as `receive`."""
        kept = bytes(self._kept or b"")
        head = read_head(kept)
        self._check(head, len(kept))
        return head

    def _search(
        self, kept: bytearray, data: bytes | memoryview
    ) -> tuple[LenientHead, bytes] | None:
        searched = max(0, len(kept) - 2)  # the empty line may have begun in what came before
        kept += data
        while True:
            blank = len(kept) - len(kept.lstrip(b"\r\n"))
            end = HEAD_END.search(kept, max(searched, blank))
            if end is None:
                self._check_unfinished(kept)
                return None
            whole = bytes(kept[: end.end()])
            del kept[: end.end()]
            searched = 0
            head = read_head(whole)
            self._check(head, len(whole))
            if head.status >= 200:
                return head, bytes(kept)
            self._interim_bytes += len(whole)

    def _check_unfinished(self, kept: bytearray) -> None:
        """Check an incomplete head: it must look like HTTP, and must not grow without end."""
        if not may_begin_head(kept):
            raise AppBrokenFault("The app does not speak HTTP/1.1")
        if self._interim_bytes + len(kept) > self._limits.head_bytes:
            raise HeadTooLargeFault("The head of the app's response has no end")

    def _check(self, head: LenientHead, size: int) -> None:
        """size: of the bytes that it was read from, which are at least those of its fields."""
        limits, count = self._limits, len(head.fields)
        if size + FIELD_OVERHEAD_BYTES * count > limits.head_bytes or count > limits.head_fields:
            check_size(head.fields, limits)
        if head.status == 101:
            raise AppBrokenFault("The app switched to another protocol without being asked")
        if not 100 <= head.status <= 599:
            raise AppBrokenFault(f"The app responded with the status {head.status}")


def check_size(fields: tuple[tuple[str, str], ...], limits: UpstreamLimits) -> None:
    """Raises HeadTooLargeFault for more fields, or longer ones, than may cross a link."""
    size = FIELD_OVERHEAD_BYTES * len(fields)
    for name, value in fields:
        size += len(name) + len(value)
    if size > limits.head_bytes or len(fields) > limits.head_fields:
        raise HeadTooLargeFault("The app's response has too many fields, or too large ones")
