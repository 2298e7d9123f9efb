"""Answers that a box makes itself, as docs/WIRE.md §9 wants them; when to make one is not here."""

from __future__ import annotations

from p2claw.wire.heads import ResponseHead

_FIELDS = (("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store"))


def box_answer(status: int, error: str, line: str) -> tuple[ResponseHead, bytes]:
    """The head and the body of such an answer. error: a code of §9; line: one line for people."""
    return ResponseHead(status=status, fields=_FIELDS, error=error), f"{line}\n".encode()
