"""Archives that are the same whenever and by whomever they are made: `.tar.gz` of files, as of one
moment.

    python scripts/packing.py SDIST    makes a source archive anew, as of SOURCE_DATE_EPOCH
"""

from __future__ import annotations

import gzip
import os
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path


def moment() -> int:
    """Seconds since 1970: `SOURCE_DATE_EPOCH`, which scripts/build-wheel.sh sets."""
    return int(os.environ["SOURCE_DATE_EPOCH"])


def pack(out: Path, files: Mapping[str, Path]) -> None:
    """Write the archive. files: from name in it to file."""
    with (
        out.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=moment()) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, file in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = file.stat().st_size, moment(), 0o644
            with file.open("rb") as opened:
                archive.addfile(entry, opened)


def pack_again(sdist: Path) -> None:
    """Replace a source archive by one with the same files."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
        found = [file for file in Path(folder).rglob("*") if file.is_file()]
        pack(sdist, {file.relative_to(folder).as_posix(): file for file in found})


if __name__ == "__main__":
    pack_again(Path(sys.argv[1]))
