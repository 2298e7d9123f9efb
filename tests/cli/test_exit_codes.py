"""Which exit code an error ends the program with."""

from __future__ import annotations

import pytest

from p2claw.cli.exit_codes import exit_code_of
from p2claw.errors import (
    IdentityError,
    LinkError,
    P2clawError,
    RefusedError,
    RemoteProtocolError,
    StreamResetError,
    UsageError,
)


@pytest.mark.parametrize(
    "error, code",
    [
        (P2clawError("x"), 1),
        (IdentityError("x"), 1),
        (RemoteProtocolError("x"), 1),
        (StreamResetError("x", reset_code=6), 1),
        (UsageError("x", code="routes-damaged"), 1),
        (UsageError("x", code="listen-failed"), 1),
        (UsageError("x"), 2),
        (UsageError("x", code="app-name-invalid"), 2),
        (UsageError("x", code="app-unknown"), 3),
        (RefusedError("x", code="app-unknown"), 3),
        (RefusedError("x", code="alias-unknown"), 3),
        (RefusedError("x", code="box-offline"), 4),
        (LinkError("x"), 4),
        (P2clawError("x", code="agent-not-running"), 4),
        (LinkError("x", code="wrong-key"), 5),
        (P2clawError("x", code="http-error"), 6),
    ],
)
def test_exit_codes_are_as_documented(error: P2clawError, code: int) -> None:
    assert exit_code_of(error) == code
