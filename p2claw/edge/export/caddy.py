"""The site as a Caddyfile."""

from __future__ import annotations

from pathlib import Path

from p2claw.edge import texts
from p2claw.edge.export.site import FORM_PATH, HOST, Served, Site
from p2claw.edge.kinds import ASSETS_PATH, PREFIX


def caddy_text(site: Site, folder: Path) -> str:
    """The Caddyfile. folder: where the site's files are on that machine."""
    place = site.place
    address = f"{place.scheme}://*.{place.parent}{place.port_suffix}"
    pages = "".join(_page(page) for page in site.pages)
    shell = site.shell
    # A wildcard's certificate needs the DNS provider, or is there already.
    tls = (
        "\ttls /etc/ssl/p2claw/chain.pem /etc/ssl/p2claw/key.pem\n"
        if place.scheme == "https"
        else ""
    )
    return f"""{address} {{
{tls}	root * {_quoted(str(folder))}
	header -Server
	@worker header Service-Worker script
	@page {{
		header Sec-Fetch-Mode navigate
		header_regexp Sec-Fetch-Dest ^(document|iframe|frame)$
		not header Range *
	}}
	@older {{
		not header Sec-Fetch-Mode *
		not header Sec-Fetch-Dest *
		not header Range *
		header_regexp Accept (?i)text/html
	}}
	@embedded {{
		header Sec-Fetch-Site same-origin
		header_regexp Sec-Fetch-Dest ^(object|embed)$
	}}
	@read method GET HEAD
	route {{
{pages}		handle {ASSETS_PATH}* {{
			@there file
			handle @there {{
{_fields(site.asset_fields, 4)}				@script path *.js
				header @script Content-Type "text/javascript; charset=utf-8"
				file_server {{
					precompressed br gzip
				}}
			}}
			handle {{
{_refusal(site, texts.NOT_FOUND, 404, 4)}			}}
		}}
		handle {PREFIX}* {{
{_refusal(site, texts.NOT_FOUND, 404, 3)}		}}
		handle @worker {{
{_refusal(site, texts.FOREIGN_WORKER, 404, 3)}		}}
{_opened(site, "@page", shell)}{_opened(site, "@older", shell)}		handle @embedded {{
{_refusal(site, "", 200, 3, "text/html; charset=utf-8")}		}}
		handle /favicon.ico {{
{_refusal(site, texts.NOT_FOUND, 404, 3)}		}}
		handle {{
{_refusal(site, texts.RESOURCE, 503, 3)}		}}
	}}
}}
"""


def _page(page: Served) -> str:
    return f"""		handle {page.path} {{
{_file(page, 3)}		}}
"""


def _opened(site: Site, matcher: str, shell: Served) -> str:
    """A page of the app is opened: the shell, unless it is a form that nobody waits for."""
    return f"""		handle {matcher} {{
			handle @read {{
{_file(shell, 4)}			}}
			handle {{
{_fields(site.refusal, 4)}				header Allow "GET, HEAD"
				header Content-Type "text/html; charset=utf-8"
				rewrite * {FORM_PATH}
				file_server {{
					status 405
				}}
			}}
		}}
"""


def _file(page: Served, depth: int) -> str:
    tabs = "\t" * depth
    return f"""{_fields(page.fields, depth)}{tabs}header Content-Type "{page.content_type}"
{tabs}rewrite * {page.file}
{tabs}file_server {{
{tabs}	precompressed br gzip
{tabs}}}
"""


def _refusal(
    site: Site, text: str, status: int, depth: int, kind: str = "text/plain; charset=utf-8"
) -> str:
    tabs = "\t" * depth
    return (
        f"{_fields(site.refusal, depth)}{tabs}header Content-Type {_quoted(kind)}\n"
        f"{tabs}respond {_quoted(text)} {status}\n"
    )


def _fields(fields: dict[str, str], depth: int) -> str:
    shown = {name: value.replace(HOST, "{host}") for name, value in fields.items()}
    tabs = "\t" * depth
    return "".join(f"{tabs}header {name} {_quoted(value)}\n" for name, value in shown.items())


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
