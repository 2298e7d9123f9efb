"""Log lines: their shape as text and as JSON, and that a value cannot forge a line."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest

from p2claw.errors import UsageError
from p2claw.log import configure, configured, get_log


@pytest.fixture(autouse=True)
def kept_logging() -> Iterator[None]:
    """Give the process its logging back after a test that configures it."""
    root, ours = logging.getLogger(), logging.getLogger("p2claw")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def written(*, level: str = "info", form: str = "text", **facts: object) -> str:
    stream = io.StringIO()
    configure(level=level, form=form, stream=stream)
    get_log("agent").info("link open", **facts)
    return stream.getvalue()


def test_a_line_is_time_level_area_phrase_and_facts() -> None:
    line = written(session="4f21", app="dog", age_s=1.5, path=None)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info agent link open"
        r" session=4f21 app=dog age_s=1\.500 path=-\n",
        line,
    )


@pytest.mark.parametrize(
    "value", ["two words", "a=b", "", 'say "x"', "a\nb", "\x1b[31m", "a\u2028b"]
)
def test_a_value_that_would_split_the_line_is_quoted(value: str) -> None:
    line = written(value=value)
    assert len(line.splitlines()) == 1
    assert json.loads(line.rstrip("\n").partition("value=")[2]) == value


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_process_may_add_facts_to_all_its_lines(form: str) -> None:
    stream = io.StringIO()
    configure(form=form, stream=stream, facts={"worker": 3})
    get_log("agent").info("link open", app="dog")
    logging.getLogger("aiohttp").warning("of a library")
    ours, theirs = stream.getvalue().splitlines()
    if form == "text":
        assert ours.endswith("link open app=dog worker=3")
        assert theirs.endswith("of a library worker=3")
    else:
        assert (json.loads(ours)["app"], json.loads(ours)["worker"]) == ("dog", 3)
        assert json.loads(theirs)["worker"] == 3


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_was_configured_can_be_passed_on(level: str, form: str) -> None:
    configure(level=level, form=form, stream=io.StringIO())
    assert configured() == (level, form)


def test_a_json_line_holds_the_same_facts() -> None:
    line = json.loads(written(form="json", app="dog", streams=3))
    assert (line["event"], line["area"], line["app"], line["streams"]) == (
        "link open",
        "agent",
        "dog",
        3,
    )


def test_a_fact_cannot_replace_the_time_or_the_level() -> None:
    line = json.loads(written(form="json", level_="x", time="never"))
    assert line["time"] != "never"
    assert line["time_"] == "never"


def test_lines_below_the_level_are_not_written() -> None:
    assert written(level="warning") == ""


def test_a_fault_carries_its_stack_trace() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    try:
        raise ValueError("odd")
    except ValueError as error:
        get_log("agent").fault("handler failed", error, stream=5)
    assert "Traceback" in stream.getvalue()
    assert "stream=5" in stream.getvalue().splitlines()[0]


def test_a_message_of_a_library_cannot_forge_a_line() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    logging.getLogger("aiohttp").warning("bad\n2026 info agent forged")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    ("setting", "code"),
    [({"level": "loud"}, "log-level-invalid"), ({"form": "xml"}, "log-format-invalid")],
)
def test_an_unknown_level_or_format_is_refused(setting: dict[str, str], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        configure(**setting)  # type: ignore[arg-type]
    assert caught.value.code == code
