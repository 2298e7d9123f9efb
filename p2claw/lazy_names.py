"""Names that a package offers for its modules: a module is loaded when a name of it is first used.

Each verb of the command line is a process of its own, which waits for what it imports. One that
asks for `home_dir` should not wait for the settings of a server (PEP 562).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping


def lazy_names(package: str, names: Mapping[str, tuple[str, ...]]) -> Callable[[str], object]:
    """A `__getattr__` for this package. names: what each of its modules has for others."""
    modules = {name: module for module, offered in names.items() for name in offered}

    def find(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{modules[name]}"), name)
        setattr(sys.modules[package], name, value)  # the next time it is found at once
        return value

    return find
