"""Asks the server that runs on this machine, over the socket beside its database."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.server_settings import data_folder
from p2claw.errors import P2clawError

SOCKET = "server.sock"


def ask_server(context: click.Context, method: str, path: str, body: object = None) -> Any:
    """The JSON of the response. context: of a verb below `p2claw server`, whose options it has.

    Raises P2clawError `server-not-running`, `server-silent`, or the server's error.
    """
    socket = data_dir(context) / SOCKET
    try:
        return AgentClient(socket).ask(method, path, body)
    except P2clawError as error:
        if error.code == "agent-not-running":
            raise P2clawError(
                f"No server runs with its data in {socket.parent}",
                code="server-not-running",
                hint="Start it; or name its file of options before the verb: "
                "p2claw server --config FILE boxes",
            ) from None
        if error.code == "agent-silent":
            raise P2clawError(
                f"The server at {socket} cannot be asked",
                code="server-silent",
                hint="Ask as the user who runs it, or as root",
            ) from None
        raise


def box_path(kind: str, box: str) -> str:
    """The path of a box. box: alias, key alias or peer id, as it was typed."""
    return f"/v1/{kind}/{quote(box, safe='') or '%20'}"


def data_dir(context: click.Context) -> Path:
    """The folder of the server's database."""
    above = context.parent
    assert above is not None, "these verbs stand below `p2claw server`"
    return data_folder(above.params)
