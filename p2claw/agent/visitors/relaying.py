"""Follows one link over its paths: what of it went through a relay, and whether more may.

All links of a process are counted together in `traffic.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from p2claw.agent.access.pages import LinkView
from p2claw.agent.http.under_way import UnderWay
from p2claw.agent.request_faults import RelayLimitFault
from p2claw.agent.visitors.traffic import DIRECT, RELAYED, Traffic
from p2claw.log import get_log

log = get_log("agent")


class RelayMeter:
    """The bytes of one link, which may change its path, and whether it may relay more.

    A visit is a link, and what carries its session on. id: of the link, for the log. look: how the
    link is now, for its visitor.
    """

    def __init__(
        self, traffic: Traffic, id: str = "", look: Callable[[], LinkView] = LinkView
    ) -> None:
        self.look = look
        self.traffic = traffic
        self._id = id
        self._path = ""  # until the first note
        self._seen = (0, 0)
        self._relayed = (0, 0)
        self._chunks = (0, 0)
        self._is_visit = False  # counted as one
        self._under_way: set[UnderWay] = set()
        self._is_logged = False

    @property
    def is_direct(self) -> bool:
        """Whether the path was direct at the latest `note`: then nothing is limited."""
        return self._path == DIRECT

    @property
    def relayed(self) -> tuple[int, int]:
        """What has gone through a relay until the latest `note`, in and out."""
        return self._relayed

    def note(self, app: str, path: str, bytes_in: int, bytes_out: int) -> None:
        """Count what the session has moved since the last time: it went by the path of that time.

        path: from now on. Call it whenever the path changes, and now and then. What is queued at a
        change counts for the old path.
        """
        grown = bytes_in - self._seen[0], bytes_out - self._seen[1]
        self._seen = bytes_in, bytes_out
        now = RELAYED if path == RELAYED else DIRECT
        self._path = self._path or now
        if bytes_in and not self._is_visit:
            self._is_visit = True
            self.traffic.visit(app, now)
        self.traffic.add(app, self._path, grown)
        if self._path == RELAYED:
            self._relayed = self._relayed[0] + grown[0], self._relayed[1] + grown[1]
        self._path = now
        if self._limit():
            self._log(app)
            for under_way in self._under_way:
                under_way.end(RelayLimitFault("a limit of relayed bytes is reached"))

    def note_chunks(self, app: str, sent: int, lost: int) -> None:
        """The same of the chunks of its association, which begins at 0 again on another link."""
        before = self._chunks if sent >= self._chunks[0] else (0, 0)
        self._chunks = sent, lost
        path = self._path or DIRECT
        self.traffic.chunks(app, path, sent - before[0], lost - before[1])

    def watch(self, under_way: UnderWay) -> None:
        """End a request when a limit of relayed bytes is reached.

        Raises RelayLimitFault if one is already. On a direct path none ever is.
        """
        if self._path == RELAYED and (limit := self._limit()):
            raise RelayLimitFault(f"the limit of relayed bytes per {limit} is reached")
        self._under_way.add(under_way)
        under_way.at_end.append(self._under_way.discard)

    def _limit(self) -> str:
        """Which limit holds this link, as long as its path is relayed; "": none."""
        if self._path != RELAYED:
            return ""
        if 0 < self.traffic.per_visit <= sum(self._relayed):
            return "visit"
        return "day" if self.traffic.day_is_used_up else ""

    def _log(self, app: str) -> None:
        if not self._is_logged:
            self._is_logged = True
            log.info(
                "relay limit reached",
                session=self._id,
                app=app,
                limit=self._limit(),
                relayed=sum(self._relayed),
            )
