"""`team.json`: the boxes that may respond for the names of this one, by their peer ids."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from p2claw.errors import UsageError
from p2claw.locked_file import LockedFile
from p2claw.names import PEER_ID
from p2claw.units import KIB
from p2claw.wire.signalling.field_types import DELEGATIONS

VERSION = 1
FILE_BYTES = 16 * KIB

_MEND = "Mend the file, or remove it and invite the members again; until then nobody is in the team"


class TeamFile:
    """The file `team.json`. All methods block on the disk."""

    def __init__(self, path: Path) -> None:
        self._file = LockedFile(path, "team", FILE_BYTES, _MEND)

    def load(self) -> tuple[str, ...] | None:
        """The members; None: there never was a team.

        Raises UsageError `team-exposed`, `team-damaged`.
        """
        content = self._file.read()
        if content is None:
            return None
        document = self._file.parse(content)
        if not isinstance(document, dict) or document.keys() != {"version", "members"}:
            raise self._file.damaged('it is not {"version": 1, "members": […]}')
        members = document["members"]
        if document["version"] != VERSION or not isinstance(members, list):
            raise self._file.damaged(f"it is not of version {VERSION}")
        if len(members) > DELEGATIONS or not all(
            isinstance(one, str) and PEER_ID.fullmatch(one) for one in members
        ):
            raise self._file.damaged(f'"members" is not a list of at most {DELEGATIONS} peer ids')
        return tuple(members)

    def add(self, peer_id: str) -> None:
        """Raises UsageError, `team-full` above DELEGATIONS."""

        def change(members: tuple[str, ...]) -> tuple[str, ...]:
            if peer_id in members:
                return members
            if len(members) >= DELEGATIONS:
                raise UsageError(
                    f"A team has at most {DELEGATIONS} boxes beside its founder",
                    code="team-full",
                    hint="`p2claw team remove PEER_ID` makes room",
                )
            return (*members, peer_id)

        self._change(change)

    def remove(self, peer_id: str) -> None:
        """Raises UsageError `team-not-invited` if it is not in the team."""

        def change(members: tuple[str, ...]) -> tuple[str, ...]:
            if peer_id not in members:
                raise UsageError(
                    f"{peer_id} is not in the team of this box",
                    code="team-not-invited",
                    hint="`p2claw team list` shows who is",
                )
            return tuple(one for one in members if one != peer_id)

        self._change(change)

    def _change(self, change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        with self._file.changing():
            before = self.load() or ()
            after = change(before)
            if after != before:
                document = {"version": VERSION, "members": list(after)}
                self._file.write((json.dumps(document, indent=2) + "\n").encode())
