"""Stands for aioice's module for names of mDNS until one is to be resolved.

That module loads a whole library for DNS, a fifth of what `p2claw fetch` loads, and a visit rarely
meets such a name. aioice looks at each address, though, so what it asks then is here.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

NAME = "aioice.mdns"
_LABEL_CHARACTERS = 63  # RFC 1035 §2.3.4


def is_mdns_hostname(host: str) -> bool:
    """Whether an address is one label below `.local`, as browsers make them."""
    label, _, parent = host.partition(".")
    return (
        parent == "local"
        and 0 < len(label) <= _LABEL_CHARACTERS
        and label.isascii()
        and label.replace("-", "a").isalnum()
    )


class _LateModule(ModuleType):
    """The module as aioice has it while nothing is resolved: it loads the real one when asked."""

    MDnsProtocol = object  # aioice names it where it says what a function returns
    is_mdns_hostname = staticmethod(is_mdns_hostname)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        return getattr(importlib.import_module(NAME), name)


def load_mdns_late() -> None:
    """From now on whoever imports aioice gets this in place of the module, unless it is loaded."""
    sys.modules.setdefault(NAME, _LateModule(NAME))
