"""The core: who may enter, until when, and what ends with what."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from p2claw.agent.access.ledger import (
    DAY_S,
    IDLE_S,
    LONGEST_S,
    SESSIONS_OF_APP,
    Guard,
    Ledger,
)
from p2claw.errors import UsageError

NOW = 1_800_000_000
_numbers = itertools.count()


def random() -> bytes:
    return next(_numbers).to_bytes(16, "big")


def ledger() -> Ledger:
    made = Ledger(b"k" * 32)
    made.guard("dog", Guard("hash"))
    made.guard("cat", Guard("other"))
    return made


def entered(made: Ledger, now: float = NOW, app: str = "dog") -> str:
    return made.enter_by_password(app, now, random())[1]


def invited(made: Ledger, *, uses: int = 2, for_s: int = 3_600) -> tuple[str, str]:
    one, token = made.invite("dog", "guests", uses, for_s, NOW, random())
    return one.id, token


def by_invitation(made: Ledger, token: str, now: float = NOW, app: str = "dog") -> str:
    """The token of a session, or a code."""
    found = made.enter_by_invitation(app, token, now, random())
    return found if isinstance(found, str) else found[1]


def test_who_has_entered_stays_while_it_comes_back() -> None:
    made = ledger()
    token = entered(made)
    for day in range(1, LONGEST_S // DAY_S):
        assert made.session_of("dog", token, NOW + day * DAY_S) is not None
    assert made.session_of("dog", token, NOW + LONGEST_S) is None


def test_who_stays_away_has_to_enter_again() -> None:
    made = ledger()
    token = entered(made)
    assert made.session_of("dog", token, NOW + IDLE_S) is None


def test_a_session_of_one_app_is_none_of_another() -> None:
    made = ledger()
    assert made.session_of("cat", entered(made), NOW) is None


def test_another_password_ends_sessions_by_the_old_one_and_no_others() -> None:
    made = ledger()
    by_password, of_cat = entered(made), entered(made, app="cat")
    guest = by_invitation(made, invited(made)[1])
    assert len(made.guard("dog", Guard("new"))) == 1
    assert made.session_of("dog", by_password, NOW) is None
    assert made.session_of("dog", guest, NOW) is not None
    assert made.session_of("cat", of_cat, NOW) is not None


def test_one_who_is_inside_is_listed_and_put_out_alone() -> None:
    made = ledger()
    first, second = entered(made), entered(made, NOW + 5)
    guest = by_invitation(made, invited(made)[1], NOW + 9)
    listed = made.inside(NOW + 10)
    assert [one.way for one in listed] == ["invitation", "password", "password"]
    gone, ended = made.end(listed[1].id[:8])
    assert ended == [gone.id] == [listed[1].id]
    held = [made.session_of("dog", token, NOW + 10) for token in (first, second, guest)]
    assert [one is not None for one in held] == [True, False, True]


def test_who_has_stayed_away_too_long_is_not_listed() -> None:
    made = ledger()
    entered(made)
    assert made.inside(NOW + IDLE_S) == []


def test_what_is_not_the_id_of_one_session_ends_none() -> None:
    made = ledger()
    sessions = [made.enter_by_password("dog", NOW, random())[0] for _ in range(64)]
    digits = Counter(one.id[0] for one in sessions)
    for id in ("", "nobody", digits.most_common(1)[0][0]):
        with pytest.raises(UsageError) as raised:
            made.end(id)
        assert raised.value.code == "session-unknown"
    assert len(made.inside(NOW)) == 64


def test_the_same_guard_again_ends_nothing() -> None:
    made = ledger()
    entered(made)
    assert made.guard("dog", Guard("hash")) == []


def test_an_invitation_lets_so_many_in_and_no_more() -> None:
    made = ledger()
    _, token = invited(made, uses=2)
    assert len({by_invitation(made, token), by_invitation(made, token)}) == 2
    assert by_invitation(made, token) == "invitation-used-up"


def test_an_invitation_ends_and_so_does_what_it_began() -> None:
    made = ledger()
    _, token = invited(made, for_s=3_600)
    session = by_invitation(made, token, NOW + 3_599)
    assert made.session_of("dog", session, NOW + 3_599) is not None
    assert made.session_of("dog", session, NOW + 3_600) is None
    assert by_invitation(made, token, NOW + 3_600) == "invitation-expired"


def test_revoking_ends_what_it_began_at_once() -> None:
    made = ledger()
    id, token = invited(made)
    session = by_invitation(made, token)
    gone, ended = made.revoke(id[:8])
    assert (gone.id, len(ended)) == (id, 1)
    assert made.session_of("dog", session, NOW) is None
    assert by_invitation(made, token) == "invitation-invalid"


@pytest.mark.parametrize("id", ["", "zz"])
def test_what_is_no_invitation_cannot_be_revoked(id: str) -> None:
    made = ledger()
    invited(made)
    with pytest.raises(UsageError) as raised:
        made.revoke(id)
    assert raised.value.code == "invitation-unknown"


def test_an_invitation_to_one_app_is_none_to_another() -> None:
    made = ledger()
    assert by_invitation(made, invited(made)[1], app="cat") == "invitation-invalid"


def test_nobody_is_invited_to_an_app_that_is_open() -> None:
    with pytest.raises(UsageError) as raised:
        ledger().invite("owl", "guests", 1, 3_600, NOW, random())
    assert raised.value.code == "app-not-guarded"


@pytest.mark.parametrize(
    "name, uses, for_s",
    [("", 1, 60), ("a\nb", 1, 60), ("ü", 1, 60), ("x" * 65, 1, 60), ("a", 0, 60), ("a", 1, 59)],
)
def test_an_invitation_that_cannot_be_is_an_error(name: str, uses: int, for_s: int) -> None:
    with pytest.raises(UsageError) as raised:
        ledger().invite("dog", name, uses, for_s, NOW, random())
    assert raised.value.code == "invitation-invalid"


def test_leaving_ends_the_session() -> None:
    made = ledger()
    token = entered(made)
    assert len(made.leave("dog", token, NOW)) == 1
    assert made.session_of("dog", token, NOW) is None


def test_an_app_that_is_open_again_forgets_all_of_it() -> None:
    made = ledger()
    token, (_, invitation) = entered(made), invited(made)
    assert len(made.forget("dog")) == 1
    made.guard("dog", Guard("hash"))
    assert made.session_of("dog", token, NOW) is None
    assert by_invitation(made, invitation) == "invitation-invalid"


def test_at_the_limit_the_session_that_was_used_least_lately_ends() -> None:
    made = ledger()
    first = entered(made, NOW)
    second = entered(made, NOW + 1)
    made.session_of("dog", first, NOW + 2)
    for _ in range(SESSIONS_OF_APP - 1):
        entered(made, NOW + 3)
    assert len(made.sessions) == SESSIONS_OF_APP
    assert made.session_of("dog", first, NOW + 3) is not None
    assert made.session_of("dog", second, NOW + 3) is None


def test_what_is_over_is_forgotten() -> None:
    made = ledger()
    entered(made)
    by_invitation(made, invited(made, for_s=60)[1])
    assert len(made.expire(NOW + 60)) == 1
    assert len(made.expire(NOW + IDLE_S)) == 1
    assert not made.invitations
