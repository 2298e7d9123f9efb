"""A head or trailers in msgpack: what is taken must be written and read again as the same."""

from __future__ import annotations

from p2claw.errors import RemoteProtocolError
from p2claw.wire.frames.heads import (
    decode_request,
    decode_response,
    decode_trailers,
    encode_request,
    encode_response,
    encode_trailers,
)
from tests.vectors.by_hand import denoted
from tests.wire.vectors import read

SEEDS = [denoted(case["payload"]) for part in read("heads.json").values() for case in part["valid"]]
SEEDS = [seed for seed in SEEDS if len(seed) < 2_500]


def run(data: bytes) -> None:
    refused: RemoteProtocolError | None = None
    taken = 0
    try:
        request = decode_request(data)
        assert decode_request(encode_request(request)) == request
        taken += 1
    except RemoteProtocolError as error:
        refused = error
    try:
        response = decode_response(data)
        assert decode_response(encode_response(response)) == response
        taken += 1
    except RemoteProtocolError as error:
        refused = error
    try:
        trailers = decode_trailers(data)
        assert decode_trailers(encode_trailers(trailers)) == trailers
        taken += 1
    except RemoteProtocolError as error:
        refused = error
    if not taken and refused is not None:
        raise refused
