"""Both codecs, for every test that asks for one."""

from __future__ import annotations

import pytest

from p2claw import _fastframe, _pyframe
from p2claw.wire.frames.codec import Codec, codec_of

CODECS = [codec_of(_fastframe), codec_of(_pyframe)]


@pytest.fixture(params=CODECS, ids=lambda codec: codec.name)
def codec(request: pytest.FixtureRequest) -> Codec:
    chosen: Codec = request.param
    return chosen
