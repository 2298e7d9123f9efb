"""scripts.packing: archives of the same files are the same bytes."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from scripts.packing import pack, pack_again

MOMENT = 1_700_000_000


@pytest.fixture(autouse=True)
def epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(MOMENT))


def files_in(folder: Path, *, mode: int, modified: int) -> dict[str, Path]:
    folder.mkdir()
    found = {}
    for name, text in (("a/one.txt", "one"), ("b.txt", "two")):
        found[f"kit-1/{name}"] = path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        os.utime(path, (modified, modified))
    return found


def test_dates_modes_and_order_of_files_do_not_show(tmp_path: Path) -> None:
    one, other = tmp_path / "one.tar.gz", tmp_path / "other.tar.gz"
    pack(one, files_in(tmp_path / "x", mode=0o600, modified=1))
    there = files_in(tmp_path / "y", mode=0o755, modified=2_000_000_000)
    pack(other, dict(reversed(there.items())))
    assert one.read_bytes() == other.read_bytes()


def test_the_files_are_those_that_were_given_as_of_the_moment(tmp_path: Path) -> None:
    out = tmp_path / "kit.tar.gz"
    pack(out, files_in(tmp_path / "x", mode=0o600, modified=1))
    with tarfile.open(out) as archive:
        entries = archive.getmembers()
        texts = [archive.extractfile(entry).read() for entry in entries]  # type: ignore[union-attr]
    assert [entry.name for entry in entries] == ["kit-1/a/one.txt", "kit-1/b.txt"]
    assert texts == [b"one", b"two"]
    assert {(entry.mtime, entry.mode, entry.uname) for entry in entries} == {(MOMENT, 0o644, "")}


def test_an_archive_that_somebody_else_made_becomes_the_same(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.tar.gz", tmp_path / "theirs.tar.gz"
    files = files_in(tmp_path / "x", mode=0o640, modified=5)
    pack(ours, files)
    with tarfile.open(theirs, "w:gz") as archive:
        for name, path in reversed(files.items()):
            archive.add(path, name)
    assert theirs.read_bytes() != ours.read_bytes()
    pack_again(theirs)
    assert theirs.read_bytes() == ours.read_bytes()
