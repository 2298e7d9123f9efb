"""What a visitor remembers of dialling one host: how, for the next visit, and whether in vain."""

from __future__ import annotations

from p2claw.visitor import dead_dials, kept_dials
from p2claw.visitor.dead_dials import DeadDials
from p2claw.visitor.kept_dials import KeptDials
from p2claw.visitor.pins import PinStore
from p2claw.wire.signalling import DialOffered
from p2claw.wire.signalling.dialling import Descriptor


class DialMemory:
    """Of one host, in two files beside the pins. Without pins nothing is remembered."""

    def __init__(self, host: str, pins: PinStore | None) -> None:
        self._host = host
        self._kept = self._dead = None
        if pins is not None:
            self._kept = KeptDials(pins.path.with_name(kept_dials.FILE_NAME))
            self._dead = DeadDials(pins.path.with_name(dead_dials.FILE_NAME))

    def kept(self) -> DialOffered | None:
        """As an earlier visit has kept it, if that is not over. It is not verified yet."""
        return None if self._kept is None else self._kept.get(self._host)

    def keep(self, dial: DialOffered) -> None:
        """For the next visit."""
        if self._kept is not None:
            self._kept.keep(self._host, dial)

    def drop(self, dial: DialOffered) -> None:
        """It is of no use any more. What another visit has kept meanwhile stays."""
        if self._kept is not None:
            self._kept.drop(self._host, dial)

    def is_dead(self, descriptor: Descriptor) -> bool:
        """Whether a dial of this kind led to nobody a short while ago."""
        return self._dead is not None and self._dead.is_dead(self._host, descriptor)

    def led_nowhere(self, descriptor: Descriptor) -> None:
        """Nobody was there, though the box was reached otherwise."""
        if self._dead is not None:
            self._dead.add(self._host, descriptor)
