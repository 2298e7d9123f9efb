"""Which visitors get a place, and when it is free again."""

from __future__ import annotations

import pytest

from p2claw.agent.visitors.admission import Admission
from p2claw.agent.visitors.refusals import Refusals
from p2claw.config import AgentLimits
from p2claw.wire.signalling import AgentMessage, BoxOffer, Refuse


def admission(**limits: int) -> Admission:
    return Admission(AgentLimits(**limits), lambda app: app == "dog")  # type: ignore[arg-type]


def asked(
    of: Admission, session: str, app: str | None = "dog", visitor: str = ""
) -> tuple[str | None, list[AgentMessage]]:
    """What the session gets, and what it is sent."""
    sent: list[AgentMessage] = []
    return of.admit(BoxOffer(session, app, "v=0", (), visitor), sent.append), sent


def test_a_visitor_of_an_exposed_app_is_admitted_and_gets_no_message() -> None:
    assert asked(admission(), "one") == ("dog", [])


@pytest.mark.parametrize("app", [None, "cat"])
def test_an_app_that_is_not_exposed_is_unknown(app: str | None) -> None:
    got, (refusal,) = asked(admission(), "one", app)
    assert got is None
    assert isinstance(refusal, Refuse)
    assert (refusal.session, refusal.code) == ("one", "app-unknown")


def test_a_place_is_taken_until_its_session_leaves() -> None:
    places = admission(links=1)
    asked(places, "one")
    assert asked(places, "two")[0] is None
    places.leave("one")
    assert asked(places, "two")[0] == "dog"


def test_a_session_that_leaves_twice_frees_one_place() -> None:
    places = admission(links=2)
    asked(places, "one")
    asked(places, "two")
    for _ in range(2):
        places.leave("one")
    assert asked(places, "three")[0] == "dog"
    assert asked(places, "four")[0] is None


SCHOOL, TOWN = "203.0.113.0/24", "198.51.100.0/24"


def fill(places: Admission, visitor: str, of: int = 1000) -> int:
    """How many of one network get a place."""
    return sum(asked(places, f"{visitor}-{n}", visitor=visitor)[0] == "dog" for n in range(of))


def test_forty_behind_one_address_all_get_in() -> None:
    assert fill(admission(), SCHOOL, 40) == 40


def test_a_hundred_and_thirty_of_four_networks_all_get_in() -> None:
    places = admission()
    assert [fill(places, f"198.51.{n}.0/24", 33) for n in range(4)] == [33] * 4


def test_one_network_leaves_a_third_of_the_places_to_others() -> None:
    places = admission(links=90)
    assert fill(places, SCHOOL) == 60
    assert fill(places, TOWN) == 20
    assert asked(places, "late", visitor="192.0.2.0/24")[0] == "dog"


def test_a_visitor_that_is_gone_loses_its_place_to_a_newcomer() -> None:
    evicted: list[str] = []
    limits = AgentLimits(links=3)
    places = Admission(limits, lambda app: True, evicted.append)
    for session in ("one", "two"):
        asked(places, session)
    asked(places, "three", visitor=TOWN)
    places.gone("two", True)
    places.gone("one", True)
    places.gone("two", False)  # it has sent something
    assert asked(places, "four", visitor=TOWN)[0] == "dog"
    assert evicted == ["one"]
    assert asked(places, "five", visitor=TOWN)[0] is None


def test_nobody_loses_a_place_while_there_is_room() -> None:
    evicted: list[str] = []
    places = Admission(AgentLimits(links=4), lambda app: True, evicted.append)
    asked(places, "one")
    places.gone("one", True)
    asked(places, "two")
    assert evicted == []


def test_a_box_is_crowded_once_half_of_its_places_are_taken() -> None:
    places = admission(links=4)
    asked(places, "one")
    assert not places.is_crowded
    asked(places, "two")
    assert places.is_crowded


def test_a_session_has_one_place() -> None:
    places = admission()
    asked(places, "one")
    _, (refusal,) = asked(places, "one")
    assert isinstance(refusal, Refuse)
    assert refusal.code == "protocol"


def test_a_box_that_goes_down_lets_nobody_in() -> None:
    places = admission()
    places.close()
    _, (refusal,) = asked(places, "one")
    assert isinstance(refusal, Refuse)
    assert refusal.code == "box-busy"


def test_every_refusal_is_counted_by_its_code() -> None:
    refusals = Refusals()
    places = Admission(AgentLimits(links=1), lambda app: app == "dog", refusals=refusals)
    asked(places, "one")
    asked(places, "two")
    asked(places, "three", app="cat")
    assert not places.admit_dial("four", "")
    places.gone("one", True)
    asked(places, "five")
    assert refusals.counts() == {
        "dials/box-busy": 1,
        "places/taken-over": 1,
        "visitors/app-unknown": 1,
        "visitors/box-busy": 1,
    }
