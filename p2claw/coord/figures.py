"""What a server tells Prometheus. No box, app or visitor is a label: whoever reads the figures
learns how much there is of what, and of nobody in particular.

docs/METRICS.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from p2claw import __version__
from p2claw.coord.relay_fleet import RelayFacts
from p2claw.coord.relayed.relay_watch import RelayedFacts


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """A server as it is now. visits: under way. counts: of the switchboard, by name.

    is_store_there: False while it goes on from memory, because its database is gone.
    is_bus_there: False while the other nodes cannot be reached; None: there are none.
    nodes_direct: to how many nodes messages go without Redis; None: this one sends none so.
    relays: our own, if there are any. relayed: None if that is not counted.
    """

    is_ready: bool
    is_store_there: bool
    boxes: int
    visits: int
    sockets: int
    most_sockets: int
    counts: Mapping[str, int]
    is_bus_there: bool | None = None
    nodes_direct: int | None = None
    relays: Sequence[RelayFacts] = ()
    relayed: RelayedFacts | None = None


def server_metrics(now: ServerFigures) -> list[Metric]:
    """All figures of a server."""
    refused = CounterMetricFamily(
        "p2claw_visits_refused", "Visits that were refused, by code.", labels=("code",)
    )
    turned_away = CounterMetricFamily(
        "p2claw_registrations_refused",
        "Registrations refused, by code.",
        labels=("code",),
    )
    for name, count in sorted(now.counts.items()):
        what, _, code = name.partition("/")
        if code:
            (refused if what == "refused" else turned_away).add_metric((code,), count)
    of_nodes = (
        []
        if now.is_bus_there is None
        else [
            GaugeMetricFamily("p2claw_bus_available", "1 while Redis responds.", now.is_bus_there)
        ]
    )
    if now.nodes_direct is not None:
        of_nodes.append(
            GaugeMetricFamily(
                "p2claw_nodes_direct", "Nodes that are reached without Redis.", now.nodes_direct
            )
        )
    return [
        *of_nodes,
        *(_of_relays(now.relays) if now.relays else []),
        *(_of_relayed(now.relayed) if now.relayed else []),
        InfoMetricFamily("p2claw_server", "The program that runs.", {"version": __version__}),
        GaugeMetricFamily("p2claw_server_ready", "As /readyz: 1 or 0.", now.is_ready),
        GaugeMetricFamily(
            "p2claw_store_available", "1 while its database responds.", now.is_store_there
        ),
        GaugeMetricFamily("p2claw_boxes_online", "Boxes that are online.", now.boxes),
        GaugeMetricFamily("p2claw_visits_under_way", "Introductions not over yet.", now.visits),
        GaugeMetricFamily("p2claw_sockets", "Connections that are open.", now.sockets),
        GaugeMetricFamily("p2claw_sockets_limit", "As many as there may be.", now.most_sockets),
        CounterMetricFamily(
            "p2claw_visits_introduced", "Visitors introduced to a box.", now.counts["introduced"]
        ),
        CounterMetricFamily(
            "p2claw_visits_answered",
            "Offers that a box answered.",
            now.counts["answered"],
        ),
        CounterMetricFamily(
            "p2claw_registrations", "Registrations of boxes.", now.counts["registered"]
        ),
        refused,
        turned_away,
    ]


def _of_relays(relays: Sequence[RelayFacts]) -> list[Metric]:
    names = ("relay", "region")
    up = GaugeMetricFamily("p2claw_relay_up", "1 while it lends addresses.", labels=("url", *names))
    weight = GaugeMetricFamily("p2claw_relay_weight", "0: no new visits.", labels=names)
    given = CounterMetricFamily("p2claw_relay_visits", "Visits that were given it.", labels=names)
    for relay in relays:
        for url, is_up in relay.is_up.items():
            up.add_metric((url, relay.name, relay.region), is_up)
        weight.add_metric((relay.name, relay.region), relay.weight)
        given.add_metric((relay.name, relay.region), relay.visits)
    return [up, weight, given]


def _of_relayed(now: RelayedFacts) -> list[Metric]:
    moved = CounterMetricFamily(
        "p2claw_relay_bytes", "Between relays and their clients.", labels=("relay",)
    )
    open_now = GaugeMetricFamily("p2claw_relay_allocations", "That are open.", labels=("relay",))
    for realm, count in now.bytes.items():
        moved.add_metric((realm,), count)
    for realm, count in now.allocations.items():
        open_now.add_metric((realm,), count)
    return [
        moved,
        open_now,
        GaugeMetricFamily(
            "p2claw_relay_accounts_available", "1 while it is counted.", now.is_counted
        ),
        GaugeMetricFamily(
            "p2claw_relay_boxes_over_budget", "Boxes that get no relay.", now.over_budget
        ),
        CounterMetricFamily(
            "p2claw_relay_allocations_ended", "That were ended over a budget.", now.ended
        ),
    ]
