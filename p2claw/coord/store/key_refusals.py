"""Why the store refuses a change of a key, whichever database it is in."""

from __future__ import annotations

from typing import Final

from p2claw.errors import RefusedError
from p2claw.names import peer_id_of

# Of one box, for ever: a visitor gets all of them, in one message.
MOST_KEY_CHANGES: Final = 64


def key_replaced(present: bytes) -> RefusedError:
    """A key is none of a box any more. present: the key that the box has now."""
    return RefusedError(
        "The box of this key has another key now, and this one is good for nothing more",
        code="key-replaced",
        hint=f"Its key is {peer_id_of(present)}. If nobody of yours has changed it, see "
        "docs/guides/lost-box.md",
    )


def key_known() -> RefusedError:
    """A key was to follow another, and is one of a box already."""
    return RefusedError(
        "The new key is known here as the key of another box",
        code="key-known",
        hint="A new key is made by `p2claw identity rotate`, and is used by one box alone",
    )


def backup_unknown() -> RefusedError:
    """A backup key that is not, or not any more, the one of the box."""
    return RefusedError(
        "This backup key is not the one of the box",
        code="backup-unknown",
        hint="It was withdrawn or replaced, or the box never registered it here",
    )


def backup_known() -> RefusedError:
    """A backup key that another box has."""
    return RefusedError(
        "Another box has this backup key",
        code="backup-known",
        hint="`p2claw identity backup` makes one for each box",
    )


def check_room(number: int) -> None:
    """Raises RefusedError `key-changes-used-up`. number: of the change."""
    if number > MOST_KEY_CHANGES:
        raise RefusedError(
            f"A box changes its key {MOST_KEY_CHANGES} times at most",
            code="key-changes-used-up",
            hint="Move the key away: a new one is a new box, with a new alias",
        )
