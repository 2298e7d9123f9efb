"""The graph of the README is drawn from the figures beside it, which are those of the page."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIGURES = (ROOT / "docs" / "dataplane" / "FIGURES.md").read_text()
DRAW = runpy.run_path(str(ROOT / "scripts" / "draw_goodput.py"))


def test_the_graph_is_that_of_its_figures() -> None:
    drawn = DRAW["drawing"](DRAW["summaries"](DRAW["SOURCE"].read_text()))
    assert drawn == DRAW["TARGET"].read_text(), "run python scripts/draw_goodput.py"


def test_every_figure_of_the_graph_stands_in_the_page() -> None:
    rows = [json.loads(line) for line in DRAW["SOURCE"].read_text().splitlines()]
    page = FIGURES[FIGURES.index("## Over a line between processes") :]
    assert [row for row in rows if f"{row['mb_per_s']:g}" not in page] == []
