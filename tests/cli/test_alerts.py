"""contrib/prometheus/alerts.yml, by promtool: each alert fires when it should, and has a page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_prometheus import families
from tests.support.prometheus import needs_prometheus, promtool

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "contrib" / "prometheus" / "alerts.yml"
RUNBOOK = (ROOT / "docs" / "RUNBOOK.md").read_text()
NAMES = re.findall(r"- alert: (\w+)", ALERTS.read_text())
NODE = '{job="p2claw-server", instance="one"}'
REFUSED = 'p2claw_visits_refused_total{code="%s", instance="one"}'

# What is wrong in each, as series of a value per minute, and after how many minutes it fires.
WRONG: dict[str, tuple[dict[str, str], int]] = {
    "ServerDown": ({f"up{NODE}": "1 0x30"}, 10),
    "ServerNotReady": ({"p2claw_server_ready": "1 0x30"}, 10),
    "StoreGone": ({"p2claw_store_available": "1 0x30"}, 10),
    "BusGone": ({"p2claw_bus_available": "1 0x30"}, 10),
    "BoxesLost": ({"p2claw_boxes_online": "100x20 60x30"}, 28),
    "BoxesSilent": (
        {
            REFUSED % "box-silent": "0+6x60",
            'p2claw_visits_introduced_total{instance="one"}': "0+60x60",
        },
        40,
    ),
    "VisitsGoingDown": ({REFUSED % "going-down": "0+120x60"}, 20),
    "RegistrationsRefused": (
        {'p2claw_registrations_refused_total{code="clock-skew"}': "0+60x60"},
        40,
    ),
    "RelayGone": ({'p2claw_relay_up{url="turn:a", instance="one"}': "0x30"}, 10),
    "NoRelayInRegion": (
        {
            'p2claw_relay_up{url="turn:a", relay="a", region="eu"}': "0x30",
            'p2claw_relay_weight{relay="a", region="eu"}': "3x30",
            # This one lends, and is drained.
            'p2claw_relay_up{url="turn:b", relay="b", region="eu"}': "1x30",
            'p2claw_relay_weight{relay="b", region="eu"}': "0x30",
            'p2claw_relay_up{url="turn:c", relay="c", region="us"}': "1x30",
            'p2claw_relay_weight{relay="c", region="us"}': "1x30",
        },
        10,
    ),
    "RelayOverBudget": ({"p2claw_relay_boxes_over_budget": "2x30"}, 20),
    "RelayNotCounted": ({"p2claw_relay_accounts_available": "1 0x30"}, 20),
    "SocketsNearLimit": ({"p2claw_sockets": "90x30", "p2claw_sockets_limit": "100x30"}, 20),
    "ProcessorFull": ({f"process_cpu_seconds_total{NODE}": "0+55x60"}, 40),
}
# The same where nothing is wrong.
RIGHT = {
    f"up{NODE}": "1x60",
    "p2claw_server_ready": "1x60",
    "p2claw_store_available": "1x60",
    "p2claw_bus_available": "1x60",
    "p2claw_boxes_online": "100x20 90x40",
    REFUSED % "box-silent": "0+1x60",
    REFUSED % "going-down": "0+10x60",
    'p2claw_visits_introduced_total{instance="one"}': "0+60x60",
    'p2claw_registrations_refused_total{code="clock-skew"}': "0+2x60",
    'p2claw_registrations_refused_total{code="invite-needed"}': "0+600x60",
    # Of two servers one does not reach it.
    'p2claw_relay_up{url="turn:a", relay="a", region="eu", instance="one"}': "1x60",
    'p2claw_relay_up{url="turn:a", relay="a", region="eu", instance="two"}': "0x60",
    'p2claw_relay_weight{relay="a", region="eu", instance="one"}': "1x60",
    'p2claw_relay_weight{relay="a", region="eu", instance="two"}': "1x60",
    "p2claw_relay_boxes_over_budget": "0x60",
    "p2claw_relay_accounts_available": "1x60",
    # Drained, while another one of its region lends.
    'p2claw_relay_up{url="turn:b", relay="b", region="eu", instance="one"}': "1x60",
    'p2claw_relay_weight{relay="b", region="eu", instance="one"}': "0x60",
    "p2claw_sockets": "50x60",
    "p2claw_sockets_limit": "100x60",
    f"process_cpu_seconds_total{NODE}": "0+20x60",
}


def series(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"series": name, "values": value} for name, value in values.items()]


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    assert re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE) == NAMES == list(WRONG)
    runbooks = re.findall(r"runbook: docs/RUNBOOK\.md#(\w+)", ALERTS.read_text())
    assert runbooks == [name.lower() for name in NAMES]


def test_alerts_look_only_at_figures_that_there_are() -> None:
    named = set(re.findall(r"\bp2claw_[a-z_]+\b", ALERTS.read_text()))
    assert {name.removesuffix("_total") for name in named} <= {
        name.removesuffix("_total") for name in families()
    }


@needs_prometheus
def test_promtool_can_read_the_alerts() -> None:
    assert promtool("check", "rules", str(ALERTS)) == ""


@needs_prometheus
def test_each_alert_fires_where_something_is_wrong_and_nowhere_else(tmp_path: Path) -> None:
    tests: list[dict[str, Any]] = []
    for name, (values, after) in WRONG.items():
        rule = {"eval_time": f"{after}m", "alertname": name}
        tests.append(
            {
                "interval": "1m",
                "input_series": series(values),
                "promql_expr_test": [
                    {
                        "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}})',
                        "eval_time": rule["eval_time"],
                        "exp_samples": [{"labels": "{}", "value": 1}],
                    }
                ],
            }
        )
    quiet = [{"expr": "count(ALERTS)", "eval_time": f"{m}m", "exp_samples": []} for m in (20, 50)]
    tests.append({"interval": "1m", "input_series": series(RIGHT), "promql_expr_test": quiet})
    file = tmp_path / "tests.yml"
    # JSON is YAML.
    file.write_text(
        json.dumps({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests})
    )
    assert promtool("test", "rules", str(file)) == ""


@pytest.mark.parametrize("name", NAMES)
def test_whoever_is_woken_up_knows_by_what(name: str) -> None:
    (part,) = re.findall(rf"- alert: {name}\n(?:.+\n)+", ALERTS.read_text())
    severity = re.findall(r"severity: (page|ticket)", part)[0]
    section = RUNBOOK.partition(f"## {name}\n")[2].partition("\n## ")[0]
    assert section.strip().startswith(f"`{severity}`.")
