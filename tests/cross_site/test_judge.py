"""What counts as more than an app sees at a direct server."""

from __future__ import annotations

import pytest

from tests.cross_site.cases import CASES
from tests.cross_site.judge import NOTHING, Seen, grants_more, seen

OWN = "http://dog-purplecrab.localhost:8787"
FOREIGN = Seen("POST", "foreign", "cross-site")


def test_there_are_forty_cases_and_more_and_none_has_the_name_of_another() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_fields_of_a_request_are_put_into_words() -> None:
    fields = {"origin": OWN, "sec-fetch-site": "same-origin", "cookie": "strict=1; lax=1; other=2"}
    assert seen("GET", fields, OWN) == Seen("GET", "own", "same-origin", ("lax", "strict"))
    assert seen("GET", {}, OWN) == Seen("GET", "absent", "absent")
    assert seen("POST", {"origin": "null"}, OWN).origin == "null"
    assert seen("POST", {"origin": "http://127.0.0.1:1"}, OWN).origin == "foreign"


@pytest.mark.parametrize(
    "through",
    [FOREIGN, Seen(NOTHING), Seen("POST", "null", "cross-site")],
    ids=["the same", "nothing", "an opaque origin"],
)
def test_the_same_or_less_is_right(through: Seen) -> None:
    assert grants_more(FOREIGN, through) == []


@pytest.mark.parametrize(
    "through, wanted",
    [
        (Seen("POST", "own", "cross-site"), ["Origin"]),
        (Seen("POST", "absent", "cross-site"), ["Origin"]),
        (Seen("POST", "foreign", "none"), ["Sec-Fetch-Site"]),
        (Seen("POST", "foreign", "absent"), ["Sec-Fetch-Site"]),
        (Seen("POST", "own", "same-origin", ("strict",)), ["Sec-Fetch-Site", "Origin", "Cookie"]),
    ],
    ids=lambda value: value.text if isinstance(value, Seen) else None,
)
def test_what_makes_an_app_trust_it_more_is_named(through: Seen, wanted: list[str]) -> None:
    assert grants_more(FOREIGN, through) == wanted


def test_a_request_that_no_direct_server_would_get_is_more() -> None:
    assert grants_more(Seen(NOTHING), FOREIGN) == ["request"]
