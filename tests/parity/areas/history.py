"""The session history of a page that moves within itself (HTML §7.2, §7.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.cases import Case

Steps = list[list[Any]]


def cases() -> Iterator[Case]:
    for name, steps in WALKS.items():
        args = {"steps": steps}
        yield Case(f"history/walk/{name}", "history", args, fresh=True, limit_s=12)
    for kind in STATES:
        args = {"steps": [["odd", kind]]}
        yield Case(f"history/state/{kind}", "history", args, alone=True)
    for name, step in REFUSED.items():
        yield Case(f"history/address/{name}", "history", {"steps": [step]}, alone=True)


WALKS: dict[str, Steps] = {
    "push-back": [["push", {"a": 1}, "?one"], ["push", {"a": 2}, "?two"], ["back"], ["back"], ["forward"], ["forward"]],
    "push-cuts": [["push", 1, "?1"], ["push", 2, "?2"], ["back"], ["push", 3, "?3"], ["forward"], ["back"]],
    "replace": [["replace", {"r": 1}], ["push", 1, "?1"], ["replace", {"r": 2}, "?2"], ["back"], ["forward"]],
    "go": [["push", 1, "?1"], ["push", 2, "?2"], ["push", 3, "?3"], ["go", -2], ["go", 1], ["go", -9], ["go", 9]],
    "hash": [["hash", "a"], ["hash", "b"], ["hash", "b"], ["hash", "#c"], ["hash", ""], ["back"], ["back"], ["back"]],
    "hash-state": [["push", {"s": 1}, "#x"], ["hash", "y"], ["back"], ["forward"], ["replace", 5], ["back"], ["forward"]],
    "href-hash": [["href", "#one"], ["href", "#two"], ["assign", "#three"], ["swap", "#four"], ["back"], ["back"]],
    "click-hash": [["click", "#one"], ["click", "#two"], ["click", "#two"], ["back"], ["click", ""], ["click", "#"]],
    "restoration": [["restoration", "manual"], ["push", 1, "?1"], ["restoration", "auto"], ["back"], ["forward"], ["restoration", "bad"]],
    "clone": [["remember", {"a": "given"}], ["change"], ["push", 2, "?2"], ["back"]],
    "same-address": [["push", 1, ""], ["push", 2, ""], ["back"], ["back"], ["forward"]],
    "no-address": [["push", 1], ["push", 2], ["back"], ["replace", 3], ["forward"]],
    "fragments-and-push": [["hash", "a"], ["push", 1, "?q"], ["hash", "b"], ["back"], ["back"], ["back"], ["go", 3]],
    "navigate": [["navigate", "#n", {}], ["navigate", "#m", {"history": "replace"}], ["keep", {"k": 1}], ["back"]],
    "umlauts": [["push", {"ü": "🦀"}, "?ü=🦀#ä"], ["push", None, "/stage/ü"], ["back"]],
    "many": [["push", n, f"?{n}"] for n in range(12)] + [["go", -11], ["go", 5]],
    "back-twice": [["push", 1, "?1"], ["push", 2, "?2"], ["push", 3, "?3"], ["back"], ["back"], ["push", 4, "?4"], ["back"]],
    "two-at-once": [["push", 1, "#1"], ["hash", "2"], ["push", 3, "#3"], ["go", -2], ["go", 2], ["hash", "4"], ["back"]],
}  # fmt: skip

STATES = ("date", "map", "set", "regexp", "blob", "buffer", "error", "big", "nan", "undefined", "nothing", "function")
STATES += ("symbol", "cycle", "node", "long", "sparse", "nested", "prototype", "port")

REFUSED: dict[str, list[Any]] = {
    "other-origin": ["push", 1, "http://other.example/"], "scheme": ["push", 1, "ftp://x/"], "bad": ["push", 1, "http://"],
    "user": ["push", 1, "http://u:p@localhost/"], "port": ["replace", 1, "http://localhost:1/"], "relative": ["push", 1, "deeper/x"],
    "up": ["push", 1, "../up"], "root": ["push", 1, "/"], "query": ["push", 1, "?q=1"], "fragment": ["replace", 1, "#f"],
    "empty": ["replace", 1, ""], "data": ["push", 1, "data:,x"], "blob": ["push", 1, "blob:x"], "null": ["push", 1, None],
    "backslash": ["push", 1, "\\x\\y"], "spaces": ["push", 1, " ?a b "], "slashes": ["push", 1, "//other.example/"],
    "javascript": ["push", 1, "javascript:1"], "about": ["push", 1, "about:blank"], "number": ["push", 1, 42],
}  # fmt: skip
