"""p2claw.agent.visitors.traffic: what is counted under which name."""

from __future__ import annotations

from p2claw.agent.visitors.traffic import Traffic, by_app, no_traffic


def test_apps_are_counted_apart() -> None:
    traffic = Traffic()
    for app in ("dog", "cat"):
        traffic.add(app, "direct", (5, 0))
    assert traffic.counts() == {"dog/direct/in": 5, "cat/direct/in": 5}


def test_the_status_has_bytes_alone() -> None:
    traffic = Traffic()
    traffic.visit("dog", "direct")
    traffic.chunks("dog", "direct", 7, 1)
    traffic.response("dog", 200, 0.1)
    assert by_app(traffic.counts()) == {}
    traffic.add("dog", "relayed", (1, 2))
    expected = no_traffic()
    expected["relayed"] = {"in": 1, "out": 2}
    assert by_app(traffic.counts()) == {"dog": expected}


def test_a_wait_counts_for_the_bound_that_it_does_not_exceed() -> None:
    traffic = Traffic()
    for wait_s in (0.0, 0.005, 0.0051, 31.0):
        traffic.response("dog", 404, wait_s)
    counts = traffic.counts()
    assert counts == {
        "dog/responses/4xx": 4,
        "dog/waits/0": 2,
        "dog/waits/1": 1,
        "dog/waits/12": 1,
        "dog/waits/us": 31_010_100,
    }
