"""Draws docs/goodput.svg: how much of a line each stack fills, from JSON lines of a bench.

    python -m bench wan --case goodput --json … >docs/dataplane/goodput.json
    python scripts/draw_goodput.py

Only the summaries are read; docs/dataplane/FIGURES.md says what they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "docs" / "dataplane" / "goodput.json"
TARGET = ROOT / "docs" / "goodput.svg"

# In the order of the bars: the name of the sender, what people know it by, and its colour.
STACKS = (
    ("p2claw", "p2claw", "#e2603f"),
    ("node-datachannel", "libdatachannel", "#0f7c8a"),
    ("wrtc", "libwebrtc", "#7fb4bb"),
    ("aiortc", "aiortc", "#c9bda9"),
)

WIDTH, LEFT, RIGHT, TOP = 900, 250, 840, 84
BAR, GROUP = 18, 104


@dataclass(frozen=True, slots=True)
class Line:
    """One emulated line, and what each sender delivered over it."""

    rtt_ms: float
    rate_mbit: float
    loss_percent: float

    @property
    def name(self) -> str:
        rate = f"{self.rate_mbit / 1000:g} Gbit/s" if self.rate_mbit >= 1000 else ""
        return f"{rate or f'{self.rate_mbit:g} Mbit/s'}, {self.rtt_ms:g} ms"

    @property
    def condition(self) -> str:
        return f"{self.loss_percent:g} % of packets lost" if self.loss_percent else "no loss"


def summaries(text: str) -> dict[Line, dict[str, dict[str, float]]]:
    """By line and sender, in the order of the file."""
    found: dict[Line, dict[str, dict[str, float]]] = {}
    for row in map(json.loads, text.splitlines()):
        if row.get("summary") and row["case"] == "goodput":
            line = Line(row["rtt_ms"], row["rate_mbit"], row["loss_percent"])
            found.setdefault(line, {})[row["sender"]] = row
    return found


def drawing(found: dict[Line, dict[str, dict[str, float]]]) -> str:
    height = TOP + GROUP * len(found) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-labelledby="t" font-family="system-ui, -apple-system, \'Segoe UI\', '
        "'Liberation Sans', 'DejaVu Sans', sans-serif\">",
        '<title id="t">How much of a line a data channel fills, beside other stacks</title>',
        f'<rect width="{WIDTH}" height="{height}" rx="18" fill="#fbf8f3"/>',
        _text(28, 36, "Data per second over one channel", 18, "#1d2530", bold=True),
        *_key(),
    ]
    for share in (0, 25, 50, 75, 100):
        x = _x(share / 100)
        parts.append(f'<path d="M{x:g} {TOP - 8}V{height - 30}" stroke="#e6ddcf"/>')
        label = f"{share} %" if share < 100 else "100 % of the line"
        parts.append(_text(x, height - 12, label, 12, "#7b705f", anchor="middle"))
    for number, (line, senders) in enumerate(found.items()):
        top = TOP + number * GROUP
        parts.append(_text(28, top + 36, line.name, 15, "#1d2530", bold=True))
        parts.append(_text(28, top + 57, line.condition, 14, "#64707d"))
        parts += _bars(senders, top)
    return "\n".join([*parts, "</svg>", ""])


def _bars(senders: dict[str, dict[str, float]], top: float) -> Iterator[str]:
    for place, (sender, _, colour) in enumerate(STACKS):
        if sender not in senders:
            continue
        facts = senders[sender]
        y, width = top + place * (BAR + 3), max(_x(facts["of_link"]) - LEFT, 2)
        yield (
            f'<rect x="{LEFT}" y="{y:g}" width="{width:.1f}" height="{BAR}" rx="4" '
            f'fill="{colour}"/>'
        )
        is_first = place == 0
        text = f"{facts['mb_per_s']:g} MB/s"
        yield _text(LEFT + width + 8, y + 14, text, 13, "#1d2530", bold=is_first)


def _key() -> Iterator[str]:
    x = float(LEFT)
    for _, name, colour in STACKS:
        yield f'<rect x="{x:g}" y="52" width="14" height="14" rx="4" fill="{colour}"/>'
        yield _text(x + 20, 64, name, 13.5, "#3c4650")
        x += 46 + 8 * len(name)


def _text(
    x: float,
    y: float,
    text: str,
    size: float,
    fill: str,
    *,
    bold: bool = False,
    anchor: str = "start",
) -> str:
    weight = ' font-weight="700"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}" '
        f'text-anchor="{anchor}"{weight}>{escape(text)}</text>'
    )


def _x(share: float) -> float:
    return LEFT + share * (RIGHT - LEFT - 90)


def main() -> None:
    TARGET.write_text(drawing(summaries(SOURCE.read_text())))


if __name__ == "__main__":
    main()
