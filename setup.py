"""Builds the Cython extensions; everything else about the package is in pyproject.toml."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

PLANE = Path("p2claw/dataplane")
CORE, CARRIER = PLANE / "core", PLANE / "carrier"
BYTES, SCTP, STUN, UDP = CORE / "bytes", CORE / "sctp", CORE / "stun", CARRIER / "udp"
CYTHON = ["-O2", "-Wall", "-Wno-unused-function"]
C11 = ["-std=c11", "-O3", "-Wall", "-Wextra", "-fvisibility=hidden"]


def sources(*folders: Path) -> list[str]:
    """The C files below these folders."""
    return sorted(str(path) for folder in folders for path in folder.rglob("*.c"))


def extension(room: Path, name: str, *c_files: str) -> Extension:
    """One of the data plane, with the C that it needs."""
    headers = [*PLANE.rglob("*.h"), *PLANE.rglob("*.px[di]")]
    return Extension(
        ".".join([*room.parts, name]),
        [str(room / f"{name}.pyx"), *c_files],
        depends=sorted(map(str, headers)),
        include_dirs=[str(CORE), str(CARRIER)],
        libraries=["m"],
        extra_compile_args=C11 if c_files else CYTHON,
    )


setup(
    ext_modules=cythonize(
        [
            Extension(
                "p2claw._fastframe",
                ["p2claw/_fastframe.pyx"],
                depends=sorted(map(str, Path("p2claw").glob("*.pxi"))),
                extra_compile_args=CYTHON,
            ),
            extension(CORE, "_sctp", *sources(BYTES, SCTP)),
            extension(CORE, "_stun", *sources(BYTES, STUN)),
            extension(CARRIER, "_records"),
            extension(CARRIER, "_engine", *sources(BYTES, SCTP, STUN, UDP)),
        ],
        compiler_directives={"language_level": 3},
    )
)
