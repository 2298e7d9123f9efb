"""`python -m p2claw.demo_app.media OUT`: makes the film and the pictures of the sample app.

Everything is computed, so nothing binary lies in the source tree and nothing is fetched.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from p2claw.demo_app.film import make_film, make_poster
from p2claw.demo_app.pictures import make_crab, make_dusk, make_reef

MAKERS: dict[str, Callable[[Path], None]] = {
    "film.webm": make_film,
    "poster.jpg": make_poster,
    "dusk.png": make_dusk,
    "reef.png": make_reef,
    "crab.svg": make_crab,
}


def make_media(out: Path) -> None:
    """Write every file into out, each whole or not at all."""
    out.mkdir(parents=True, exist_ok=True)
    for name, make in MAKERS.items():
        with tempfile.TemporaryDirectory(dir=out) as folder:
            unfinished = Path(folder, name)
            make(unfinished)
            unfinished.replace(out / name)
        print(f"{out / name}  {(out / name).stat().st_size / 1024:.0f} KiB", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m p2claw.demo_app.media", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("out", type=Path, help="the folder to write to")
    make_media(parser.parse_args().out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
