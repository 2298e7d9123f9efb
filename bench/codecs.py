"""Both codecs, for the benchmarks that stand one beside the other."""

from __future__ import annotations

import pytest

from p2claw import _fastframe, _pyframe
from p2claw.wire.frames.codec import codec_of

CODECS = [codec_of(_fastframe), codec_of(_pyframe)]

both_codecs = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
