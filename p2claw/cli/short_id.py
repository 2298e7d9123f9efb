"""The ids of sessions and invitations as an owner types them: their first digits will do."""

from __future__ import annotations

import re

from p2claw.errors import UsageError

_ID = re.compile(r"[0-9a-f]{1,64}")


def check_short_id(text: str, *, of: str, code: str, listed_by: str) -> None:
    """Returns if it can be one. of: what it is the id of. Raises UsageError of this code."""
    if not _ID.fullmatch(text):
        raise UsageError(
            f"{text!r} is not the id of {of}", code=code, hint=f"`{listed_by}` shows the ids"
        )
