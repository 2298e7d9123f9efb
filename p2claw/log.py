"""Writes log lines: a fixed lower-case phrase, then facts as key=value; as text or as JSON.

    log = get_log("agent")
    log.info("link open", session="4f21", app="dog", path="direct")

    2026-01-31T12:00:00.000Z info agent link open session=4f21 app=dog path=direct

What may be logged at which level is in docs/OPERATIONS.md; nothing here hides a secret.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from p2claw.errors import UsageError

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")

_ROOT = "p2claw"
_FACTS = "p2claw_facts"

# Libraries speak up only when something is wrong; their debug lines would carry SDP and addresses.
_LIBRARIES = ("aioice", "aiohttp", "aiohttp.access", "asyncio")


class Log:
    """The log of one area: `agent`, `link`, `coordinator`, `edge` …"""

    __slots__ = ("_logger",)

    def __init__(self, area: str) -> None:
        self._logger = logging.getLogger(f"{_ROOT}.{area}")

    def debug(self, phrase: str, /, **facts: object) -> None:
        """A step inside one link; off by default."""
        self._write(logging.DEBUG, phrase, facts)

    def info(self, phrase: str, /, **facts: object) -> None:
        """A life event of a link, a box or an app."""
        self._write(logging.INFO, phrase, facts)

    def warning(self, phrase: str, /, **facts: object) -> None:
        """Something is wrong that heals by itself, or that the owner should look at."""
        self._write(logging.WARNING, phrase, facts)

    def error(self, phrase: str, /, **facts: object) -> None:
        """Something does not work until somebody acts."""
        self._write(logging.ERROR, phrase, facts)

    def fault(self, phrase: str, error: BaseException, /, **facts: object) -> None:
        """A mistake in our own code: the one line that carries a stack trace."""
        self._write(logging.ERROR, phrase, {**facts, "error": repr(error)}, error)

    def _write(
        self, level: int, phrase: str, facts: dict[str, object], error: BaseException | None = None
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", phrase, extra={_FACTS: facts}, exc_info=error)


def get_log(area: str) -> Log:
    """The log of an area; cheap, made once per module."""
    return Log(area)


def configure(
    *,
    level: str = "info",
    form: str = "text",
    stream: TextIO | None = None,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Send all lines to stream (standard error). Called once, by a program, never by a library.

    facts: which every line has, after its own.
    Raises UsageError `log-level-invalid` or `log-format-invalid`.
    """
    if level not in LEVELS:
        raise UsageError(
            f"{level!r} is not a log level",
            code="log-level-invalid",
            hint=f"Use one of {', '.join(LEVELS)}",
        )
    if form not in FORMATS:
        raise UsageError(
            f"{form!r} is not a log format",
            code="log-format-invalid",
            hint=f"Use one of {', '.join(FORMATS)}",
        )
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    if facts:
        handler.addFilter(_Adding(facts))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_ROOT).setLevel(level.upper())
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def configured() -> tuple[str, str]:
    """Level and format as they are now, for a process that we start."""
    level = logging.getLevelName(logging.getLogger(_ROOT).getEffectiveLevel()).lower()
    handlers = logging.getLogger().handlers
    as_json = bool(handlers) and isinstance(handlers[0].formatter, JsonFormatter)
    return (level if level in LEVELS else "info"), ("json" if as_json else "text")


class TextFormatter(logging.Formatter):
    """One line of text per record; a stack trace, where there is one, on lines below it."""

    def format(self, record: logging.LogRecord) -> str:
        words = [_time_of(record), record.levelname.lower(), _area_of(record)]
        words.append(_one_line(record.getMessage()))
        words += [f"{key}={_text_of(value)}" for key, value in _facts_of(record).items()]
        line = " ".join(words)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object per record; the facts stand beside `time`, `level`, `area`, `event`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "area": _area_of(record),
            "event": record.getMessage(),
        }
        for key, value in _facts_of(record).items():
            line[f"{key}_" if key in line else key] = value
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class _Adding(logging.Filter):
    """Lets every record through, with further facts."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        super().__init__()
        self._more = facts

    def filter(self, record: logging.LogRecord) -> bool:
        setattr(record, _FACTS, {**_facts_of(record), **self._more})
        return True


def _facts_of(record: logging.LogRecord) -> dict[str, object]:
    facts: dict[str, object] = getattr(record, _FACTS, {})
    return facts


def _time_of(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _area_of(record: logging.LogRecord) -> str:
    return record.name.removeprefix(f"{_ROOT}.")


def _text_of(value: object) -> str:
    """A value as one word: quoted, JSON-like, where blanks or control characters would split it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    plain = text.isprintable() and text and not any(mark in text for mark in ' "=')
    return text if plain else json.dumps(text)


def _one_line(text: str) -> str:
    """Text of a library, kept from forging a line of its own."""
    return text if text.isprintable() else json.dumps(text)
