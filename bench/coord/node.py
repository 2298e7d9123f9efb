"""`python -m bench.coord.node DATA BOXES [STORE BUS [LISTEN]]`: no limits per address.

All agents and visitors of a bench come from this machine. All else is as it comes.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import uvloop

from bench.coord.descriptors import allow
from bench.stdio import emit, errors_emitted
from p2claw import log
from p2claw.cli.serving import Serving, serve
from p2claw.config import BusAddress, ServerConfig, ServerLimits, StoreAddress

_ANY = 10_000_000
_SPARE = 2_000
_FEWEST = 400


def limits(boxes: int) -> ServerLimits:
    return dataclasses.replace(
        ServerLimits(),
        sockets=4 * boxes + _SPARE,
        boxes=boxes + _SPARE,
        visit_burst=_ANY,
        visits_per_minute=_ANY,
        box_visit_burst=_ANY,
        box_visits_per_minute=_ANY,
        visit_message_burst=_ANY,
        visit_messages_per_minute=_ANY,
        registration_burst=_ANY,
        registrations_per_minute=_ANY,
        alias_burst=_ANY,
        aliases_per_minute=_ANY,
    )


def main(data: str, boxes: str, store: str = "", bus: str = "", node_listen: str = "") -> None:
    with errors_emitted():
        # A box that comes back may have its old connection still.
        allow(4 * int(boxes) + 2 * _SPARE, int(boxes) + _FEWEST)
        config = dataclasses.replace(
            ServerConfig(),
            listen="127.0.0.1:0",
            data_dir=Path(data),
            store=StoreAddress.parse(store),
            bus=BusAddress.parse(bus),
            node_listen=node_listen,
            limits=limits(int(boxes)),
        )
        log.configure(level="warning", form="text")

        def ready(running: Serving) -> None:
            emit({"listen": running.config.listen})

        uvloop.run(serve(config, ready))


if __name__ == "__main__":
    main(*sys.argv[1:])
