"""`coordinators.json`: which coordinators this box has joined, and which of them is the default."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from p2claw.config import check_coordinator
from p2claw.errors import UsageError
from p2claw.locked_file import LockedFile
from p2claw.units import KIB

VERSION = 1
COORDINATORS = 32

FILE_BYTES = 64 * KIB
# Of docs/WIRE.md §11, `register`.
INVITE_CHARS = 64

_MEND = "Mend the file, or remove it and join again; until then no coordinator is used"


@dataclass(frozen=True, slots=True)
class Joined:
    """The coordinators of a box, as `check_coordinator` writes them, in the order of joining.

    default: the one to use of several, if there is one. invites: by URL, the codes of invitations.
    """

    urls: tuple[str, ...] = ()
    default: str | None = None
    invites: tuple[tuple[str, str], ...] = ()

    @property
    def usual(self) -> str | None:
        """The coordinator to register with if none is named; None: one must be named."""
        return self.urls[0] if len(self.urls) == 1 else self.default

    def invite_of(self, url: str) -> str:
        """The code to show to a coordinator that does not know this box; "": none."""
        return dict(self.invites).get(url, "")

    def __str__(self) -> str:
        """For people: `a, b and c`."""
        return " and ".join(filter(None, (", ".join(self.urls[:-1]), *self.urls[-1:]))) or "none"


class CoordinatorFile:
    """The file `coordinators.json`. All methods block on the disk."""

    def __init__(self, path: Path) -> None:
        self._file = LockedFile(path, "coordinators", FILE_BYTES, _MEND)

    def load(self) -> Joined:
        """What was joined. Raises UsageError `coordinators-exposed`, `coordinators-damaged`."""
        content = self._file.read()
        return Joined() if content is None else self._parse(content)

    def join(self, url: str, *, default: bool = False, invite: str = "") -> Joined:
        """Add a coordinator; one that is there stays. default: make it the default.

        invite: a code to show there, in the place of the one before; "": that one stays.

        Raises UsageError, `coordinators-full` above COORDINATORS.
        """

        def change(joined: Joined) -> Joined:
            urls = joined.urls if url in joined.urls else (*joined.urls, url)
            if len(urls) > COORDINATORS:
                raise UsageError(
                    f"A box joins at most {COORDINATORS} coordinators",
                    code="coordinators-full",
                    hint="`p2claw leave URL` makes room",
                )
            codes = {**dict(joined.invites), **({url: invite} if invite else {})}
            return Joined(urls, url if default else joined.default, tuple(codes.items()))

        return self._change(change)

    def remember(self, url: str) -> Joined:
        """Join a coordinator if none is joined yet. Raises UsageError."""
        return self._change(lambda joined: joined if joined.urls else Joined((url,)))

    def leave(self, url: str | None) -> str:
        """Forget a coordinator, the only one if url is None; returns which.

        Raises UsageError `coordinator-not-joined`, `coordinator-ambiguous`.
        """
        left = ""

        def change(joined: Joined) -> Joined:
            nonlocal left
            left = _to_leave(joined, url)
            kept = tuple(other for other in joined.urls if other != left)
            codes = tuple((other, code) for other, code in joined.invites if other != left)
            return Joined(kept, joined.default if joined.default != left else None, codes)

        self._change(change)
        return left

    def _change(self, change: Callable[[Joined], Joined]) -> Joined:
        with self._file.changing():
            before = self.load()
            after = change(before)
            if after != before:
                self._file.write(_serialize(after))
        return after

    def _parse(self, content: bytes) -> Joined:
        """A key that is not known is an error: a newer version may mean something by it."""
        document = self._file.parse(content)
        if not isinstance(document, dict) or document.keys() != {"version", "joined", "default"}:
            raise self._file.damaged('it is not {"version": 1, "joined": […], "default": …}')
        if document["version"] != VERSION:
            raise self._file.damaged(f"its version is {document['version']!r} and not {VERSION}")
        entries, default = document["joined"], document["default"]
        if not isinstance(entries, list) or len(entries) > COORDINATORS:
            raise self._file.damaged(f'"joined" is not a list of at most {COORDINATORS}')
        urls = tuple(map(self._url_of, entries))
        codes = tuple(
            (url, self._invite_of(entry))
            for url, entry in zip(urls, entries, strict=True)
            if "invite" in entry
        )
        if len(set(urls)) < len(urls) or not (default is None or default in urls):
            raise self._file.damaged("a coordinator is there twice, or the default is not there")
        return Joined(urls, default, codes)

    def _invite_of(self, entry: dict[str, object]) -> str:
        code = entry["invite"]
        if isinstance(code, str) and 0 < len(code) <= INVITE_CHARS:
            return code
        raise self._file.damaged(f"{code!r} is not the code of an invitation")

    def _url_of(self, entry: object) -> str:
        known = isinstance(entry, dict) and {"url"} <= entry.keys() <= {"url", "invite"}
        url = entry["url"] if isinstance(entry, dict) and known else None
        try:
            if isinstance(url, str) and check_coordinator(url) == url:
                return url
        except UsageError:
            pass
        raise self._file.damaged(f"{entry!r} is not the entry of a coordinator")


def _to_leave(joined: Joined, url: str | None) -> str:
    if url is None and len(joined.urls) > 1:
        raise UsageError(
            f"This box has joined {joined}",
            code="coordinator-ambiguous",
            hint="Name the one to leave: p2claw leave URL",
        )
    if url is None and joined.urls:
        return joined.urls[0]
    if url is None or url not in joined.urls:
        raise UsageError(
            f"This box has not joined {url or 'any coordinator'}",
            code="coordinator-not-joined",
            hint=f"It has joined {joined}" if joined.urls else "",
        )
    return url


def _serialize(joined: Joined) -> bytes:
    codes = dict(joined.invites)
    entries = [
        {"url": url, **({"invite": codes[url]} if url in codes else {})} for url in joined.urls
    ]
    document = {"version": VERSION, "joined": entries, "default": joined.default}
    return (json.dumps(document, indent=2) + "\n").encode()
