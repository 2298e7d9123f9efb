"""The pages of errors, from `texts.toml`: for `p2claw help CODE`, and the built documents."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """means: in a sentence. do: what to do next."""

    code: str
    means: str
    do: str

    def text(self) -> str:
        """The page, for a terminal."""
        return f"{self.code}\n\n{self.means}\n\nWhat to do: {self.do}"


@cache
def error_pages() -> Mapping[str, ErrorPage]:
    """All pages, by code."""
    content = (files("p2claw.cli.errors") / "texts.toml").read_text(encoding="utf-8")
    return {
        code: ErrorPage(code, str(entry["means"]), str(entry["do"]))
        for code, entry in tomllib.loads(content).items()
    }
