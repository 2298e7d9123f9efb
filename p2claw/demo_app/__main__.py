"""`python -m p2claw.demo_app --port 0`: listens, prints its address, and serves until it gets a
signal.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from aiohttp import web

from p2claw.demo_app.server import MediaMissingError, make_app

# An open feed or download must not keep the program from ending.
SHUTDOWN_S = 1.0


def main() -> int:
    options = _options()
    try:
        return asyncio.run(_serve(options.host, options.port))
    except MediaMissingError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: cannot listen: {error.strerror or error}", file=sys.stderr)
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m p2claw.demo_app", description="A sample web app to look at from outside."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=3000, help="port; 0 takes a free one (3000)")
    return parser.parse_args()


async def _serve(host: str, port: int) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(make_app(), access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0]
        print(f"listening on http://{bound[0]}:{bound[1]}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
