"""What a case is: an act of the page, its arguments, what the upstream plays, and what it notes.

A case is `area/topic/case`; each fact that it yields is an observation, `area/topic/case:fact`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.parity.upstream.plays import Play
from tests.parity.upstream.sockets import SocketPlay

Sees = Literal["count", "lines", "fields", "order", "body", "frames", "conditions"]
# A scene gets its side and its case, and returns facts.
Scene = Callable[[Any, Any], Awaitable[dict[str, Any]]]
ID = re.compile(r"[a-z-]+/[a-z0-9-]+/[A-Za-z0-9._-]+")
STAGE = "/stage/a"
LIMIT_S = 6.0


@dataclass(frozen=True, slots=True)
class Case:
    """plays: by name below the case ("" for the case itself), one for each request in turn.

    sees: what of the requests that arrived is an observation. alone: not beside other cases.
    stage: the path of the page it runs in. fresh: in a page that no other case has used.
    scene: what the driver does instead of an act, with tabs of its own.
    """

    id: str
    act: str
    args: Mapping[str, Any]
    plays: Mapping[str, tuple[Play | SocketPlay, ...]] = field(default_factory=dict)
    sees: tuple[Sees, ...] = ()
    alone: bool = False
    fresh: bool = False
    stage: str = STAGE
    limit_s: float = LIMIT_S
    scene: Scene | None = None

    def __post_init__(self) -> None:
        if not ID.fullmatch(self.id):
            raise ValueError(f"no id of a case: {self.id!r}")

    @property
    def area(self) -> str:
        return self.id.partition("/")[0]

    @property
    def topic(self) -> str:
        return "/".join(self.id.split("/")[:2])


def address(case: str, rest: str = "") -> str:
    """The path of a case at the upstream; `rest` begins with "/@" or "?"."""
    return f"/p/{case}{rest}"


# One case of each fault that was mended, where chance would not choose it.
MENDED = frozenset(
    (
        "bodies/timeout-xhr/upload",
        "cookies/attribute/a-b-Domain-example-com-Domai.8309bf7a",
        "cookies/in-turn/replace-keeps-place",
        "cookies/sequence/delete",
        "cookies/store/bad-path",
        "documents/field/sandbox-scripts",
        "fields/length/30",
        "history/walk/clone",
        "history/walk/restoration",
        "performance/resource/img",
        "requests/init/keepalive-True.5dcee3b3",
        "sockets/address/empty",
    )
)


def selected(cases: list[Case]) -> list[Case]:
    """The cases of `make test`: one in twenty, always the same ones, two of every topic, MENDED."""
    chosen = {case.id for case in cases if _sum(case.id) % 20 == 0} | MENDED
    for topic in dict.fromkeys(case.topic for case in cases):
        ids = sorted((case.id for case in cases if case.topic == topic), key=_sum)
        chosen.update(ids[:2])
    return [case for case in cases if case.id in chosen]


def slug(text: str) -> str:
    """A name for a case that is itself a text: what can be read of it, and a sum of all of it."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", text)[:28].strip("-") or "x"
    return f"{plain}.{_sum(text):08x}"


def _sum(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def case(id: str, act: str, *plays: Play | SocketPlay, rest: str = "", **given: Any) -> Case:
    """A case whose act gets `url`, its own address; what Case knows is Case's."""
    own = {name: given.pop(name) for name in _OF_CASE if name in given}
    named = {
        name: play if isinstance(play, list) else [play]
        for name, play in given.pop("also", {}).items()
    }
    all_plays = {"": tuple(plays)} if plays else {}
    all_plays |= {name: tuple(each) for name, each in named.items()}
    return Case(id, act, {"url": address(id, rest), **given}, all_plays, **own)


_OF_CASE = ("sees", "alone", "fresh", "stage", "limit_s", "scene")
