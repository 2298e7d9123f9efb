"""Writes session.json: transcripts of one side of a session."""

from __future__ import annotations

from typing import Any

from tests.vectors.make_session_breaches import BREACHES
from tests.vectors.make_session_cancels import CANCELS
from tests.vectors.make_session_exchanges import EXCHANGES
from tests.vectors.make_session_resume import RESUME
from tests.vectors.make_session_turns import TURNS
from tests.vectors.make_session_upkeep import UPKEEP


def session_json() -> dict[str, Any]:
    transcripts = [*EXCHANGES, *CANCELS, *TURNS, *UPKEEP, *RESUME, *BREACHES]
    return {"transcripts": [transcript.json() for transcript in transcripts]}
