"""Reads and writes msgpack: bytes of a remote become a map or a list, or raise an error of ours."""

from __future__ import annotations

from typing import Any

import msgpack

# To make one takes as long as to pack a head. It keeps nothing of what it packed.
_PACKER = msgpack.Packer()


class NotPacked(ValueError):
    """The bytes are not one msgpack value of the wanted type with text keys."""


def pack(value: object) -> bytes:
    """One msgpack value."""
    packed: bytes = _PACKER.pack(value)
    return packed


def unpack_map(payload: bytes, *, tuples: bool = False) -> dict[str, Any]:
    """A map with text keys, and nothing after it. Raises NotPacked.

    tuples: what msgpack calls arrays are tuples in it, not lists.
    """
    value = _unpack(payload, tuples)
    if type(value) is not dict:
        raise NotPacked("not a map")
    return value


def unpack_tuple(payload: bytes) -> tuple[Any, ...]:
    """An array as a tuple, those in it too, and nothing after it. Raises NotPacked."""
    value = _unpack(payload, True)
    if type(value) is not tuple:
        raise NotPacked("not a list")
    return value


def _unpack(payload: bytes, tuples: bool) -> Any:
    try:
        return msgpack.unpackb(payload, strict_map_key=True, use_list=not tuples)
    # What msgpack raises for bytes of a remote: FormatError, StackError, ExtraData and bad UTF-8
    # are ValueErrors; OutOfData is not.
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException) as error:
        raise NotPacked(f"not msgpack: {type(error).__name__}") from error
