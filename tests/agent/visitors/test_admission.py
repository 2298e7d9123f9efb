"""Which visitors get a place, and when it is free again."""

from __future__ import annotations

import pytest

from p2claw.agent.visitors.admission import Admission
from p2claw.config import AgentLimits
from p2claw.wire.signalling import AgentMessage, BoxOffer, Refuse


def admission(**limits: int) -> Admission:
    return Admission(AgentLimits(**limits), lambda app: app == "dog")  # type: ignore[arg-type]


def asked(
    of: Admission, session: str, app: str | None = "dog", visitor: str = ""
) -> tuple[str | None, list[AgentMessage]]:
    """What the session gets, and what it is told."""
    sent: list[AgentMessage] = []
    return of.admit(BoxOffer(session, app, "v=0", (), visitor), sent.append), sent


def test_a_visitor_of_an_exposed_app_is_let_in_and_told_nothing() -> None:
    assert asked(admission(), "one") == ("dog", [])


@pytest.mark.parametrize("app", [None, "cat"])
def test_an_app_that_is_not_exposed_is_unknown(app: str | None) -> None:
    got, (told,) = asked(admission(), "one", app)
    assert got is None
    assert isinstance(told, Refuse)
    assert (told.session, told.code) == ("one", "app-unknown")


def test_a_place_is_taken_until_its_session_leaves() -> None:
    places = admission(links=1)
    asked(places, "one")
    assert asked(places, "two")[0] is None
    places.leave("one")
    assert asked(places, "two")[0] == "dog"


def test_a_session_that_leaves_twice_frees_one_place() -> None:
    places = admission(links_per_visitor=1)
    asked(places, "one")
    asked(places, "two", visitor="203.0.113.0/24")
    for _ in range(2):
        places.leave("one")
    assert asked(places, "three")[0] == "dog"
    assert asked(places, "four", visitor="203.0.113.0/24")[0] is None


def test_a_session_has_one_place() -> None:
    places = admission()
    asked(places, "one")
    _, (told,) = asked(places, "one")
    assert isinstance(told, Refuse)
    assert told.code == "protocol"


def test_a_box_that_goes_down_lets_nobody_in() -> None:
    places = admission()
    places.close()
    _, (told,) = asked(places, "one")
    assert isinstance(told, Refuse)
    assert told.code == "box-busy"
