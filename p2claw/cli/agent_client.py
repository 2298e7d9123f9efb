"""Asks the agent that runs on this box, over its unix socket: one request, one response.

Plain http.client, because a verb that asks once should not load an event loop. Even that takes a
tenth of what a verb takes: it is loaded once there is an agent to ask.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from p2claw.config import home_dir
from p2claw.errors import P2clawError, UsageError
from p2claw.system_errors import is_forbidden, reason_of

TIMEOUT_S = 10.0
RESPONSE_BYTES = 16 * 1024 * 1024


_HINT_SILENT = "Look at its log; stop it and start it again with `p2claw run`"
_HINT_FOREIGN = "Ask as the user whose it is, or name a home of your own with P2CLAW_HOME"


class _NotJsonError(Exception):
    """A response of the agent's that cannot be read."""


class AgentClient:
    """The local API of the agent whose socket is at path."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or home_dir() / "agent.sock"

    def running(self) -> bool:
        """Whether an agent listens there."""
        try:
            self._connect().close()
        except P2clawError as error:
            if error.code != "agent-not-running":
                raise
            return False
        return True

    def ask(
        self, method: str, path: str, body: object = None, *, timeout_s: float = TIMEOUT_S
    ) -> Any:
        """Send one request and return the JSON of the response.

        Raises P2clawError: `agent-not-running`, `agent-silent`, or the error of its response.
        """
        agent = self._connect()
        import http.client

        connection = http.client.HTTPConnection("agent", timeout=TIMEOUT_S)
        connection.sock = agent
        connection.sock.settimeout(timeout_s)
        try:
            content = None if body is None else json.dumps(body).encode()
            fields = {} if content is None else {"content-type": "application/json"}
            connection.request(method, path, content, fields)
            response = connection.getresponse()
            document = _parse(response.read(RESPONSE_BYTES))
        except (OSError, http.client.HTTPException, _NotJsonError) as error:
            raise P2clawError(
                f"The agent at {self._path} does not respond: {reason_of(error)}",
                code="agent-silent",
                hint=_HINT_SILENT,
            ) from None
        finally:
            connection.close()
        if response.status >= 400:
            raise _error_of(response.status, document)
        return document

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(str(self._path))
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            raise P2clawError(
                f"No agent runs on this box (nothing listens on {self._path})",
                code="agent-not-running",
                hint="Start it with `p2claw run`",
            ) from None
        except OSError as error:
            connection.close()
            raise P2clawError(
                f"The agent at {self._path} cannot be asked: {reason_of(error)}",
                code="agent-silent",
                hint=_HINT_FOREIGN if is_forbidden(error) else _HINT_SILENT,
            ) from None
        return connection


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise _NotJsonError("its response is not JSON") from None


def _error_of(status: int, document: Any) -> P2clawError:
    """The error of an agent's response: ours where it is below 500, else the agent's."""
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return P2clawError(f"The agent responded with {status}", code="agent-error")
    kind = UsageError if status < 500 else P2clawError
    return kind(
        str(error.get("message", f"The agent responded with {status}")),
        code=str(error.get("code", "agent-error")),
        hint=str(error.get("hint", "")),
    )
