"""Builds the Cython extensions, and refuses to pack a package without its browser side.

Everything else about the package is in pyproject.toml.
"""

import json
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

PLANE = Path("p2claw/dataplane")
CORE, CARRIER = PLANE / "core", PLANE / "carrier"
BYTES, SCTP, STUN = CORE / "bytes", CORE / "sctp", CORE / "stun"
DTLS, UDP = CARRIER / "dtls", CARRIER / "udp"
STATIC = Path("p2claw/edge/static")
CYTHON = ["-O2", "-Wall", "-Wno-unused-function"]
C11 = ["-std=c11", "-O3", "-Wall", "-Wextra", "-fvisibility=hidden"]


def sources(*folders: Path) -> list[str]:
    """The C files below these folders."""
    return sorted(str(path) for folder in folders for path in folder.rglob("*.c"))


def need_browser_side() -> None:
    """End here, and not when the first visitor comes, if a file of it is missing."""
    try:
        manifest = json.loads((STATIC / "manifest.json").read_bytes())
        names = [
            *(manifest[name] for name in ("shell", "reset", "sw", "licences")),
            *manifest["assets"].values(),
        ]
        missing = [name for name in names if not (STATIC / name).is_file()]
    except FileNotFoundError:
        missing = ["manifest.json"]
    except (ValueError, KeyError, AttributeError) as error:
        missing = [f"manifest.json as it should be ({error!r})"]
    if missing:
        sys.exit(
            f"error: the browser side of p2claw is not built: {STATIC}/ has no {missing[0]}.\n"
            "       Run `make build`, which needs Node.js 20. A wheel, and a source archive that\n"
            "       `make wheel` made, have it built."
        )


class WholeWheel(build_py):
    """What a wheel is made of. An editable installation gets its browser side afterwards."""

    def run(self) -> None:
        if not self.editable_mode:
            need_browser_side()
        super().run()


class WholeSdist(sdist):
    """A source archive, from which is built without Node.js."""

    def run(self) -> None:
        need_browser_side()
        super().run()


def extension(room: Path, name: str, *c_files: str) -> Extension:
    """One of the data plane, with the C that it needs."""
    headers = [*PLANE.rglob("*.h"), *PLANE.rglob("*.px[di]")]
    return Extension(
        ".".join([*room.parts, name]),
        [str(room / f"{name}.pyx"), *c_files],
        depends=sorted(map(str, headers)),
        include_dirs=[str(CORE), str(CARRIER)],
        libraries=["m", "dl"],
        extra_compile_args=C11 if c_files else CYTHON,
    )


setup(
    cmdclass={"build_py": WholeWheel, "sdist": WholeSdist},
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
            extension(CARRIER, "_records", *sources(DTLS)),
            extension(CARRIER, "_engine", *sources(BYTES, SCTP, STUN, UDP)),
        ],
        compiler_directives={"language_level": 3},
    ),
)
