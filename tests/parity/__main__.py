"""python -m tests.parity [--browser chromium|firefox] [--area NAME,…] [--only PATTERN] [--selected]
[--json] [--record] [--show N]: run, print what differs, exit with 1 when something new does."""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import shutil
import sys
from pathlib import Path

from tests.parity.areas import all_cases
from tests.parity.cases import Case, selected
from tests.parity.compare import Result
from tests.parity.known import record, unexplained
from tests.parity.report import as_json, examples, table
from tests.parity.suite import ground, run_browser

FOLDER = Path(__file__).parents[2] / "build" / "parity"
BROWSERS = ("chromium", "firefox")


def chosen(given: argparse.Namespace) -> list[Case]:
    areas = given.area.split(",") if given.area else []
    cases = selected(all_cases()) if given.selected else all_cases()
    cases = [case for case in cases if not areas or case.area in areas]
    if given.only:
        cases = [case for case in cases if fnmatch.fnmatchcase(case.id, given.only)]
    if not cases:
        raise SystemExit("no case is called so")
    return cases


async def run(given: argparse.Namespace) -> list[Result]:
    cases = chosen(given)
    log = lambda text: print(f"» {text}", file=sys.stderr)  # noqa: E731
    log(f"{len(cases)} cases")
    folder = Path(given.folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    results = []
    async with ground(cases, folder) as (app, running):
        for kind in (given.browser,) if given.browser else BROWSERS:
            results.append(await run_browser(kind, cases, app, running, folder, log))
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    parser.add_argument("--browser", choices=BROWSERS)
    parser.add_argument("--area", help="areas, with commas between")
    parser.add_argument("--only", help="cases whose id matches, with * as in file names")
    parser.add_argument("--selected", action="store_true", help="only the cases of `make test`")
    parser.add_argument("--json", action="store_true", help="everything, to standard output")
    parser.add_argument("--record", action="store_true", help="note what differs as known")
    parser.add_argument("--show", type=int, default=1, help="examples of each kind (default 1)")
    parser.add_argument("--known", action="store_true", help="show also what is known to differ")
    parser.add_argument("--folder", default=str(FOLDER), help="for profiles, logs and observations")
    given = parser.parse_args()
    results = asyncio.run(run(given))
    if given.area or given.only or given.selected:
        # Of what a rule for all areas expects, a part may have nothing.
        for result in results:
            result.stale = [rule for rule in result.stale if not rule.pattern.startswith("*")]
    if given.record:
        ran = {case.id for case in chosen(given)}
        for result in results:
            differing = {one.id for one in result.differences}
            record(result.browser, differing, lambda id: _case_of(id) in ran)
    if given.json:
        print(as_json(results))
    else:
        for result in results:
            print("\n".join(table(result)))
            shown = result.differences if given.known else result.total.new
            print("\n".join(examples(shown, given.show)))
    for one in unexplained():
        print(f"recorded without a reason: {one}", file=sys.stderr)
    bad = any(result.stale or (result.total.new and not given.record) for result in results)
    return 1 if bad or unexplained() else 0


def _case_of(id: str) -> str:
    return id.partition(":")[0]


if __name__ == "__main__":
    raise SystemExit(main())
