"""What the bench of crowds concludes: when a film stands still, and where time went."""

from __future__ import annotations

import pytest

from bench.crowd.film import BYTES_PER_S, LEAST_S, Screen
from bench.crowd.profile import Profile, group_of, samples_of

KERNEL = "[kernel.kallsyms]"


def test_a_film_that_comes_as_fast_as_it_is_shown_never_stands_still() -> None:
    screen = Screen(0.0)
    for second in range(60):
        screen.add(BYTES_PER_S, float(second))
    screen.advance(60.0)
    assert (screen.stalls, screen.shown_s) == (0, 60.0)


def test_a_film_that_comes_at_half_the_speed_stands_still_again_and_again() -> None:
    screen = Screen(0.0)
    for second in range(60):
        screen.add(BYTES_PER_S // 2, float(second))
    assert screen.stalls > 10
    assert screen.shown_s <= 30.0


def test_a_film_begins_once_there_is_enough_of_it() -> None:
    screen = Screen(0.0)
    screen.add(int(LEAST_S * BYTES_PER_S) - 1, 1.0)
    assert not screen.is_shown
    screen.add(1, 2.0)
    assert screen.is_shown


@pytest.mark.parametrize(
    ("frames", "group"),
    [
        ([("memcpy_orig", KERNEL), ("udp_sendmsg", KERNEL), ("send", "/lib/libc.so.6")], "send"),
        ([("copy_to_iter", KERNEL), ("__x64_sys_recvmmsg", KERNEL)], "receive"),
        ([("pick_next_task", KERNEL), ("schedule", KERNEL), ("do_epoll_wait", KERNEL)], "wakes"),
        ([("clear_page_erms", KERNEL), ("asm_exc_page_fault", KERNEL)], "other"),
    ],
)
def test_a_sample_in_the_kernel_is_of_what_was_asked_of_it(
    frames: list[tuple[str, str]], group: str
) -> None:
    assert group_of(frames) == f"kernel: {group}"


@pytest.mark.parametrize(
    ("name", "file", "group"),
    [
        ("bbr_acked", "/x/_engine.cpython-311-x86_64-linux-gnu.so", "sctp"),
        ("__pyx_f_6p2claw_flush", "/x/_engine.cpython-311-x86_64-linux-gnu.so", "glue"),
        ("aes_gcm_enc", "/x/cryptography/hazmat/bindings/_rust.abi3.so", "crypto"),
        ("_PyEval_EvalFrameDefault", "/x/lib/libpython3.11.so.1.0", "python"),
        ("ngx_http_write_filter", "/usr/sbin/nginx", "own code"),
    ],
)
def test_a_sample_outside_of_the_kernel_is_of_its_file(name: str, file: str, group: str) -> None:
    assert group_of([(name, file)]) == group


def test_the_output_of_perf_script_is_read() -> None:
    text = f"   12 \n\tffff tcp_ack ({KERNEL})\n\tffee net_rx_action ({KERNEL})\n\n    0 \n\n"
    frames = [("tcp_ack", KERNEL), ("net_rx_action", KERNEL)]
    assert list(samples_of(text)) == [(12, frames), (0, [])]


def test_no_sample_is_no_profile() -> None:
    assert Profile().facts(1_000) == {}
