"""The exit codes of the program. docs/OPERATIONS.md documents them."""

from __future__ import annotations

from p2claw.errors import LinkError, P2clawError, RefusedError, UsageError

FAILED = 1
USAGE = 2
NOT_FOUND = 3
UNREACHABLE = 4
WRONG_KEY = 5
HTTP_ERROR = 6
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

# Where the code is more exact than the class. A damaged file is no wrong usage.
_BY_CODE = {
    "app-unknown": NOT_FOUND,
    "alias-unknown": NOT_FOUND,
    "access-refused": FAILED,
    "access-damaged": FAILED,
    "access-exposed": FAILED,
    "access-locked": FAILED,
    "access-unwritable": FAILED,
    "coordinator-not-joined": NOT_FOUND,
    "service-not-installed": NOT_FOUND,
    "box-unknown": NOT_FOUND,
    "box-not-banned": NOT_FOUND,
    "invitation-unknown": NOT_FOUND,
    "session-unknown": NOT_FOUND,
    "server-not-running": UNREACHABLE,
    "server-silent": UNREACHABLE,
    "agent-not-running": UNREACHABLE,
    "agent-silent": UNREACHABLE,
    "wrong-key": WRONG_KEY,
    "http-error": HTTP_ERROR,
    "bootstrap-damaged": FAILED,
    "bootstrap-missing": FAILED,
    "coordinators-damaged": FAILED,
    "coordinators-exposed": FAILED,
    "coordinators-locked": FAILED,
    "coordinators-unwritable": FAILED,
    "backup-unwritable": FAILED,
    "data-damaged": FAILED,
    "data-empty": FAILED,
    "data-in-use": FAILED,
    "data-log-lost": FAILED,
    "data-lost": FAILED,
    "data-newer": FAILED,
    "data-older": FAILED,
    "data-unusable": FAILED,
    "listen-failed": FAILED,
    "metrics-failed": FAILED,
    "tls-unusable": FAILED,
    "routes-damaged": FAILED,
    "routes-exposed": FAILED,
    "routes-locked": FAILED,
    "routes-unwritable": FAILED,
    "team-damaged": FAILED,
    "team-exposed": FAILED,
    "team-locked": FAILED,
    "team-unwritable": FAILED,
    "usage-damaged": FAILED,
    "usage-exposed": FAILED,
    "usage-newer": FAILED,
    "usage-unwritable": FAILED,
    "known-boxes-damaged": FAILED,
    "known-boxes-exposed": FAILED,
    "known-boxes-locked": FAILED,
    "known-boxes-unwritable": FAILED,
    "protocol": FAILED,
}

_BY_CLASS: tuple[tuple[type[P2clawError], int], ...] = (
    (UsageError, USAGE),
    (LinkError, UNREACHABLE),
    (RefusedError, UNREACHABLE),
    (P2clawError, FAILED),
)


def exit_code_of(error: P2clawError) -> int:
    """The exit code that an error ends the program with."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    return next(code for kind, code in _BY_CLASS if isinstance(error, kind))
