"""The site for two CDNs that serve a folder: Cloudflare Pages (`_headers`) and Vercel.

A `_headers` file cannot look at a request, so there every path that is no file is the shell, also
what a page would load: a browser takes it for nothing else, because of `nosniff`.
"""

from __future__ import annotations

import json
from typing import Any

from p2claw.edge.export.site import HOST, Site
from p2claw.edge.kinds import ASSETS_PATH, PREFIX


def pages_headers(site: Site) -> str:
    """`_headers` of Cloudflare Pages. A field of `/*` is taken away again where it does not belong:
    rules add up.
    """
    shell = _anywhere(site, site.shell.fields)
    shell["Content-Type"] = site.shell.content_type
    blocks = [_block("/*", shell, ())]
    for page in site.pages:
        fields = {**_anywhere(site, page.fields), "Content-Type": page.content_type}
        blocks.append(_block(page.path, fields, shell))
    blocks.append(_block(f"{ASSETS_PATH}*", site.asset_fields, shell))
    return "\n".join(blocks)


def _block(path: str, fields: dict[str, str], before: Any) -> str:
    lines = [path]
    lines += [f"  ! {name}" for name in before]
    lines += [f"  {name}: {value}" for name, value in fields.items()]
    return "\n".join(lines) + "\n"


def vercel_json(site: Site) -> str:
    """`vercel.json`: pages are rewritten to the shell, and nothing else is."""
    navigation = [
        {"type": "header", "key": "sec-fetch-mode", "value": "navigate"},
        {"type": "header", "key": "sec-fetch-dest", "value": "(document|iframe|frame)"},
    ]
    older = {
        "has": [{"type": "header", "key": "accept", "value": ".*text/html.*"}],
        "missing": [
            {"type": "header", "key": name}
            for name in ("sec-fetch-mode", "sec-fetch-dest", "range")
        ],
    }
    elsewhere = f"/((?!{PREFIX[1:]}).*)"
    rewrites: list[dict[str, Any]] = [
        {"source": page.path, "destination": page.file}
        for page in site.pages
        if page.path != page.file
    ]
    rewrites.append(
        {
            "source": elsewhere,
            "has": navigation,
            "missing": [{"type": "header", "key": "range"}],
            "destination": site.shell.file,
        }
    )
    rewrites.append({"source": elsewhere, **older, "destination": site.shell.file})
    rules = [(elsewhere, {**site.shell.fields, "Content-Type": site.shell.content_type})]
    rules += [
        (page.path, {**page.fields, "Content-Type": page.content_type}) for page in site.pages
    ]
    rules.append((f"{ASSETS_PATH}(.*)", site.asset_fields))
    return json.dumps(
        {
            "cleanUrls": False,
            "trailingSlash": False,
            "rewrites": rewrites,
            "headers": [
                {
                    "source": source,
                    "headers": [
                        {"key": name, "value": value}
                        for name, value in _anywhere(site, fields).items()
                    ],
                }
                for source, fields in rules
            ],
        },
        indent=2,
    )


def _anywhere(site: Site, fields: dict[str, str]) -> dict[str, str]:
    """Fields that do not depend on the host: its sockets are those of any app of the parent."""
    return {name: value.replace(HOST, f"*.{site.place.parent}") for name, value in fields.items()}
