"""tests/vectors/session.json, on both codecs; and that the files are what their makers make."""

from __future__ import annotations

from typing import Any

import pytest

from p2claw.wire.frames.codec import Codec
from tests.vectors.__main__ import FOLDER, written
from tests.wire.session.player import Player
from tests.wire.vectors import cases, read

TRANSCRIPTS = read("session.json")["transcripts"]


@cases(TRANSCRIPTS)
def test_a_session_emits_and_sends_what_its_transcript_holds(
    codec: Codec, case: dict[str, Any]
) -> None:
    player = Player(case, codec)
    for step in case["steps"]:
        player.play(step)


@pytest.mark.parametrize("name", sorted(written()))
def test_the_file_holds_what_its_maker_makes(name: str) -> None:
    assert (FOLDER / name).read_text() == written()[name]
