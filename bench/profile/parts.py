"""The part of a server to which a sample counts, by the functions and files of its stack."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

Frame = tuple[str, str]  # a function, and the file that it is in

# By what the kernel was asked for, anywhere in its part of the stack; the first found counts.
_CALLS = (
    (
        "kernel: send",
        re.compile(
            r"sys_(send|write)|vfs_write|do_writev|sendmm?sg|sendto|sendfile|sock_write_iter"
            r"|tcp_push|tcp_write_xmit"
        ),
    ),
    (
        "kernel: receive",
        re.compile(
            r"sys_(recv|read)|vfs_read|do_readv|recvmm?sg|recvfrom|sock_read_iter|udp\w*_rcv"
            r"|tcp_v4_rcv"
        ),
    ),
    ("kernel: wait", re.compile(r"epoll|timerfd|eventfd|futex|nanosleep|schedule")),
)
# By file, and where one has several parts, by function. Go's programs are one file.
_PARTS = (
    ("crypto", re.compile(r"libcrypto|libssl|_rust\."), re.compile("")),
    ("crypto", re.compile(""), re.compile(r"^crypto/|/crypto/|gcmAes")),
    ("crypto", re.compile(r"_records\."), re.compile("^gcm_")),
    ("cython", re.compile(r"_engine\.|_records\.|_fastframe\."), re.compile("^__(pyx|Pyx)")),
    ("sctp, udp", re.compile(r"_engine\.|_sctp\.|_stun\."), re.compile("")),
    ("cython", re.compile(r"_records\.|_fastframe\."), re.compile("")),
    ("parsers", re.compile(r"_cmsgpack|httptools|parser\.cpython"), re.compile("")),
    ("loop", re.compile(r"uvloop|loop\.cpython"), re.compile("")),
    ("python", re.compile(r"python|_asyncio"), re.compile("")),
    (
        "libc",
        re.compile(r"libc\b|libc\.so|ld-linux|libpthread|vdso|libstdc|jemalloc"),
        re.compile(""),
    ),
)


def part_of(frames: list[Frame]) -> str:
    """The part to which a sample counts. frames: innermost first."""
    if not frames:
        return "unknown"
    function, file = frames[0]
    if _is_kernel(file):
        asked = [name for name, where in frames if _is_kernel(where)]
        for part, call in _CALLS:
            if any(map(call.search, asked)):
                return part
        return "kernel: else"
    for part, files, functions in _PARTS:
        if files.search(Path(file).name) and functions.search(function):
            return part
    return "own code"


def shares(found: Iterable[list[Frame]]) -> dict[str, float]:
    """Percent of the samples by part, the largest first."""
    counts = Counter(map(part_of, found))
    total = counts.total()
    return {part: round(100 * count / total, 1) for part, count in counts.most_common()}


def _is_kernel(file: str) -> bool:
    return file.startswith("[") and file not in ("[vdso]", "[unknown]")
