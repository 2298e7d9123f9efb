"""What a shell completes arguments with: the apps and the coordinators of this box.

A shell asks in the middle of a line, so nothing here fails: what cannot be read is not offered.
"""

from __future__ import annotations

import click

from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.config import AgentConfig
from p2claw.errors import P2clawError


def apps(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """The names of exposed apps that begin so."""
    from p2claw.agent.home.routes import RouteFile  # only here: others complete coordinators

    try:
        return [app for app in RouteFile(AgentConfig().routes_path).load() if app.startswith(begun)]
    except P2clawError:
        return []


def coordinators(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """The joined coordinators that begin so."""
    try:
        urls = CoordinatorFile(AgentConfig().coordinators_path).load().urls
    except P2clawError:
        return []
    return [url for url in urls if url.startswith(begun)]
