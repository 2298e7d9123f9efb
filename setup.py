"""Builds the Cython extensions; everything else about the package is in pyproject.toml."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

SCTP = Path("p2claw/dataplane/sctp")

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
        ],
        compiler_directives={"language_level": 3},
    )
)
