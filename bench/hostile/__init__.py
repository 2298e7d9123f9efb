"""hostile: what one well-behaved visitor notices of one that attacks, attack by attack.

Requests of a neighbour are timed three times in turn: alone, beside an attack on another box of the
same machine, and beside the same attack on its own box. The second shows what the machine does when
an attacker is busy on it; what is more than that, the box does. Whoever attacks without a link
disturbs visits, too: those are timed as well. The attacks are in `kinds.py`; one that loses its
link opens another and goes on. Each app has a process of its own, and the attacked app is not the
neighbour's. `cores.py`: the attacked box has a core to itself.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from bench.hostile.cores import Cores
from bench.hostile.figures import facts_of, summary
from bench.hostile.kinds import BY_A_STRANGER, KINDS, Kind
from bench.hostile.scene import Box, Scene, scene
from bench.processes import Child, cpu_s
from bench.report import Report
from bench.scale.usage import usage

REQUESTS = 3_000
SECONDS = 4.0
VISITS = 40
# Before the neighbour is timed: the attack has begun, or what it left has gone.
SETTLE_S = 1.0
# An attacker is served last, on a busy machine perhaps not for long.
BEGUN_S = 120.0
# `HOSTILE_TIMES`: more than a link can carry while the neighbour is timed.
WITHOUT_END = 1_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this bench may be asked for beside the options of all."""
    parser.add_argument("--case", nargs="+", choices=KINDS, help="these alone")
    parser.add_argument(
        "--any-core", action="store_true", help="leave it to the system who runs on which core"
    )


async def run(report: Report, args: argparse.Namespace) -> None:
    """Print a line per attack: milliseconds of the neighbour, and what the victim used."""
    cores = Cores(wanted=not args.any_core)
    async with scene(cores) as made:
        for name in args.case or KINDS:
            kind = KINDS[name]
            for turn in range(args.runs):
                report.progress(name, turn, args.runs, "alone, attack elsewhere, attack here")
                facts = await _noticed(made, kind, "alone")
                for box in (made.elsewhere, made.here):
                    facts |= await _beside(made, cores, box, name, kind)
                report.line(
                    attack=name,
                    run=turn + 1,
                    **facts,
                    **facts_of(facts),
                    **({"before": kind.before} if kind.before else {}),
                    own_core=cores.is_on,
                )


async def _beside(made: Scene, cores: Cores, box: Box, name: str, kind: Kind) -> dict[str, Any]:
    victim = box.stack.agent_pid if kind.victim == "agent" else box.stack.server_pid
    before, refused = usage(victim), await box.refused()
    attacker = await _attacker(made, box, name, kind)
    try:
        cores.behind(attacker.pid)
        await attacker.receive(timeout_s=BEGUN_S)
        await asyncio.sleep(SETTLE_S)
        begun_s, used_s = asyncio.get_running_loop().time(), cpu_s(victim)
        facts = await _noticed(made, kind, box.name)
        seconds = asyncio.get_running_loop().time() - begun_s
        percent = 100 * (cpu_s(victim) - used_s) / seconds
        during = usage(victim)
        codes = await attacker.ask("end", timeout_s=BEGUN_S)
    finally:
        await attacker.end()
    await asyncio.sleep(SETTLE_S)
    if box is made.here:
        facts["victim"] = kind.victim
        facts["victim_cpu_percent"] = round(percent, 1)
        facts["victim_more_mb"] = round((during.rss_kb - before.rss_kb) / 1_000, 1)
        facts["codes"] = codes
        facts["refused"] = {
            what: count - refused.get(what, 0)
            for what, count in (await box.refused()).items()
            if count > refused.get(what, 0)
        }
    return facts


async def _attacker(made: Scene, box: Box, name: str, kind: Kind) -> Child:
    if kind.module == BY_A_STRANGER:
        more = made.path_of_neighbour(box, await made.neighbour.ask({"do": "path"}))
    else:
        more = str(kind.links)
    return await Child.start(
        *(kind.module, box.attacked, box.stack.edge, name, more),
        env={"HOSTILE_TIMES": str(WITHOUT_END)},
    )


async def _noticed(made: Scene, kind: Kind, where: str) -> dict[str, Any]:
    """What the neighbour notices meanwhile."""
    command = {"do": "times", "path": "/", "count": REQUESTS, "limit_s": SECONDS}
    reply = await made.neighbour.ask(command, timeout_s=90)
    facts = summary(where, reply["ms"])
    if kind.module == BY_A_STRANGER:
        command = {"do": "visits", "count": VISITS, "limit_s": SECONDS}
        reply = await made.neighbour.ask(command, timeout_s=90)
        facts |= summary(f"{where}_visit", reply["ms"])
        if reply["refused"]:
            facts[f"{where}_visits_refused"] = reply["refused"]
    return facts
