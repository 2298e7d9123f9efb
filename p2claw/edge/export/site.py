"""What is served under the hosts of apps, as paths, files and fields: the same for every server.

HOST stands for the name that the visitor opened; each kind of server has its own word for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from p2claw.content_codings import PACKED
from p2claw.edge import headers, texts
from p2claw.edge.bootstrap import Bootstrap, StaticFile
from p2claw.edge.kinds import (
    ASSETS_PATH,
    LICENCES_PATH,
    OPAQUE_PATH,
    RESET_PATH,
    SHELL_PATH,
    SIBLING_PATH,
    WORKER_PATH,
)

HOST = "@host@"
FORM_PATH = "/__p2claw/form.html"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the export is served. coordinator: an origin. port: of the hosts of apps."""

    parent: str
    scheme: str
    port: int
    coordinator: str

    @property
    def port_suffix(self) -> str:
        """`:8443`, or "" if the scheme has it already."""
        return "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"


@dataclass(frozen=True, slots=True)
class Served:
    """One path: its file below the folder of the site, its type, and its fields."""

    path: str
    file: str
    content_type: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Site:
    """Everything. pages: the shell first. refusal: the fields of what is no file."""

    place: Place
    pages: tuple[Served, ...]
    asset_fields: dict[str, str]
    refusal: dict[str, str]

    @property
    def shell(self) -> Served:
        return self.pages[0]


def write_site(bootstrap: Bootstrap, place: Place, folder: Path) -> Site:
    """Write the files below a folder, and return how they are to be served."""
    hashes = bootstrap.style_hashes, bootstrap.script_hashes
    host = HOST + place.port_suffix
    shell = headers.shell_headers(place.scheme, host, *hashes, place.coordinator)
    sibling = headers.sibling_headers(
        place.scheme, host, place.parent, *hashes, coordinator=place.coordinator
    )
    pages = (
        (SHELL_PATH, SHELL_PATH, bootstrap.shell, shell),
        (SIBLING_PATH, f"{SIBLING_PATH}.html", bootstrap.shell, sibling),
        (WORKER_PATH, WORKER_PATH, bootstrap.worker, headers.worker_headers()),
        (RESET_PATH, f"{RESET_PATH}.html", bootstrap.reset, _reset(bootstrap)),
        (LICENCES_PATH, LICENCES_PATH, bootstrap.licences, headers.licences_headers()),
        (OPAQUE_PATH, OPAQUE_PATH, _EMPTY, headers.opaque_headers()),
    )
    for _, path, file, _ in pages:
        _write(folder, path, file)
    for name, asset in bootstrap.assets.items():
        _write(folder, ASSETS_PATH + name, asset)
    (folder / FORM_PATH[1:]).write_text(texts.FORM)
    # For servers that can do no more than to send one page for whatever is no file.
    _write(folder, "/index.html", bootstrap.shell)
    served = tuple(
        Served(path, file, content.content_type, fields) for path, file, content, fields in pages
    )
    return Site(place, served, headers.asset_headers(), headers.refusal_headers())


def _reset(bootstrap: Bootstrap) -> dict[str, str]:
    return headers.reset_headers(bootstrap.reset_hashes)


def _write(folder: Path, path: str, file: StaticFile) -> None:
    target = folder / path.removeprefix("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.bodies[""])
    for coding, suffix in PACKED:
        if coding in file.bodies:
            target.with_name(target.name + suffix).write_bytes(file.bodies[coding])


_EMPTY = StaticFile("application/octet-stream", "", {"": b""})
