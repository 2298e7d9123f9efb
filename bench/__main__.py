"""`python -m bench NAME [--json] [--runs N] [--mb N]`: runs one bench and prints it, a line a run.

Standard output has the lines, standard error what is going on. Exit codes are those of `p2claw`.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine

from bench import coord, costs, crowd, first_byte, hostile, page, scale, serve, wan, whole_path
from bench.dataplane import cases
from bench.report import Report
from p2claw.cli.exit_codes import INTERRUPTED, exit_code_of
from p2claw.cli.output import print_error
from p2claw.errors import P2clawError


def main() -> int:
    args = _parser().parse_args()
    try:
        if args.name == "costs":  # some of its cases have a loop of their own
            costs.run(Report(as_json=args.json), args)
        else:
            asyncio.run(_ended_by_sigterm(_run(args)))
    except P2clawError as error:
        print_error(error, as_json=args.json)
        return exit_code_of(error)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    return 0


async def _run(args: argparse.Namespace) -> None:
    report = Report(as_json=args.json)
    if args.name == "wan":
        await wan.run(report, args)
        return
    if args.name == "scale":
        await scale.run(report, args)
        return
    if args.name == "coord":
        await coord.run(report, args)
        return
    if args.name == "crowd":
        await crowd.run(report, args)
        return
    if args.name == "page":
        await page.run(report, args)
        return
    if args.name == "first-byte":
        await first_byte.run(report, args)
        return
    if args.name == "hostile":
        await hostile.run(report, args)
        return
    if args.name == "serve":
        await serve.run(report, args)
        return
    sizes = {"runs": args.runs, "megabytes": args.mb}
    if args.name in ("whole-path", "all"):
        await whole_path.run(report, **sizes)
    if args.name == "dataplane":
        await cases.run(report, **sizes, cases=args.case or tuple(cases.CASES))
    if args.name == "all":
        await cases.run(report, **sizes)


async def _ended_by_sigterm(bench: Coroutine[object, object, None]) -> None:
    """Let SIGTERM end a bench as Ctrl-C does, so that what it started ends with it."""
    task = asyncio.ensure_future(bench)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="JSON lines instead of text")
    common.add_argument("--runs", type=_positive, default=5, help="interleaved runs of each side")
    common.add_argument("--mb", type=_positive, default=200, help="megabytes a run")
    names = parser.add_subparsers(dest="name", required=True)
    names.add_parser("whole-path", parents=[common], help="beside one raw aiortc channel")
    dataplane = names.add_parser(
        "dataplane", parents=[common], help="case by case, beside aiortc and libwebrtc"
    )
    dataplane.add_argument("--case", nargs="+", choices=cases.CASES, help="these alone")
    wan.add_options(names.add_parser("wan", parents=[common], help="over emulated lines; as root"))
    scale.add_options(names.add_parser("scale", parents=[common], help="many visitors at once"))
    coord.add_options(
        names.add_parser("coord", parents=[common], help="many boxes, and introductions")
    )
    crowd.add_options(
        names.add_parser("crowd", parents=[common], help="films, pictures and rushes; as root")
    )
    page.add_options(names.add_parser("page", parents=[common], help="in real browsers"))
    first_byte.add_options(
        names.add_parser("first-byte", parents=[common], help="round trips of a visit; as root")
    )
    costs.add_options(
        names.add_parser("costs", parents=[common], help="what n things cost that a peer chooses")
    )
    hostile.add_options(
        names.add_parser("hostile", parents=[common], help="a visitor beside one that attacks")
    )
    serve.add_options(
        names.add_parser("serve", parents=[common], help="per request, beside Caddy and nginx")
    )
    names.add_parser(
        "all",
        parents=[common],
        help="whole-path and dataplane, in all their cases",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
