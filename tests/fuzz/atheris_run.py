"""The same targets under coverage guidance: `python -m tests.fuzz.atheris_run session -runs=99`.

Needs atheris, which is not among the dependencies: `pip install atheris`. What follows the target's
name are libFuzzer's options. The seeds of the target are its first corpus.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

with atheris.instrument_imports(include=["p2claw"]):
    from p2claw.errors import RemoteProtocolError
    from tests.fuzz.targets import load

    TARGETS = load()  # here, because this imports what is to be instrumented


def main() -> None:
    """Runs until libFuzzer is done, or has a find."""
    name, *options = sys.argv[1:]
    target = TARGETS[name]

    def one_input(data: bytes) -> None:
        try:
            target.run(data)
        except RemoteProtocolError:
            return

    with tempfile.TemporaryDirectory(prefix="p2claw-fuzz-") as corpus:
        for number, seed in enumerate(target.seeds):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
