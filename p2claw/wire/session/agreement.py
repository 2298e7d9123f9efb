"""What the HELLOs of both sides agree on. Their bytes are in `frames/hello.py`."""

from __future__ import annotations

from p2claw.errors import LocalProtocolError
from p2claw.wire.frames.hello import RESUME, Hello, Role, agree, decode_hello, encode_hello
from p2claw.wire.frames.limits import FIRST_STREAMS, Limits
from p2claw.wire.session.delivery import Resumption


class Agreement:
    """Our HELLO, and theirs once it has come.

    ours: the one that this side sends. theirs: None before the other side's has come.
    """

    __slots__ = ("ours", "theirs")

    def __init__(self, ours: Hello) -> None:
        self.ours = ours
        self.theirs: Hello | None = None

    def has_extension(self, extension: str) -> bool:
        """Whether both sides speak it; False before the other side's HELLO."""
        theirs = self.theirs
        return (
            theirs is not None
            and extension in theirs.extensions
            and extension in self.ours.extensions
        )

    def encode(self) -> bytes:
        """The payload of our HELLO."""
        return encode_hello(self.ours)

    def read(self, payload: bytes) -> Hello:
        """Read the other side's HELLO. Raises SessionFault if nothing can be agreed on."""
        theirs = decode_hello(payload)
        agree(self.ours, theirs)
        self.theirs = theirs
        return theirs


def our_hello(
    role: Role,
    *,
    app: str | None,
    software: str,
    extensions: tuple[str, ...],
    limits: Limits,
    window_bytes: int,
    token: bytes,
    place: int | None,
    resumes: Resumption | None,
) -> Hello:
    """The HELLO of one side, from the arguments of its `Session`.

    Raises LocalProtocolError `app-wrong`.
    """
    if (app is not None) != (role is Role.VISITOR):
        raise LocalProtocolError("a visitor names an app, and a box does not", code="app-wrong")
    if role is Role.BOX and not token:
        extensions = tuple(name for name in extensions if name != RESUME)
    return Hello(
        role=role,
        app=app or "",
        software=software,
        window_bytes=window_bytes,
        streams=limits.streams if role is Role.BOX else FIRST_STREAMS,
        extensions=extensions,
        token=resumes.token if resumes is not None else token,
        received=resumes.received if resumes is not None else 0,
        place=place,
    )
