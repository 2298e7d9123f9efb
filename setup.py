"""Builds the Cython extension; everything else about the package is in pyproject.toml."""

from Cython.Build import cythonize
from setuptools import Extension, setup

setup(
    ext_modules=cythonize(
        [
            Extension(
                "p2claw._fastframe",
                ["p2claw/_fastframe.pyx"],
                extra_compile_args=["-O2", "-Wall", "-Wno-unused-function"],
            )
        ],
        compiler_directives={"language_level": 3},
    )
)
