"""Tells the boxes of this node what was relayed for them, and what may be."""

from __future__ import annotations

from p2claw.coord.relayed.relay_watch import RelayWatch
from p2claw.coord.switchboard import Switchboard
from p2claw.wire.signalling import Relayed, encode_agent


class RelayTelling:
    """Sends it to whoever comes online (`first`), and again when it has changed."""

    def __init__(self, watch: RelayWatch, switchboard: Switchboard) -> None:
        self._watch = watch
        self._switchboard = switchboard
        watch.on_changed = self._tell

    def first(self, account: str) -> bytes:
        """The message for a box that is online now, by its key alias."""
        usage, budget = self._watch.of(account)
        return encode_agent(
            Relayed(
                *(usage.month_bytes, usage.day_bytes),
                *(budget.month_bytes, budget.day_bytes),
            )
        )

    def _tell(self, accounts: frozenset[str]) -> None:
        boxes = self._switchboard.rendezvous.boxes
        for account in accounts:
            box = boxes.called(account)
            outbox = None if box is None else self._switchboard.boxes.get(box.connection)
            if outbox is not None:
                outbox.send(self.first(account))
