"""Builds the Cython extensions; everything else about the package is in pyproject.toml."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DATAPLANE = Path("p2claw/dataplane")
SCTP = DATAPLANE / "sctp"
STUN = DATAPLANE / "stun"

setup(
    ext_modules=cythonize(
        [
            Extension(
                "p2claw._fastframe",
                ["p2claw/_fastframe.pyx"],
                extra_compile_args=["-O2", "-Wall", "-Wno-unused-function"],
            ),
            Extension(
                "p2claw.dataplane._sctp",
                ["p2claw/dataplane/_sctp.pyx", *sorted(map(str, SCTP.glob("*.c")))],
                depends=[*sorted(map(str, SCTP.glob("*.h"))), "p2claw/dataplane/_sctp.pxd"],
                include_dirs=[str(SCTP)],
                libraries=["m"],
                extra_compile_args=["-std=c11", "-O3", "-Wall", "-Wextra", "-fvisibility=hidden"],
            ),
            Extension(
                "p2claw.dataplane._stun",
                [
                    "p2claw/dataplane/_stun.pyx",
                    *sorted(map(str, STUN.glob("*.c"))),
                    str(SCTP / "sha256.c"),  # for its comparison in constant time
                ],
                depends=[
                    *sorted(map(str, STUN.glob("*.h"))),
                    *(str(SCTP / name) for name in ("base.h", "sha256.h")),
                    "p2claw/dataplane/_stun.pxd",
                ],
                include_dirs=[str(DATAPLANE)],
                extra_compile_args=["-std=c11", "-O3", "-Wall", "-Wextra", "-fvisibility=hidden"],
            ),
        ],
        compiler_directives={"language_level": 3},
    )
)
