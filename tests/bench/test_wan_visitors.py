"""What the case `visitors` of the bench of lines makes of what it sees; its runs need root."""

from __future__ import annotations

import pytest

from bench.wan.visiting import Sink
from bench.wan.watching import limit

FREE = {
    "mtu_bytes": 1_000,
    "in_flight_bytes": 50_000,
    "cwnd_bytes": 100_000,
    "waiting_bytes": 9_000,
    "peer_window_bytes": 80_000,
}


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        ({}, "pace"),
        ({"cwnd_bytes": 50_500}, "cwnd"),
        ({"waiting_bytes": 0}, "credit"),
        ({"peer_window_bytes": 50_500}, "rwnd"),
        ({"cwnd_bytes": 50_500, "waiting_bytes": 0}, "cwnd"),
    ],
)
def test_a_sender_is_limited_by_the_first_thing_that_keeps_it_from_sending(
    seen: dict[str, int], name: str
) -> None:
    assert limit({**FREE, **seen}) == name


def test_an_upload_counts_from_its_first_byte_on() -> None:
    sink = Sink([(7.0, 10), (8.0, 20), (9.5, 40)])
    assert sink.within(2.0) == 30


def test_an_upload_of_which_nothing_came_is_nothing() -> None:
    assert Sink().within(2.0) == 0
