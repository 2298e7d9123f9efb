"""The result of a check of the doctor."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass

from p2claw.errors import P2clawError

# Of an error that has no hint of its own.
AGAIN = "Try again; if it stays so, look at the logs of the agent and of the server"


class Level(enum.StrEnum):
    OK = "ok"
    WARN = "warn"
    """It works, or will once something else is done; worth knowing."""
    FAIL = "fail"
    """It does not work until somebody acts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. advice: what to do, or "". took_ms: of a step that takes time."""

    check: str
    level: Level
    text: str
    advice: str = ""
    took_ms: float | None = None

    def facts(self) -> dict[str, str | float | None]:
        return asdict(self)


def ok(check: str, text: str) -> Finding:
    return Finding(check, Level.OK, text)


def warn(check: str, text: str, advice: str) -> Finding:
    return Finding(check, Level.WARN, text, advice)


def fail(check: str, text: str, advice: str) -> Finding:
    return Finding(check, Level.FAIL, text, advice)


def failed(check: str, error: P2clawError) -> Finding:
    """The finding for an error."""
    return Finding(check, Level.FAIL, f"{error.message} ({error.code})", error.hint or AGAIN)
