"""The site as a configuration of nginx: to be included in its `http` block."""

from __future__ import annotations

from pathlib import Path

from p2claw.edge import texts
from p2claw.edge.export.site import FORM_PATH, HOST, Served, Site
from p2claw.edge.kinds import ASSETS_PATH, PREFIX

_EMPTY_PATH = f"{PREFIX}empty"

# What a request is, in the order of edge/kinds.py. A range is the rest of a file that is saved.
_MAPS = r"""# Which kind of request it is: a page, what a page loads, or a form.
map $http_accept $p2claw_older { "~*text/html" page; default resource; }
map $http_sec_fetch_site $p2claw_inner { same-origin embedded; default resource; }
map "$http_service_worker|$http_range" $p2claw_may {
    "|" "page";
    "~*^script\|" "worker";
    default "part";
}
map "$p2claw_may|$http_sec_fetch_mode|$http_sec_fetch_dest" $p2claw_kind {
    default resource;
    "~^worker" worker;
    "~^page\|navigate\|(document|iframe|frame)$" page;
    "page||" $p2claw_older;
    "~\|(object|embed)$" $p2claw_inner;
}
map "$p2claw_kind $request_method" $p2claw_does {
    default $p2claw_kind;
    "~^page (GET|HEAD)$" page;
    "~^page " form;
}
"""


def nginx_text(site: Site, folder: Path) -> str:
    """The configuration. folder: where the site's files are on that machine."""
    place = site.place
    listen = f"{place.port}{' ssl' if place.scheme == 'https' else ''}"
    certificate = (
        "    ssl_certificate /etc/ssl/p2claw/chain.pem;\n"
        "    ssl_certificate_key /etc/ssl/p2claw/key.pem;\n"
        if place.scheme == "https"
        else ""
    )
    locations = "".join(_location(page) for page in site.pages)
    return f"""{_MAPS}server {{
    listen {listen};
    server_name *.{place.parent};
{certificate}    root {_quoted(str(folder))};
    server_tokens off;
    large_client_header_buffers 4 132k;  # the longest URL of an app, on a first visit
    gzip_static on;
    types {{ text/javascript js; text/plain txt; text/html html; }}
    default_type application/octet-stream;
{locations}    location {ASSETS_PATH} {{
        charset utf-8;
        charset_types text/javascript;
{_fields(site.asset_fields)}        try_files $uri @missing;
    }}
    location {PREFIX} {{
        types {{ }}
        default_type "text/plain; charset=utf-8";
{_fields(site.refusal)}        return 404 {_quoted(texts.NOT_FOUND)};
    }}
    location = {FORM_PATH} {{
        internal;
        charset utf-8;
        add_header Allow "GET, HEAD" always;
{_fields(site.refusal)}    }}
    location @missing {{
        types {{ }}
        default_type "text/plain; charset=utf-8";
{_fields(site.refusal)}        return 404 {_quoted(texts.NOT_FOUND)};
    }}
    error_page 405 {FORM_PATH};
    location = {_EMPTY_PATH} {{
        internal;
        types {{ }}
        default_type "text/html; charset=utf-8";
{_fields(site.refusal)}        return 200;
    }}
    location / {{
        types {{ }}
        default_type "text/plain; charset=utf-8";
{_fields(site.refusal)}        if ($p2claw_does = page) {{ rewrite ^ {site.shell.path} last; }}
        if ($p2claw_does = form) {{ return 405; }}
        if ($p2claw_does = worker) {{ return 404 {_quoted(texts.FOREIGN_WORKER)}; }}
        if ($uri = /favicon.ico) {{ return 404 {_quoted(texts.NOT_FOUND)}; }}
        if ($p2claw_does = embedded) {{ rewrite ^ {_EMPTY_PATH} last; }}
        return 503 {_quoted(texts.RESOURCE)};
    }}
}}
"""


def _location(page: Served) -> str:
    return f"""    location = {page.path} {{
        types {{ }}
        default_type "{page.content_type}";
{_fields(page.fields)}        try_files {page.file} =404;
    }}
"""


def _fields(fields: dict[str, str]) -> str:
    shown = {name: value.replace(HOST, "$host") for name, value in fields.items()}
    return "".join(
        f"        add_header {name} {_quoted(value)} always;\n" for name, value in shown.items()
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
