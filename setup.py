"""Builds the Cython extensions; everything else about the package is in pyproject.toml."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

PLANE = Path("p2claw/dataplane")
SCTP, STUN, UDP = PLANE / "sctp", PLANE / "stun", PLANE / "udp"
CYTHON = ["-O2", "-Wall", "-Wno-unused-function"]
C11 = ["-std=c11", "-O3", "-Wall", "-Wextra", "-fvisibility=hidden"]


def sources(*folders: Path) -> list[str]:
    """The C files of these folders."""
    return sorted(str(path) for folder in folders for path in folder.glob("*.c"))


def extension(name: str, *c_files: str) -> Extension:
    """One of the data plane, with the C that it needs."""
    headers = [path for folder in (SCTP, STUN, UDP) for path in folder.glob("*.h")]
    return Extension(
        f"p2claw.dataplane.{name}",
        [str(PLANE / f"{name}.pyx"), *c_files],
        depends=sorted(map(str, [*headers, *PLANE.glob("*.px[di]")])),
        include_dirs=[str(PLANE), str(SCTP), str(UDP)],
        libraries=["m"],
        extra_compile_args=C11 if c_files else CYTHON,
    )


setup(
    ext_modules=cythonize(
        [
            Extension("p2claw._fastframe", ["p2claw/_fastframe.pyx"], extra_compile_args=CYTHON),
            extension("_sctp", *sources(SCTP)),
            extension("_stun", *sources(STUN), str(SCTP / "sha256.c")),  # its comparison
            extension("_records"),
            extension("_engine", *sources(SCTP, STUN, UDP)),
        ],
        compiler_directives={"language_level": 3},
    )
)
