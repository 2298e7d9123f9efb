"""What the system refused is said in words, without numbers and addresses."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from p2claw.system_errors import reason_of, remedy_of


@pytest.mark.parametrize(
    "error, reason",
    [
        (ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 9)"), "Connection refused"),
        (OSError("Multiple exceptions: [Errno 111] a, [Errno 101] b"), "Network is unreachable, "
         "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "[SSL: WRONG_VERSION_NUMBER]"),
        (TimeoutError("no whole reply within 10 s"), "no whole reply within 10 s"),
        (TimeoutError(), "TimeoutError"),
        (ValueError("a\x1b[2Jb"), r"'a\x1b[2Jb'"),
    ],
)  # fmt: skip
def test_a_reason_is_in_words_and_fit_for_a_terminal(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


def test_what_a_library_wraps_is_found() -> None:
    class Wrapped(OSError):
        os_error = ConnectionRefusedError(111, "Connect call failed ('::1', 9, 0, 0)")

    assert reason_of(Wrapped("Cannot connect to host a:9 ssl:default")) == "Connection refused"


def test_of_a_full_disk_and_of_a_missing_right_the_remedy_is_known() -> None:
    assert "room" in remedy_of(OSError(errno.ENOSPC, ""))
    assert "ls -ld" in remedy_of(PermissionError(errno.EACCES, ""))
    assert remedy_of(OSError(errno.EIO, "")) == ""
