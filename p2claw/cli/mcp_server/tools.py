"""The tools that a coding agent gets. Each is a verb, so what it may do is what its owner may.

No tool has to do with passwords: a text that a coding agent has read is no secret any more.
"""

from __future__ import annotations

from typing import Any, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from p2claw.cli.mcp_server.verb import VerbError, run_verb

# So much of a page is shown; the rest is for `p2claw fetch`.
SHOWN_CHARS = 20_000

_INSTRUCTIONS = (
    "p2claw gives a web app or a folder on this machine a permanent public URL, straight to the"
    " browser. Start the app first, expose it, and look at `verified`: what a visitor sees."
    " Whatever is exposed without `access` is open to everybody who has the URL: ask your user"
    " before you expose something that was not asked for. If something does not work, use `check`."
)
_LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_CHANGES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
_ENDS = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)

Access = Literal["everybody", "unlisted", "invited"]


def server(*, read_only: bool) -> MCPServer[Any]:
    """The server, which `run` serves. read_only: without the tools that change something."""
    made: MCPServer[Any] = MCPServer("p2claw", instructions=_INSTRUCTIONS, log_level="WARNING")
    for tool in (list_apps, list_visitors, visit, check):
        made.tool(annotations=_LOOKS)(tool)
    if not read_only:
        made.tool(annotations=_CHANGES)(expose)
        made.tool(annotations=_CHANGES)(invite)
        made.tool(annotations=_ENDS)(unexpose)
    return made


def described(*, read_only: bool) -> dict[str, Any]:
    """What there is, for `p2claw mcp --json`."""
    looks = {tool.__name__: tool.__doc__ for tool in (list_apps, list_visitors, visit, check)}
    changes = {tool.__name__: tool.__doc__ for tool in (expose, invite, unexpose)}
    tools = looks if read_only else {**looks, **changes}
    words = ["mcp", "--read-only"] if read_only else ["mcp"]
    return {
        "tools": [{"name": name, "summary": _first(text)} for name, text in tools.items()],
        "configuration": {"mcpServers": {"p2claw": {"command": "p2claw", "args": words}}},
    }


async def expose(
    name: str, upstream: str, access: Access = "everybody", spa: bool = False
) -> dict[str, Any]:
    """Give a web app or a folder on this machine a public URL that stays.

    name: of the app, a-z 0-9 and hyphens, part of the URL. upstream: a port ("3000"),
    "http://localhost:3000", "unix:/path", or the absolute path of a folder. access: "everybody" who
    has the URL, "unlisted" (the same, but nobody can guess the URL), or "invited" (use `invite`
    then); an app that its owner has guarded stays guarded. spa: of a folder: its index.html serves
    all paths. Returns the URL, and in `verified` what a visitor sees: reached, status, title,
    warnings, ok.
    """
    more = [] if access == "everybody" else [f"--{access}"]
    if spa:
        more.append("--spa")
    return await _asked("expose", *more, "--no-qr", "--verify", "--", name, upstream)


async def unexpose(name: str) -> dict[str, Any]:
    """Stop exposing an app, and end its invitations. What visitors have under way ends."""
    return await _asked("unexpose", "--", name)


async def invite(
    app: str, for_whom: str = "guest", hours: int = 24, uses: int = 5
) -> dict[str, Any]:
    """Make a link that lets visitors into an app that was exposed with access "invited"."""
    return await _asked(
        *("invite-visitor", f"--for={hours}h", f"--uses={uses}", f"--name={for_whom}", "--", app)
    )


async def list_apps() -> dict[str, Any]:
    """The apps of this box: name, upstream, URL, who may enter; and whether its agent runs."""
    return await _asked("routes")


async def list_visitors() -> dict[str, Any]:
    """Who is visiting now: app, path (direct or relayed), round trip, bytes."""
    return await _asked("sessions")


async def visit(url: str) -> dict[str, Any]:
    """Visit a URL of an app as a browser would: status, fields, timings, and a body of text.

    Redirects are not followed, and no script is run.
    """
    seen = await _asked("fetch", "--", url)
    body = seen.get("body")
    if isinstance(body, str) and len(body) > SHOWN_CHARS:
        seen = {**seen, "body": body[:SHOWN_CHARS], "body_cut_at_chars": SHOWN_CHARS}
    return seen


async def check() -> dict[str, Any]:
    """Find out what keeps apps from being reached: each check, and what to do about it."""
    return await _asked("doctor")


async def _asked(*words: str) -> dict[str, Any]:
    try:
        found = await run_verb(*words)
    except VerbError as error:
        raise ToolError(str(error)) from None
    return found if isinstance(found, dict) else {"found": found}


def _first(text: str | None) -> str:
    return (text or "").partition("\n")[0]
