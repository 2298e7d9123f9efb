"""What a person gives as an upstream: an address, or the path of a folder as a shell knows it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from p2claw.agent.upstream.address import UpstreamAddress, Writable, parse_upstream
from p2claw.agent.upstream.tls import certificate_of
from p2claw.errors import UsageError

_PATHS = (".", "/", "~")


def given_upstream(
    text: str, *, spa: bool = False, writable: bool = False, overwrite: bool = False
) -> UpstreamAddress:
    """An upstream, with the certificate that it shows now, if it is https.

    Digits alone are a port; `./3000` is a folder.
    Raises UsageError: of `parse_upstream`, `folder-missing`, `folder-unreadable`, `spa-no-folder`,
    `writable-no-folder`, `writable-spa`, `folder-read-only`.
    """
    if overwrite and not writable:
        raise UsageError(
            "--overwrite allows more than --writable does, and is given with it",
            code="writable-no-folder",
        )
    if writable and spa:
        raise UsageError(
            "--writable and --spa exclude each other: visitors add files in a list",
            code="writable-spa",
        )
    if text.isdigit() or not (text.startswith(_PATHS) or Path(text).is_dir()):
        address = parse_upstream(text)
    else:
        address = parse_upstream(f"folder:{_absolute(text)}")
    if address.folder:
        _check_folder(Path(address.folder))
        if writable and not os.access(address.folder, os.W_OK):
            raise UsageError(
                f"Nothing can be written to {address.folder}",
                code="folder-read-only",
                hint="The agent writes as the user that it runs as: change the permissions",
            )
        kind: Writable = "replace" if overwrite else "add" if writable else ""
        return replace(address, spa=spa, writable=kind)
    if writable:
        raise UsageError(
            f"{text} is no folder, and only to a folder visitors can add files",
            code="writable-no-folder",
            hint="Leave --writable away, or give a folder",
        )
    if spa:
        raise UsageError(
            f"{text} is no folder, and only a folder has one page for all paths",
            code="spa-no-folder",
            hint="Leave --spa away, or give the folder that the app was built into",
        )
    return replace(address, certificate=certificate_of(address)) if address.secure else address


def _absolute(text: str) -> Path:
    """From the root, without `..`; links stay, so that `current` may be switched later."""
    return Path(os.path.normpath(Path.cwd() / Path(text).expanduser()))


def _check_folder(folder: Path) -> None:
    if folder.is_file():
        raise UsageError(
            f"{folder} is a file",
            code="folder-missing",
            hint=f"Give the folder that it is in: {folder.parent}",
        )
    if not folder.is_dir():
        raise UsageError(
            f"There is no folder {folder}",
            code="folder-missing",
            hint="Give a folder that exists, or a port (3000)",
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError(
            f"{folder} cannot be read",
            code="folder-unreadable",
            hint="The agent serves it as the user that it runs as: change the permissions",
        )
