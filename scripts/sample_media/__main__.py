"""`python -m scripts.sample_media OUT`: makes the film and the pictures of the sample app anew.

What it made is in the repository, p2claw/demo_app/media, so that building takes no encoder. All of
it is computed: nothing is of anybody else, and the licence of the project holds for it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts.sample_media.film import make_film, make_poster
from scripts.sample_media.pictures import make_crab, make_dusk, make_reef

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
        prog="python -m scripts.sample_media", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("out", type=Path, help="the folder to write to")
    make_media(parser.parse_args().out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
