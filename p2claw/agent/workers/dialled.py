"""Where visitors dial the workers: each has a descriptor of its own, and perhaps a UDP port."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.visitors.knocks import Knocks
from p2claw.agent.visitors.public_addresses import dialled_addresses, port_at, public_addresses
from p2claw.agent.workers.keeper import State, WorkerKeeper
from p2claw.agent.workers.messages import Dialable, DialKey, ExpectKnock
from p2claw.link.dial_keys import DialKeys
from p2claw.link.ice.host_addresses import HostAddress, host_addresses
from p2claw.wire.signalling.dialling import Descriptor


class DialledWorkers:
    """The addresses of all workers, their keys, and which of their ports strangers reach.

    All have one certificate, but each worker its own key. keepers: of all workers; may be filled
    later. is_fixed: whether the UDP ports are those that the operator has named. is_shared: whether
    all have one.
    """

    def __init__(
        self, keepers: Sequence[WorkerKeeper], *, is_fixed: bool, is_shared: bool = False
    ) -> None:
        self._keepers = keepers
        self._is_fixed = is_fixed
        self._is_shared = is_shared
        self._keys = DialKeys()
        self._knocks = Knocks()

    def descriptors(self, names: PublicNames) -> tuple[Descriptor, ...]:
        """One of each worker that can be dialled."""
        hosts = host_addresses()
        at = {keeper: self._dialled_at(keeper, names, hosts) for keeper in self._keepers}
        if not any(at.values()):
            return ()
        current = self._keys.current()
        generations = self._keys.generations.values()
        for keeper in self._keepers:
            keys = tuple(DialKey.of(one.at(keeper.number)) for one in generations)
            keeper.dialable(Dialable(names, keys))
        return tuple(
            current.at(keeper.number).descriptor(addresses, keeper.number)
            for keeper, addresses in at.items()
            if addresses and self.is_open(keeper.number) is not False
        )

    def knocks_wanted(self, names: PublicNames) -> tuple[bytes, tuple[int, ...]]:
        """As of `visitors.Introduced`."""
        found = {
            self._port_of(keeper.number): port_at(names.seen, self._reached_at(keeper, names))
            for keeper in self._keepers
            if keeper.state is State.READY
        }
        ports = {number: port for number, port in found.items() if port is not None}
        token = self._knocks.begin(ports)
        for keeper in self._keepers:
            keeper.send(ExpectKnock(token))
        return token, tuple(dict.fromkeys(ports.values()))

    def knock_received(self, keeper: WorkerKeeper, token: bytes) -> None:
        """A knock has come to the port of this worker."""
        self._knocks.received(self._port_of(keeper.number), token)

    def knocks_over(self, token: bytes, ports: tuple[int, ...]) -> bool:
        """As of `visitors.Introduced`."""
        return self._knocks.over(token, ports)

    @property
    def has_closed_port(self) -> bool:
        """Whether a knock at a port did not come."""
        return self._knocks.is_any_closed

    def is_open(self, number: int) -> bool | None:
        """Whether strangers reach the port of the worker with this number; None: not known."""
        return self._knocks.is_open(self._port_of(number))

    def _port_of(self, number: int) -> int:
        """By which a port is known: the number of the worker that has it, or the first one's."""
        return 0 if self._is_shared else number

    def _dialled_at(
        self, keeper: WorkerKeeper, names: PublicNames, hosts: Iterable[HostAddress]
    ) -> tuple[tuple[str, int], ...]:
        if keeper.state is not State.READY:
            return ()
        reached = self._reached_at(keeper, names)
        return dialled_addresses(reached, hosts, keeper.udp_port, is_fixed=self._is_fixed)

    def _reached_at(self, keeper: WorkerKeeper, names: PublicNames) -> tuple[tuple[str, int], ...]:
        return public_addresses(
            keeper.public_addresses,
            seen=names.seen,
            port=keeper.udp_port,
            is_fixed=self._is_fixed,
        )
