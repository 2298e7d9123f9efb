"""The first page of the documents, and the order of all others."""

from __future__ import annotations

INTRODUCTION = """# p2claw

A permanent URL for any web app on your own machine, straight to the browser.

```sh
p2claw share 3000         # the URL of localhost:3000, for as long as this runs
p2claw share ./photos     # a folder, as a list with a viewer
```
"""
# From heading to pages with a line for each.
CONTENTS = {
    "Begin": {
        "README": "what it does, and what an app cannot have",
        "docs/guides/README": "five minutes each",
    },
    "Use": {
        "commands": "every verb and its options, as on the man page",
        "docs/OPERATIONS": "boxes and servers: options, files, limits, logs, what to do when",
        "docs/ACCESS": "passwords, invitations and logins for an app",
        "docs/FOLDERS": "lists, the viewer, uploads",
        "docs/METRICS": "figures for Prometheus",
        "docs/CODING_AGENTS": "for agents that show what they build",
        "contrib/p2claw/README": "server, Caddy and coturn by Docker Compose",
        "contrib/kubernetes/README": "manifests for a cluster",
        "docs/RUNBOOK": "what to do at each alert",
        "docs/ECONOMICS": "what visits and boxes cost",
        "errors/index": "each code, what it means, and what to do",
    },
    "Understand": {
        "docs/ARCHITECTURE": "the parts, where they are, and what words mean",
        "docs/READING": "the code in an hour",
        "docs/WIRE": "every byte between the parts",
        "docs/BROWSER": "how an app comes to believe that it is an ordinary site",
        "docs/DATAPLANE": "how bytes leave and enter a box",
        "docs/THREAT_MODEL": "who could do what, and what is against it",
        "docs/decisions/README": "why it is so, with what was measured",
        "SECURITY": "where to report what is wrong",
    },
    "Change": {
        "CONTRIBUTING": "building, testing, and how the code reads",
        "docs/RELEASING": "what a release has, how it is checked, and what has run where",
        "CHANGELOG": "what is new",
    },
}


def index() -> str:
    """The first page: every other one with a line about it."""
    parts = [INTRODUCTION]
    for heading, pages in CONTENTS.items():
        parts.append(f"## {heading}\n")
        parts += [f"- [](/{page}.md): {line}" for page, line in pages.items()]
        parts.append(f"\n{tree(*pages, caption=heading)}")
    return "\n".join(parts)


def tree(*pages: str, caption: str = "", glob: bool = False) -> str:
    """What makes the list at the side of each page, and the links to the pages before and after."""
    words = [":hidden:", *([f":caption: {caption}"] if caption else []), *([":glob:"] * glob)]
    return "\n".join(["```{toctree}", *words, "", *pages, "```", ""])
