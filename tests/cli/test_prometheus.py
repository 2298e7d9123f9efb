"""A real Prometheus reads agent and server during a load, and the Grafana board draws from it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from p2claw.agent.local.figures import AgentFigures, agent_metrics
from p2claw.agent.visitors.facts import WorkerFacts
from p2claw.coord.figures import ServerFigures, server_metrics
from p2claw.coord.relay_fleet import RelayFacts
from p2claw.coord.relayed.relay_watch import RelayedFacts
from p2claw.visitor.visitor import Visitor
from tests.support.agent import RunningAgent, running_agent
from tests.support.prometheus import needs_prometheus, prometheus, rule_complaints
from tests.support.server import running_server
from tests.support.upstreams import echo, upstream_of

ROOT = Path(__file__).parents[2]
BOARD = json.loads((ROOT / "contrib/grafana/p2claw.json").read_text())
PAGE = (ROOT / "docs/METRICS.md").read_text()

RELAY = RelayFacts("eu1", "eu", 3, {"turn:eu1.example": True}, 7)
RELAYED = RelayedFacts({"eu1": 5}, {"eu1": 1}, True, 0, 0)
MIB = 1_048_576


def families() -> set[str]:
    """The name of every figure of ours, as it is written."""
    worker = WorkerFacts(0, 1, 0, 0.0, 0)
    agent = AgentFigures(True, ("dog",), (), (worker,), {}, {}, {}, {})
    counts = {"introduced": 0, "answered": 0, "registered": 0}
    several = {"is_bus_there": True, "nodes_direct": 1, "relays": (RELAY,), "relayed": RELAYED}
    server = ServerFigures(True, True, 0, 0, 0, 1, counts, **several)  # type: ignore[arg-type]
    ends = {"counter": "_total", "info": "_info"}
    all_of_them = (*agent_metrics(agent), *server_metrics(server))
    return {one.name + ends.get(one.type, "") for one in all_of_them}


def expressions() -> Iterator[str]:
    """Every expression of the board, with its variables as Grafana fills them in."""
    for panel in BOARD["panels"]:
        for target in panel.get("targets", ()):
            text = target["expr"].replace("$__rate_interval", "1m").replace("$__range", "1m")
            for name in ("agent", "app", "server"):
                text = text.replace(f"${name}", ".*")
            yield text


def test_every_figure_is_explained() -> None:
    assert [name for name in sorted(families()) if f"| `{name}` |" not in PAGE] == []


def test_no_figure_is_explained_that_there_is_not() -> None:
    assert set(re.findall(r"^\| `(p2claw_\w+)` \|", PAGE, re.MULTILINE)) == families()


def test_the_board_draws_only_figures_that_there_are() -> None:
    texts = [*expressions(), *(one.get("definition", "") for one in BOARD["templating"]["list"])]
    drawn = {name for text in texts for name in re.findall(r"p2claw_\w+", text)}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in drawn} <= families()


def test_the_panels_of_the_board_have_numbers_of_their_own_and_do_not_overlap() -> None:
    panels = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        columns, lines = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        cells = {(x, y) for x in columns for y in lines}
        assert at["x"] + at["w"] <= 24 and not cells & taken
        taken |= cells


@needs_prometheus
def test_every_expression_of_the_board_can_be_read(tmp_path: Path) -> None:
    assert rule_complaints(list(expressions()), tmp_path) == ""


@needs_prometheus
async def test_a_load_is_seen_by_prometheus_and_drawn_by_the_board(tmp_path: Path) -> None:
    async with (
        upstream_of(echo) as upstream,
        running_server(tmp_path, metrics="127.0.0.1:0") as server,
        running_agent(
            tmp_path / "home", server, {"dog": upstream.url}, metrics="127.0.0.1:0"
        ) as agent,
    ):
        limited = {"upstream": upstream.url, "monthly_bytes": 10**9}
        await agent.api.ask("PUT", "/v1/routes/dog", limited)
        targets = {
            "box": urlsplit(agent.agent.metrics_url).netloc,
            "server": urlsplit(server.serving.metrics_url).netloc,
        }
        async with prometheus(tmp_path, targets) as seen:
            await seen.until("p2claw_visits_total == 0")
            enough = asyncio.Event()
            load = asyncio.create_task(_load(agent, enough))
            await seen.until("p2claw_links == 2 and p2claw_link_rtt_max_seconds > 0")
            enough.set()
            responses, moved = await load
            dog = '{app="dog", path="direct"}'
            await seen.until(f"p2claw_visits_total{dog} == 2")
            # Beside the bodies there are heads, frames and credit.
            sent = '{app="dog", path="direct", direction="out"}'
            (out,) = await seen.until(f"p2claw_link_bytes_total{sent} >= {moved}")
            assert float(out["value"][1]) < moved * 1.1 + 100_000
            assert not await seen.query('p2claw_link_bytes_total{path="relayed"} > 0')
            counted = 'p2claw_app_responses_total{status="2xx"}'
            (found,) = await seen.until(f"{counted} >= {responses}")
            assert (found["metric"]["job"], int(found["value"][1])) == ("box", responses)
            await seen.until("p2claw_boxes_online == 1 and p2claw_visits_introduced_total == 2")
            for text in expressions():
                # Nothing was refused, and nobody is linked any more.
                if re.search("_refused_|_rtt_", text):
                    await seen.query(text)
                else:
                    await seen.until(text)


async def _load(agent: RunningAgent, enough: asyncio.Event) -> tuple[int, int]:
    """Two visitors ask for echoes until it is enough; how many responses, and bytes, came back."""
    async with await agent.visit() as one, await agent.visit() as other:

        async def ask(visitor: Visitor) -> list[int]:
            sizes = []
            while not enough.is_set():
                response = await visitor.request("POST", "/", body=bytes(MIB // 4))
                sizes.append(len(await response.body(MIB)))
                await asyncio.sleep(0.1)
            return sizes

        mine, others = await asyncio.gather(ask(one), ask(other))
        return len(mine) + len(others), sum(mine) + sum(others)
