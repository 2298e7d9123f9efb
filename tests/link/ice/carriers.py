"""A carrier that an ICE agent notifies, for a test that needs no notice."""

from __future__ import annotations

from aioice.ice import CandidatePair


class Nobody:
    def address_validated(self, addr: tuple[str, int], *, confirmed: bool) -> None: ...
    def check_dropped(self) -> None: ...
    def path_selected(self, pair: CandidatePair) -> None: ...
    def datagram_received(self, data: bytes) -> None: ...
    def relayed_stun(self, message: bytes) -> bool:
        return False
