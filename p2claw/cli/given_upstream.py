"""What a person gives as an upstream: an address, or the path of a folder as a shell knows it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from p2claw.agent.upstream.address import UpstreamAddress, parse_upstream
from p2claw.agent.upstream.tls import certificate_of
from p2claw.errors import UsageError

_PATHS = (".", "/", "~")


def given_upstream(text: str, *, spa: bool = False) -> UpstreamAddress:
    """An upstream, with the certificate that it shows now, if it is https.

    Digits alone are a port; `./3000` is a folder.
    Raises UsageError: of `parse_upstream`, `folder-missing`, `folder-unreadable`, `spa-no-folder`.
    """
    if text.isdigit() or not (text.startswith(_PATHS) or Path(text).is_dir()):
        address = parse_upstream(text)
    else:
        address = parse_upstream(f"folder:{_absolute(text)}")
    if address.folder:
        _check_folder(Path(address.folder))
        return replace(address, spa=spa)
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
