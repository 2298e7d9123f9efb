"""What an agent tells Prometheus. Visitors are never a label: there may be any number of them.

docs/METRICS.md lists the figures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from p2claw import __version__
from p2claw.agent.visitors.facts import LinkFacts, WorkerFacts
from p2claw.agent.visitors.traffic import DIRECTIONS, PATHS, WAIT_S, parts


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """An agent as it is now. apps: that it exposes. traffic, refused: counts by name.

    month: the bytes of each app in this month. limits: of those that have one.
    """

    is_online: bool
    apps: tuple[str, ...]
    links: tuple[LinkFacts, ...]
    workers: tuple[WorkerFacts, ...]
    traffic: Mapping[str, int]
    refused: Mapping[str, int]
    month: Mapping[str, int]
    limits: Mapping[str, int]


def agent_metrics(now: AgentFigures) -> list[Metric]:
    """All figures of an agent."""
    return [
        InfoMetricFamily("p2claw_agent", "The program that runs.", {"version": __version__}),
        GaugeMetricFamily(
            "p2claw_agent_online", "1 if the coordinator knows this box now, else 0.", now.is_online
        ),
        GaugeMetricFamily("p2claw_apps", "Apps that are exposed.", len(now.apps)),
        *_of_links(now.links, now.apps),
        *_of_traffic(now.traffic, now.apps),
        _by_app("p2claw_app_month_bytes", "Moved by it in this month of UTC.", now.month),
        _by_app("p2claw_app_month_limit_bytes", "How much that may be.", now.limits),
        _of_refused(now.refused),
        *_of_workers(now.workers),
    ]


def _by_app(name: str, text: str, numbers: Mapping[str, int]) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=("app",))
    for app, number in sorted(numbers.items()):
        gauge.add_metric((app,), number)
    return gauge


def _of_links(links: Iterable[LinkFacts], apps: Iterable[str]) -> list[Metric]:
    labels = ("app", "path")
    count = GaugeMetricFamily("p2claw_links", "Visitors that are linked now.", labels=labels)
    streams = GaugeMetricFamily(
        "p2claw_streams", "Requests and WebSockets that are under way.", labels=labels
    )
    mean = GaugeMetricFamily(
        "p2claw_link_rtt_mean_seconds", "Round trip of the links of now, their mean.", labels=labels
    )
    longest = GaugeMetricFamily(
        "p2claw_link_rtt_max_seconds", "The longest of these round trips.", labels=labels
    )
    grouped: dict[tuple[str, str], list[LinkFacts]] = {
        (app, path): [] for app in apps for path in PATHS
    }
    for link in links:
        grouped.setdefault((link.app, link.path), []).append(link)
    for key, group in sorted(grouped.items()):
        count.add_metric(key, len(group))
        streams.add_metric(key, sum(link.streams for link in group))
        rtts = [link.rtt_s for link in group if link.rtt_s is not None]
        if rtts:
            mean.add_metric(key, sum(rtts) / len(rtts))
            longest.add_metric(key, max(rtts))
    return [count, streams, mean, longest]


def _of_traffic(counts: Mapping[str, int], apps: Iterable[str]) -> list[Metric]:
    by_path = ("app", "path")
    moved = CounterMetricFamily(
        "p2claw_link_bytes",
        "Bytes from visitors (in) and to them (out), before encryption.",
        labels=(*by_path, "direction"),
    )
    kinds = {
        "visits": CounterMetricFamily("p2claw_visits", "Links that visitors used.", labels=by_path),
        "chunks": CounterMetricFamily(
            "p2claw_chunks_sent", "SCTP chunks sent to visitors.", labels=by_path
        ),
        "lost": CounterMetricFamily(
            "p2claw_chunks_lost", "Of these, those that were found lost.", labels=by_path
        ),
    }
    responses = CounterMetricFamily(
        "p2claw_app_responses", "Responses of apps, by class of status.", labels=("app", "status")
    )
    waits = HistogramMetricFamily(
        "p2claw_app_response_wait_seconds",
        "From a request to the head of the app's response.",
        labels=("app",),
    )
    # An app that nobody has visited has counts of 0: a rate needs the value before the first one.
    wanted = {
        f"{app}/{path}/{what}": 0
        for app in apps
        for path in PATHS
        for what in (*DIRECTIONS, *kinds)
    }
    waited: dict[str, Counter[str]] = defaultdict(Counter)
    for name, number in sorted((wanted | dict(counts)).items()):
        app, kind, what = parts(name)
        if kind == "responses":
            responses.add_metric((app, what), number)
        elif kind == "waits":
            waited[app][what] = number
        elif what in DIRECTIONS:
            moved.add_metric((app, kind, what), number)
        else:
            kinds[what].add_metric((app, kind), number)
    for app, found in waited.items():
        below = accumulate(found[str(index)] for index in range(len(WAIT_S) + 1))
        bounds = (*map(str, WAIT_S), "+Inf")
        waits.add_metric((app,), list(zip(bounds, below, strict=True)), found["us"] / 1_000_000)
    return [moved, *kinds.values(), responses, waits]


def _of_refused(counts: Mapping[str, int]) -> Metric:
    refused = CounterMetricFamily(
        "p2claw_refused", "What the box has refused, and why.", labels=("what", "code")
    )
    for name, count in sorted(counts.items()):
        what, _, code = name.partition("/")
        refused.add_metric((what, code), count)
    return refused


def _of_workers(workers: Iterable[WorkerFacts]) -> list[Metric]:
    up = GaugeMetricFamily("p2claw_worker_up", "1 if the process runs, else 0.", labels=("worker",))
    links = GaugeMetricFamily(
        "p2claw_worker_links", "Visitors that the process has.", labels=("worker",)
    )
    restarts = CounterMetricFamily(
        "p2claw_worker_restarts", "How often it was started again.", labels=("worker",)
    )
    for worker in workers:
        number = (str(worker.number),)
        up.add_metric(number, worker.pid is not None)
        links.add_metric(number, worker.links)
        restarts.add_metric(number, worker.restarts)
    return [up, links, restarts]
