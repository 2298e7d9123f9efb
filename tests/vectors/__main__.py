"""Writes the vectors anew: `python -m tests.vectors`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.vectors.make_cookies import cookies_json
from tests.vectors.make_dial import dial_json
from tests.vectors.make_dtls_records import dtls_records_json
from tests.vectors.make_frames import frames_json
from tests.vectors.make_heads import heads_json
from tests.vectors.make_hello import hello_json
from tests.vectors.make_records import records_json
from tests.vectors.make_repeating import repeating_json
from tests.vectors.make_rests import rests_json
from tests.vectors.make_session import session_json
from tests.vectors.make_signalling import signalling_json
from tests.vectors.make_signatures import signatures_json
from tests.vectors.make_statements import statements_json
from tests.vectors.make_windows import windows_json

FOLDER = Path(__file__).parent


def written() -> dict[str, str]:
    """The text of each file of vectors, by its name."""
    values = {
        "cookies.json": cookies_json(),
        "dial.json": dial_json(),
        "dtls_records.json": dtls_records_json(),
        "frames.json": frames_json(),
        "heads.json": heads_json(),
        "hello.json": hello_json(),
        "records.json": records_json(),
        "repeating.json": repeating_json(),
        "rests.json": rests_json(),
        "session.json": session_json(),
        "signalling.json": signalling_json(),
        "signatures.json": signatures_json(),
        "statements.json": statements_json(),
        "windows.json": windows_json(),
    }
    return {name: json.dumps(value, indent=1) + "\n" for name, value in values.items()}


if __name__ == "__main__":
    for name, text in written().items():
        (FOLDER / name).write_text(text)
        print(f"{name}: {len(text)} bytes")
