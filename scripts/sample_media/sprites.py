"""Blocky drawing on a frame of film: rectangles, a small font, and a crab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Colour = tuple[int, int, int]

CRAB = (
    "##............##",
    "###..........###",
    ".##..o....o..##.",
    ".##..#....#..##.",
    "..############..",
    "...##########...",
    "..############..",
    ".#..########..#.",
    "#..#.######.#..#",
    "..#..#....#..#..",
)

FONT = {
    "0": (" ### ", "#   #", "#   #", "#   #", "#   #", "#   #", " ### "),
    "1": ("  #  ", " ##  ", "  #  ", "  #  ", "  #  ", "  #  ", " ### "),
    "2": (" ### ", "#   #", "    #", "  ## ", " #   ", "#    ", "#####"),
    "3": (" ### ", "#   #", "    #", "  ## ", "    #", "#   #", " ### "),
    "4": ("   # ", "  ## ", " # # ", "#  # ", "#####", "   # ", "   # "),
    "5": ("#####", "#    ", "#### ", "    #", "    #", "#   #", " ### "),
    "6": (" ### ", "#    ", "#    ", "#### ", "#   #", "#   #", " ### "),
    "7": ("#####", "    #", "   # ", "  #  ", "  #  ", "  #  ", "  #  "),
    "8": (" ### ", "#   #", "#   #", " ### ", "#   #", "#   #", " ### "),
    "9": (" ### ", "#   #", "#   #", " ####", "    #", "    #", " ### "),
    ".": ("  ", "  ", "  ", "  ", "  ", "##", "##"),
}


@dataclass(frozen=True, slots=True)
class Canvas:
    """A planar 4:2:0 picture: Y at full size, Cb and Cr at half. Coordinates are even."""

    width: int
    height: int
    planes: list[bytearray]

    def fill(self, x: int, y: int, width: int, height: int, colour: Colour) -> None:
        """Paint a rectangle, cut off at the right edge and at the bottom."""
        width = min(width, self.width - x)
        height = min(height, self.height - y)
        if width <= 0 or height <= 0:
            return
        for plane, value, half in zip(self.planes, colour, (1, 2, 2), strict=True):
            stride = self.width // half
            run = bytes([value]) * (width // half)
            for row in range(y // half, (y + height) // half):
                begin = row * stride + x // half
                plane[begin : begin + len(run)] = run

    def sprite(
        self, rows: tuple[str, ...], x: int, y: int, scale: int, colours: Mapping[str, Colour]
    ) -> None:
        """Paint a picture of characters; one without a colour is transparent."""
        for down, row in enumerate(rows):
            for right, mark in enumerate(row):
                if mark in colours:
                    self.fill(x + right * scale, y + down * scale, scale, scale, colours[mark])

    def text(
        self,
        text: str,
        x: int,
        y: int,
        scale: int,
        font: Mapping[str, tuple[str, ...]],
        colour: Colour,
    ) -> None:
        """Write a line of text."""
        for mark in text:
            self.sprite(font[mark], x, y, scale, {"#": colour})
            x += (len(font[mark][0]) + 1) * scale

    def width_of(self, text: str, scale: int, font: Mapping[str, tuple[str, ...]]) -> int:
        """Pixels that `text` needs."""
        return sum((len(font[mark][0]) + 1) * scale for mark in text) - scale
