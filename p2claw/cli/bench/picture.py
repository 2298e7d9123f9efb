"""Figures as a picture in the terminal: how a rate went, and what a first byte consists of."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH = 40


def course(samples: Sequence[float], width: int = WIDTH) -> str:
    """How a rate went, one character for some of the samples; the highest is a whole block."""
    if not samples or max(samples) <= 0:
        return ""
    step = max(1, -(-len(samples) // width))
    groups = [samples[at : at + step] for at in range(0, len(samples), step)]
    means = [sum(group) / len(group) for group in groups]
    highest = max(means)
    return "".join(_BLOCKS[round(mean / highest * (len(_BLOCKS) - 1))] for mean in means)


def share(part: float, whole: float, width: int = WIDTH) -> str:
    """A bar of `whole`, of which `part` is dark."""
    dark = 0 if whole <= 0 else round(min(max(part / whole, 0.0), 1.0) * width)
    return "█" * dark + "░" * (width - dark)
