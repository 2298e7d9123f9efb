"""To which part of a server the benches count a sample of perf."""

from __future__ import annotations

import pytest

from bench.crowd.profile import Profile
from bench.profile.parts import Frame, part_of, shares
from bench.profile.perf import samples_of

KERNEL = "[kernel.kallsyms]"
PERF_SCRIPT = """   12
        ffffffff9aa46a8d udp_sendmsg+0x4d ([kernel.kallsyms])
        ffffffff9a925a5f __sys_sendmsg+0x9f ([kernel.kallsyms])
            7f9cd5b2b1c3 __libc_sendmsg (/usr/lib/x86_64-linux-gnu/libc.so.6)

   12
            55d0c0a7d2e1 _PyEval_EvalFrameDefault (/usr/bin/python3.11)

    0

   12
            7f9cd4a1b2c3 [unknown] (/site-packages/cryptography/hazmat/bindings/_rust.abi3.so)

"""


@pytest.mark.parametrize(
    ("frames", "part"),
    [
        ([("copy_user", KERNEL), ("__sys_recvmmsg", KERNEL)], "kernel: receive"),
        ([("copy_to_iter", KERNEL), ("__x64_sys_recvmmsg", KERNEL)], "kernel: receive"),
        ([("tcp_sendmsg", KERNEL), ("do_writev", KERNEL)], "kernel: send"),
        (
            [("memcpy_orig", KERNEL), ("udp_sendmsg", KERNEL), ("send", "/libc.so.6")],
            "kernel: send",
        ),
        ([("schedule", KERNEL), ("__x64_sys_epoll_pwait", KERNEL)], "kernel: wait"),
        ([("clear_page", KERNEL), ("asm_exc_page_fault", KERNEL)], "kernel: else"),
        ([("association_receive", "/p2claw/_engine.cpython-311.so")], "sctp, udp"),
        ([("__pyx_f_Link_wake", "/p2claw/_engine.cpython-311.so")], "cython"),
        ([("__pyx_pw_next_message", "/p2claw/_fastframe.cpython-311.so")], "cython"),
        ([("aes_gcm_enc", "/cryptography/hazmat/bindings/_rust.abi3.so")], "crypto"),
        ([("crypto/aes.gcmAesEnc", "/usr/bin/caddy")], "crypto"),
        ([("unpackb", "/msgpack/_cmsgpack.cpython-311.so")], "parsers"),
        ([("uv__io_poll", "/uvloop/loop.cpython-311.so")], "loop"),
        ([("PyDict_GetItem", "/usr/lib/libpython3.11.so.1.0")], "python"),
        ([("malloc", "/usr/lib/x86_64-linux-gnu/libc.so.6")], "libc"),
        ([("ngx_http_write_filter", "/usr/sbin/nginx")], "own code"),
        ([("[unknown]", "[unknown]")], "own code"),
        ([], "unknown"),
    ],
)
def test_a_sample_counts_to_the_part_that_runs(frames: list[Frame], part: str) -> None:
    assert part_of(frames) == part


def test_what_perf_prints_becomes_shares_of_parts() -> None:
    found = list(samples_of(PERF_SCRIPT))
    assert [(pid, len(frames)) for pid, frames in found] == [(12, 3), (12, 1), (0, 0), (12, 1)]
    of_one = (frames for pid, frames in found if pid == 12)
    assert shares(of_one) == {"kernel: send": 33.3, "python": 33.3, "crypto": 33.3}


def test_no_sample_is_no_profile() -> None:
    assert Profile().facts(1_000) == {}
