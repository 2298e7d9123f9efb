"""The names of this coordinator. A registration made for another name is refused. Pure.

The Host header proves nothing here: an attacker that carries a registration from one coordinator to
another can write any Host. Only the names that the operator gave count, and the address that the
TCP connection really reached.
"""

from __future__ import annotations

from p2claw.config import ServerConfig

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Audience:
    """The names of one coordinator."""

    def __init__(self, config: ServerConfig) -> None:
        self._parent = config.parent.lower()
        self._extra = frozenset(name.lower() for name in config.names)
        self._ports = {config.listen_port, config.public_port}
        self._default_port = _DEFAULT_PORTS[config.scheme]

    def admits(self, audience: str, reached: tuple[str, int] | None) -> bool:
        """Whether a registration signed for this audience is for us.

        audience: `host[:port]`, lower case. reached: the local address of the TCP connection.
        """
        if audience in self._extra:
            return True
        host, port = _split(audience, self._default_port)
        if reached is not None and (host, port) == reached:
            return True
        if port not in self._ports:
            return False
        if host == self._parent or host.endswith("." + self._parent):
            return True
        return self._parent == "localhost" and host in _LOOPBACK


def _split(audience: str, default_port: int) -> tuple[str, int]:
    """Host without brackets, and port. -1 is no port at all."""
    host, colon, port = audience.rpartition(":")
    if not colon or audience.endswith("]"):
        return audience.strip("[]"), default_port
    if not (port.isascii() and port.isdigit() and len(port) <= 5):
        return audience, -1
    return host.strip("[]"), int(port)
