"""Reads the messages of one signalling protocol: by their `t`, and within the limits of WIRE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from msgspec import inspect

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.field_types import MESSAGE_BYTES


class Message(msgspec.Struct, frozen=True, tag_field="t"):
    """One message; the tag of a child is its `t`. Keys that it does not know are ignored."""


class Unknown(msgspec.Struct, frozen=True):
    """A message of a type that this version does not know. It is ignored (docs/WIRE.md §11)."""

    t: str


T = TypeVar("T", bound=Message)


class _Decoder(Protocol):
    def decode(self, data: bytes, /) -> Any: ...


class _MakeDecoder(Protocol):
    def __call__(self, kind: Any, /) -> _Decoder: ...


class Reader(Generic[T]):
    """Reads one protocol. make: the decoder of msgspec for its form, msgpack or JSON."""

    def __init__(self, make: _MakeDecoder, kinds: tuple[type[T], ...]) -> None:
        self._type = make(Unknown)
        self._kinds = {
            kind.__struct_config__.tag: (make(kind), inspect.type_info(kind)) for kind in kinds
        }

    def read(self, data: bytes) -> T | Unknown:
        """The message, or Unknown. Raises RemoteProtocolError for anything else."""
        if len(data) > MESSAGE_BYTES:
            raise RemoteProtocolError(f"a signalling message is longer than {MESSAGE_BYTES} bytes")
        try:
            unknown: Unknown = self._type.decode(data)
            kind = self._kinds.get(unknown.t)
            if kind is None:
                return unknown
            decoder, shape = kind
            message: T = decoder.decode(data)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise RemoteProtocolError(f"a signalling message cannot be read: {error}") from None
        for text, most_bytes in _texts(message, shape):
            if not text.isascii() and len(text.encode()) > most_bytes:
                raise RemoteProtocolError(
                    f"a signalling message has a text longer than {most_bytes} bytes"
                )
        return message


def _texts(value: Any, shape: inspect.Type) -> Iterator[tuple[str, int]]:
    """Every text in value that has a limit, with that limit."""
    match shape:
        case inspect.StrType(max_length=int(most)):
            yield value, most
        case inspect.UnionType(types=types) if value is not None:
            for kind in types:
                if isinstance(kind, inspect.StrType):
                    yield from _texts(value, kind)
        case inspect.VarTupleType(item_type=kind):
            for item in value:
                yield from _texts(item, kind)
        case inspect.DictType(key_type=names, value_type=kind):
            for name, item in value.items():
                yield from _texts(name, names)
                yield from _texts(item, kind)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from _texts(getattr(value, field.name), field.type)
