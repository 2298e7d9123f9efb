"""p2claw.coord.rendezvous: boxes come, announce, are replaced, go."""

from __future__ import annotations

from collections import Counter

from p2claw.coord.effects import CloseBox
from p2claw.coord.visit import VisitRequest
from p2claw.wire.signalling import (
    AgentError,
    Apps,
    BoxCandidate,
    Dial,
    DialOffered,
    Introduced,
    VisitCandidate,
    VisitError,
)
from tests.coord.stage import (
    KEY,
    KEY_ALIAS,
    OTHER_KEY,
    PEER_ID,
    Stage,
    closed,
    to_box,
    to_visitor,
)


def _code(stage: Stage, session: str = "s1") -> str:
    (message,) = to_visitor(stage.effects(), session)
    assert isinstance(message, VisitError)
    return message.code


def test_a_visitor_of_an_app_is_introduced_to_its_box() -> None:
    stage = Stage()
    stage.box()
    stage.visit()
    assert to_visitor(stage.effects()) == [Introduced("s1", PEER_ID, ())]


def test_a_box_is_found_by_its_key_alias_too() -> None:
    stage = Stage()
    stage.box()
    stage.visit(alias=KEY_ALIAS)
    assert to_visitor(stage.effects()) == [Introduced("s1", PEER_ID, ())]


def test_a_visitor_that_names_no_app_gets_the_list_of_apps() -> None:
    stage = Stage()
    stage.box(apps=("dog", "cat"))
    stage.visit(app=None, alias=KEY_ALIAS)
    assert to_visitor(stage.effects()) == [Apps(("cat", "dog"), "purplecrab", PEER_ID)]


def test_the_list_says_for_which_apps_nothing_listens() -> None:
    stage = Stage()
    stage.box(apps=("dog", "cat", "cat-abcdefghijklmnopqrstuvwx23"))
    stage.rendezvous.box_lacks(1, ("cat", "cat-abcdefghijklmnopqrstuvwx23", "gone"))
    stage.visit(app=None)
    assert to_visitor(stage.effects()) == [Apps(("cat", "dog"), "purplecrab", PEER_ID, ("cat",))]
    stage.rendezvous.box_lacks(1, ())
    stage.visit("s2", app=None)
    assert to_visitor(stage.effects(), "s2") == [Apps(("cat", "dog"), "purplecrab", PEER_ID)]


def test_unlisted_apps_are_visited_but_not_in_the_list() -> None:
    stage = Stage()
    app = "cat-abcdefghijklmnopqrstuvwx23"
    stage.box(apps=("dog", app))
    stage.visit(app=None)
    assert to_visitor(stage.effects()) == [Apps(("dog",), "purplecrab", PEER_ID)]
    stage.visit("s2", app=app)
    assert to_visitor(stage.effects(), "s2") == [Introduced("s2", PEER_ID, ())]


def test_a_list_of_apps_is_the_end_of_the_visit() -> None:
    stage = Stage()
    stage.box()
    stage.visit(app=None)
    assert closed(stage.effects()) == [1000]


def test_an_alias_that_nobody_ever_had_is_unknown() -> None:
    stage = Stage()
    stage.visit(known=False)
    assert _code(stage) == "alias-unknown"


def test_an_alias_whose_box_is_away_is_offline() -> None:
    stage = Stage()
    stage.visit(known=True)
    assert _code(stage) == "box-offline"


def test_an_offline_box_is_worth_asking_again_soon() -> None:
    stage = Stage()
    stage.visit(known=True)
    (message,) = to_visitor(stage.effects())
    assert isinstance(message, VisitError) and message.retry_s == 5


def test_an_app_that_the_box_does_not_expose_is_unknown() -> None:
    stage = Stage()
    stage.box()
    stage.visit(app="cat")
    assert _code(stage) == "app-unknown"


def test_a_box_that_has_not_announced_yet_may_still_have_the_app() -> None:
    stage = Stage()
    stage.rendezvous.box_online(1, KEY, "purplecrab", ())
    stage.visit(app="cat")
    assert _code(stage) == "box-offline"


def test_what_a_box_announced_before_is_good_until_it_announces_again() -> None:
    stage = Stage()
    stage.rendezvous.box_online(1, KEY, "purplecrab", ("dog",))
    stage.visit()
    assert to_visitor(stage.effects()) == [Introduced("s1", PEER_ID, ())]


def test_an_announcement_replaces_the_whole_set() -> None:
    stage = Stage()
    stage.box(apps=("dog",))
    stage.rendezvous.box_announced(1, ("cat",))
    stage.visit(app="dog")
    assert _code(stage) == "app-unknown"


def test_a_box_that_went_is_offline() -> None:
    stage = Stage()
    stage.box()
    stage.rendezvous.box_offline(1)
    stage.visit()
    assert _code(stage) == "box-offline"


def test_the_newer_connection_of_a_key_replaces_the_older() -> None:
    stage = Stage()
    stage.box(connection=1)
    stage.box(connection=2)
    effects = stage.effects()
    assert CloseBox(1, 4009, "replaced") in effects
    (message,) = to_box(effects)
    assert isinstance(message, AgentError) and message.code == "replaced"


