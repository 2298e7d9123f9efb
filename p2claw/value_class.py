"""Values: dataclasses that nobody changes once they are made, and that are made on the hot path.

`dataclass(frozen=True)` sets each field through `object.__setattr__`, so that making a value takes
three times as long. Of these the type checker alone sees to it that nobody changes one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as value_class
else:

    def value_class(*, frozen: bool, slots: bool) -> Callable[[type[T]], type[T]]:
        """A class decorator: as `dataclass`, of which it has just these arguments."""
        return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)


__all__ = ["value_class"]
