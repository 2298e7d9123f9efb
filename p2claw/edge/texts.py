"""The texts of the edge: one line for programs, one small page for people."""

from __future__ import annotations

RESOURCE = (
    "This address is an app on somebody's own machine. It is reached by a browser that opened its"
    " page, or by `p2claw fetch`.\n"
)
FOREIGN_WORKER = "Only the service worker of p2claw may run here.\n"
NOT_FOUND = "There is nothing here.\n"
METHOD = "This is only read.\n"

FORM = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Open the address first</title>
<h1>Open the address first</h1>
<p>A form was sent to an app that this browser has not opened yet.
Nothing of it was read or kept.</p>
<p><a href="/">Open the app</a>, then send the form again.</p>
</html>
"""


def misdirected(example: str) -> str:
    """For a host that is not under the parent."""
    return f"Nothing is served under this name. Apps are at {example}\n"