def test_the_end_of_a_replaced_connection_removes_nothing_of_its_successor() -> None:
    stage = Stage()
    stage.box(connection=1)
    stage.box(connection=2)
    stage.rendezvous.box_offline(1)
    stage.effects()
    stage.visit()
    assert to_visitor(stage.effects()) == [Introduced("s1", PEER_ID, ())]


def test_an_announcement_on_a_replaced_connection_changes_nothing() -> None:
    stage = Stage()
    stage.box(connection=1)
    stage.box(connection=2, apps=("dog",))
    stage.rendezvous.box_announced(1, ())
    stage.effects()
    stage.visit()
    assert to_visitor(stage.effects()) == [Introduced("s1", PEER_ID, ())]


def test_a_box_that_goes_before_it_answered_is_offline_for_its_visitor() -> None:
    stage = Stage()
    stage.box()
    stage.offered()
    stage.rendezvous.box_offline(1)
    assert _code(stage) == "box-offline"


def test_a_box_that_goes_after_it_answered_leaves_its_visitor_alone() -> None:
    stage = Stage()
    stage.box()
    stage.answered()
    stage.rendezvous.box_offline(1)
    assert stage.effects() == []


def test_one_box_does_not_send_in_the_session_of_another() -> None:
    stage = Stage()
    stage.box(connection=1)
    stage.box(connection=2, alias="redfox", key=OTHER_KEY)
    stage.offered()
    stage.rendezvous.from_box(2, BoxCandidate("s1", "candidate:evil", "0"))
    assert to_visitor(stage.effects()) == []


def test_two_boxes_keep_their_visitors_apart() -> None:
    stage = Stage()
    stage.box(connection=1)
    stage.box(connection=2, alias="redfox", key=OTHER_KEY)
    stage.offered("s1")
    stage.visit("s2", alias="redfox")
    stage.effects()
    stage.rendezvous.from_box(1, BoxCandidate("s1", "candidate:1", "0"))
    assert to_visitor(stage.effects()) == [VisitCandidate("candidate:1", "0")]


def test_at_the_limit_of_boxes_the_table_is_full() -> None:
    stage = Stage(boxes=1)
    stage.box()
    assert stage.rendezvous.full


def test_going_down_is_sent_to_the_boxes() -> None:
    stage = Stage()
    stage.box()
    stage.rendezvous.shut_down()
    assert stage.effects() == [CloseBox(1, 1001, "going down")]


def test_going_down_is_sent_to_the_visitors() -> None:
    stage = Stage()
    stage.box()
    stage.offered()
    stage.rendezvous.shut_down()
    assert _code(stage) == "going-down"


def test_nobody_is_introduced_by_a_coordinator_that_goes_down() -> None:
    stage = Stage()
    stage.box()
    stage.rendezvous.shut_down()
    stage.effects()
    stage.visit()
    assert _code(stage) == "going-down"


def test_a_visitor_gets_how_its_box_is_dialled_until_the_box_changes_it() -> None:
    stage = Stage()
    stage.box()
    stage.box(2, alias="redfox", key=OTHER_KEY)
    stage.rendezvous.box_dialled_by(1, Dial(b"how", bytes(64)))
    stage.visit()
    dial = DialOffered(b"how", bytes(64))
    assert to_visitor(stage.effects()) == [Introduced("s1", PEER_ID, (), dial)]
    stage.visit("s2", alias="redfox")
    (other,) = to_visitor(stage.effects(), "s2")
    assert isinstance(other, Introduced)
    assert other.dial is None
    stage.rendezvous.box_dialled_by(1, Dial(b"", bytes(64)))
    stage.visit("s3")
    assert to_visitor(stage.effects(), "s3") == [Introduced("s3", PEER_ID, ())]


def test_a_visitor_of_a_team_gets_no_way_to_dial_the_box_that_was_chosen() -> None:
    stage = Stage()
    stage.box()
    stage.rendezvous.box_dialled_by(1, Dial(b"how", bytes(64)))
    stage.rendezvous.visit(VisitRequest("s1", "purplecrab", "dog", True, box=PEER_ID), stage.now)
    assert to_visitor(stage.effects()) == [Introduced("s1", PEER_ID, ())]


def test_visitors_are_spread_over_the_processes_of_a_box_that_is_dialled() -> None:
    stage = Stage()
    stage.box()
    ports = [DialOffered(bytes([number]), bytes(64)) for number in range(1, 4)]
    others = tuple((port.descriptor, port.signature) for port in ports[1:])
    stage.rendezvous.box_dialled_by(1, Dial(b"\1", bytes(64), others))
    got: Counter[DialOffered | None] = Counter()
    for number in range(300):
        stage.visit(f"s{number}")
        (introduced,) = to_visitor(stage.effects(), f"s{number}")
        assert isinstance(introduced, Introduced)
        got[introduced.dial] += 1
        stage.rendezvous.visitor_gone(f"s{number}")
    assert set(got) == set(ports)
    assert min(got.values()) > 50


def test_a_box_that_connects_again_sends_again_how_it_is_dialled() -> None:
    stage = Stage()
    stage.box()
    stage.rendezvous.box_dialled_by(1, Dial(b"how", bytes(64)))
    stage.box(2)
    stage.rendezvous.box_dialled_by(1, Dial(b"too late", bytes(64)))
    stage.effects()
    stage.visit()
    assert to_visitor(stage.effects()) == [Introduced("s1", PEER_ID, ())]
