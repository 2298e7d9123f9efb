"""`python -m tests.dataplane.counted FOLDER`: what hostile orders cost an association, in steps.

A step is a basic block of the C sources (`-fsanitize-coverage=trace-pc`), or a cache line of 64
bytes that memmove moves. Unlike time it is the same in each run, on each machine. Prints JSON: of
each case the steps of each size. Runs in a process of its own, because the extension that counts
takes the other's name.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "p2claw/dataplane/core"
NAME = "p2claw.dataplane.core._sctp"

# The counter itself, and memmove, whose cost is what it moves.
COUNTER = """
#include <stddef.h>
#include <string.h>
unsigned long steps;
void __sanitizer_cov_trace_pc(void) { steps++; }
void *counted_memmove(void *to, const void *from, size_t length) {
  steps += length / 64;
  return memmove(to, from, length);
}
"""


def build(folder: Path) -> Path:
    """The extension, with every block of its C sources counted."""
    counter, built = folder / "counter.c", folder / "_sctp.so"
    counter.write_text(COUNTER)
    compiler = sysconfig.get_config_var("CC").split()
    plain = [*compiler, "-std=c11", "-O0", "-fPIC", "-I", str(CORE)]
    plain += ["-I", sysconfig.get_path("include"), "-c"]
    sources = sorted(str(path) for part in ("sctp", "bytes") for path in (CORE / part).rglob("*.c"))
    counting = ["-fsanitize-coverage=trace-pc", "-Dmemmove=counted_memmove", "-D_FORTIFY_SOURCE=0"]
    subprocess.run([*plain, *counting, *sources], cwd=folder, check=True)
    subprocess.run([*plain, str(counter), str(CORE / "_sctp.c")], cwd=folder, check=True)
    objects = [str(path) for path in folder.glob("*.o")]
    subprocess.run([*compiler, "-shared", "-o", str(built), *objects, "-lm"], check=True)
    return built


def load(built: Path) -> ctypes.c_ulong:
    """Import it in place of the other; its counter."""
    spec = importlib.util.spec_from_file_location(NAME, built)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    return ctypes.c_ulong.in_dll(ctypes.CDLL(str(built)), "steps")


def main() -> None:
    steps = load(build(Path(sys.argv[1])))
    from bench.costs import association

    found: dict[str, list[int]] = {}
    for name, case in association.CASES.items():
        for n in (case.n // 4, case.n // 2, case.n):
            run = case.make(n)
            before = steps.value
            run()
            found.setdefault(name, []).append(steps.value - before)
    for name, make in association.APART.items():
        run = make(association.APART_MOST)
        before = steps.value
        run()
        found[name] = [(steps.value - before) // association.FAR]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
