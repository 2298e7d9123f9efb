"""What the bench of served requests concludes from its figures, and where it counts a sample."""

from __future__ import annotations

import pytest

from bench.serve.cases import CASES, FILES
from bench.serve.h2load import times_of
from bench.serve.profile import Frame, part_of, samples, shares
from p2claw.errors import P2clawError

KERNEL = "[kernel.kallsyms]"
PERF_SCRIPT = """
        ffffffff9aa46a8d udp_sendmsg+0x4d ([kernel.kallsyms])
        ffffffff9a925a5f __sys_sendmsg+0x9f ([kernel.kallsyms])
            7f9cd5b2b1c3 __libc_sendmsg (/usr/lib/x86_64-linux-gnu/libc.so.6)

            55d0c0a7d2e1 _PyEval_EvalFrameDefault (/usr/bin/python3.11)

            7f9cd4a1b2c3 [unknown] (/site-packages/cryptography/hazmat/bindings/_rust.abi3.so)
"""


def test_every_case_asks_for_a_file_that_there_is_and_ends_evenly() -> None:
    for case in CASES.values():
        assert case.file in FILES
        assert case.requests >= 10 * case.visitors * case.parallel


@pytest.mark.parametrize(
    ("frames", "part"),
    [
        ([("copy_user", KERNEL), ("__sys_recvmmsg", KERNEL)], "kernel: receive"),
        ([("tcp_sendmsg", KERNEL), ("do_writev", KERNEL)], "kernel: send"),
        ([("schedule", KERNEL), ("__x64_sys_epoll_pwait", KERNEL)], "kernel: wait"),
        ([("clear_page", KERNEL), ("asm_exc_page_fault", KERNEL)], "kernel: else"),
        ([("association_receive", "/p2claw/_engine.cpython-311.so")], "sctp, udp"),
        ([("__pyx_f_Link_wake", "/p2claw/_engine.cpython-311.so")], "cython"),
        ([("__pyx_pw_next_message", "/p2claw/_fastframe.cpython-311.so")], "cython"),
        ([("unpackb", "/msgpack/_cmsgpack.cpython-311.so")], "parsers"),
        ([("uv__io_poll", "/uvloop/loop.cpython-311.so")], "loop"),
        ([("PyDict_GetItem", "/usr/lib/libpython3.11.so.1.0")], "python"),
        ([("malloc", "/usr/lib/x86_64-linux-gnu/libc.so.6")], "libc"),
        ([("[unknown]", "[unknown]")], "else"),
    ],
)
def test_a_sample_is_counted_to_the_part_that_runs(frames: list[Frame], part: str) -> None:
    assert part_of(frames) == part


def test_what_perf_prints_becomes_shares_of_parts() -> None:
    found = list(samples(PERF_SCRIPT.splitlines()))
    assert [len(frames) for frames in found] == [3, 1, 1]
    assert shares(found) == {"kernel: send": 33.3, "python": 33.3, "crypto": 33.3}


def test_the_times_of_h2load_are_milliseconds_and_a_failure_is_none() -> None:
    assert times_of("1700000000000000\t200\t1500\n1700000000000001\t200\t250\n") == [1.5, 0.25]
    with pytest.raises(P2clawError):
        times_of("1700000000000000\t502\t1500\n")
