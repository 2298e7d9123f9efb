"""Messages that the sender repeats by itself, so that its SCTP learns of no loss."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from p2claw.dataplane.core._sctp import AssociationClosed, Event, MessageReceived
from tests.support import sctp_pair
from tests.support.link_emulator import PathSettings
from tests.support.repeating_peer import RepeatingPeer
from tests.support.sctp_pair import Pair
from tests.wire.vectors import cases, denoted, read

PPID_BINARY = 53

LOSSY = PathSettings(delay_s=0.025, rate_bytes_per_s=12.5e6, queue_bytes=625_000, loss=0.01)
BACK = PathSettings(delay_s=0.025, loss=0.01)


class Upload:
    """left sends messages of random lengths, some of them tiny; right gets them."""

    def __init__(
        self,
        there: PathSettings = LOSSY,
        back: PathSettings = BACK,
        *,
        seed: int = 1,
        count: int = 400,
        answers: bool = True,
        repeats: bool = True,
        sizes: tuple[int, ...] = (12, 700, 3_000, 16_000),
        first: tuple[int, ...] = (16_000,),  # a body begins
        queued: int = 200_000,
    ) -> None:
        random = Random(seed)
        self.sent = [
            b"\0\0\3\0" + random.randbytes(size)
            for size in (*first, *(random.choice(sizes) for _ in range(count)))
        ]
        self.queued = queued
        self.got: list[bytes] = []
        self.closed: AssociationClosed | None = None
        self.at = 0
        self.pair = Pair(
            there,
            back,
            seed=seed,
            left={"controller": "cubic"},
            right={"admits_repeating": True},
        )
        self.pair.on_event, self.pair.before_sending = self.event, self.feed
        self.pair.connect()
        left = self.pair.left
        self.peer = RepeatingPeer(
            lambda message: left.send(0, PPID_BINARY, message), admits=repeats, answers=answers
        )

    def event(self, side: int, event: Event) -> None:
        if isinstance(event, AssociationClosed):
            self.closed = event
        if not isinstance(event, MessageReceived):
            return
        if side == 1:
            self.got.append(event.data)
        else:
            assert self.peer.read(event.data)

    def feed(self, side: int) -> None:
        if side == 1 or not self.pair.left.is_established:
            return
        while self.at < len(self.sent) and self.pair.left.waiting_bytes < self.queued:
            self.peer.send(self.sent[self.at])
            self.at += 1

    def run(self, limit_s: float = 60.0) -> bool:
        return self.pair.run(lambda: len(self.got) == len(self.sent), limit_s)


@pytest.mark.parametrize("seed", range(1, 9))
def test_all_messages_come_once_and_in_order(seed: int) -> None:
    upload = Upload(seed=seed)
    assert upload.run()
    assert upload.got == upload.sent


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_same_where_packets_are_overtaken_and_come_twice(seed: int) -> None:
    there = PathSettings(
        delay_s=0.02,
        rate_bytes_per_s=5e6,
        queue_bytes=200_000,
        loss=0.05,
        reorder=0.05,
        duplicate=0.02,
    )
    upload = Upload(there, PathSettings(delay_s=0.02, loss=0.05), seed=seed)
    assert upload.run()
    assert upload.got == upload.sent


def test_the_sender_learns_of_no_loss() -> None:
    upload = Upload()
    assert upload.run()
    assert upload.pair.paths[0].counts.lost > 10
    assert upload.pair.right.stats()["repeated_in"] > 10
    assert upload.pair.left.stats()["lost_chunks"] <= 2  # before the other side knew


def test_without_the_news_sctp_repeats() -> None:
    upload = Upload(repeats=False)
    assert upload.run()
    assert upload.pair.right.stats()["repeated_in"] == 0
    assert upload.pair.left.stats()["lost_chunks"] > 10


def test_a_sender_that_does_not_repeat_is_given_up() -> None:
    upload = Upload(answers=False)
    upload.pair.run(lambda: upload.closed is not None, 60)
    assert upload.closed is not None
    assert upload.closed.code in ("not-repeated", "aborted")


def test_only_what_is_missing_is_repeated() -> None:
    upload = Upload()
    assert upload.run()
    lost = upload.pair.paths[0].counts.lost
    assert upload.peer.repeated_bytes < 4 * 1_400 * lost


@cases(read("repeating.json"))
def test_the_sender_of_these_tests_follows_the_vectors(case: dict[str, Any]) -> None:
    out: list[bytes] = []
    peer = RepeatingPeer(out.append, admits=case["admits"])
    for step in case["steps"]:
        message = denoted(step["message"])
        for _ in range(step.get("times", 1)):
            out.clear()
            if step["do"] == "send":
                peer.send(message)
            else:
                assert peer.read(message) == step["ours"]
        assert out == [denoted(part) for part in step["out"]]


def test_a_message_that_only_has_the_type_of_a_repetition_is_the_users() -> None:
    pair = Pair(right={"admits_repeating": True})
    pair.connect()
    messages = [b"C" * 100, b"\0\1\x43\0\0\0\0\0" + b"two", b"\0\3\x43\0\0\0\0\1" + b"odd"]
    for message in messages:
        pair.left.send(0, PPID_BINARY, message)
    pair.run(lambda: len(pair.events[1]) > len(messages))
    got = [event.data for event in pair.events[1] if isinstance(event, MessageReceived)]
    assert got == messages


def test_a_line_that_is_dark_for_a_while_ends_nothing() -> None:
    upload = Upload()
    assert not upload.run(0.5)
    for path in upload.pair.paths:
        path.judge = lambda packet: True
    upload.pair.run_for(8.0)
    for path in upload.pair.paths:
        path.judge = None
    assert upload.run()
    assert upload.got == upload.sent


def test_a_page_that_sleeps_for_half_a_minute_is_not_given_up() -> None:
    upload = Upload(answers=False)
    upload.run(20.0)
    assert upload.closed is None
    assert upload.pair.right.stats()["repeated_in"] == 0


def test_the_window_grows_again_where_another_path_is_longer() -> None:
    there = PathSettings(delay_s=0.005, rate_bytes_per_s=2.5e6, queue_bytes=50_000)
    upload = Upload(there, PathSettings(delay_s=0.005), count=8_000)
    assert not upload.run(3.0)
    upload.pair.paths[0].change(delay_s=0.1, queue_bytes=500_000)
    upload.pair.paths[1].change(delay_s=0.1)
    upload.pair.sides[1].path_changed(upload.pair.now)
    upload.pair.run_for(4.0)
    assert upload.pair.left.stats()["peer_window_bytes"] > 300_000


@pytest.mark.parametrize("lost", range(1, 12))
def test_what_is_lost_as_soon_as_a_body_begins_halves_no_window(lost: int) -> None:
    upload = Upload(PathSettings(delay_s=0.05), PathSettings(delay_s=0.05))
    upload.pair.run(lambda: upload.pair.left.is_established)
    first = upload.pair.paths[0].counts.sent
    upload.pair.paths[0].change(drop=frozenset({first + lost}))
    assert upload.run()
    assert upload.got == upload.sent
    assert upload.pair.left.stats()["lost_chunks"] == 0


FAR = PathSettings(delay_s=0.05, rate_bytes_per_s=6.25e6, queue_bytes=625_000)


def test_a_flight_that_doubles_fills_the_line_and_hardly_overruns_its_queue() -> None:
    upload = Upload(FAR, PathSettings(delay_s=0.05), count=800, sizes=(16_000,), queued=10**6)
    upload.run(1.9)
    assert sum(map(len, upload.got)) > 4_500_000
    assert upload.pair.paths[0].counts.queue_full < 50


def test_no_queue_stands_for_long_where_a_line_becomes_slower() -> None:
    there = PathSettings(delay_s=0.025, rate_bytes_per_s=12.5e6, queue_bytes=625_000)
    upload = Upload(there, PathSettings(delay_s=0.025), count=6_000, sizes=(16_000,))
    upload.run(3.0)
    upload.pair.paths[0].change(rate_bytes_per_s=3.125e6)
    upload.run(1.0)
    for _ in range(10):
        upload.run(0.3)
        assert upload.pair.paths[0].wait_s(upload.pair.now) < 0.03
    upload.pair.paths[0].change(rate_bytes_per_s=12.5e6)
    upload.run(1.0)
    before = len(upload.got)
    upload.run(1.0)
    assert len(upload.got) - before > 600


def test_a_few_losses_of_a_first_flight_are_not_taken_for_a_full_path() -> None:
    upload = Upload(FAR, PathSettings(delay_s=0.05), count=800, sizes=(16_000,), queued=10**6)
    upload.pair.run(lambda: upload.pair.left.is_established)
    first = upload.pair.paths[0].counts.sent
    upload.pair.paths[0].change(drop=frozenset(first + n for n in (12, 17, 22, 27)))
    upload.run(2.0)
    assert sum(map(len, upload.got)) > 4_000_000


def test_what_waits_in_a_long_queue_of_the_sender_is_not_asked_for_twice() -> None:
    there = PathSettings(delay_s=0.025, rate_bytes_per_s=2e6, queue_bytes=100_000, loss=0.003)
    upload = Upload(there, PathSettings(delay_s=0.025), sizes=(16_000,), queued=600_000)
    assert upload.run()
    lost = upload.pair.paths[0].counts.lost
    assert lost > 5
    assert upload.peer.repeated_bytes < 3_000 * lost


def test_thousands_of_small_messages_wait_for_one_that_is_missing() -> None:
    upload = Upload(FAR, PathSettings(delay_s=0.05), count=12_000, sizes=(12,), queued=10**6)
    upload.pair.run(lambda: len(upload.got) > 0)
    gap = upload.pair.paths[0].counts.sent + 2
    upload.pair.paths[0].change(drop=frozenset({gap}))
    assert upload.run()
    assert upload.got == upload.sent
    assert upload.pair.right.stats()["dropped_in"] == 0
    assert upload.pair.left.stats()["lost_chunks"] == 0


def test_news_that_come_while_older_messages_are_missing_are_heeded_once_those_are_there() -> None:
    upload = Upload(LOSSY, BACK, seed=4, first=(8_000,) * 40, sizes=(16_000,))
    assert upload.run()
    assert upload.got == upload.sent
    assert upload.pair.left.stats()["lost_chunks"] > 0  # before the news
    assert upload.pair.right.stats()["repeated_in"] > 10


def test_numbers_of_messages_and_chunks_go_on_at_zero() -> None:
    upload = Upload(seed=3, count=70_000, sizes=(100, 300), queued=20_000)
    assert upload.run()
    assert upload.got == upload.sent
    assert upload.pair.right.stats()["repeated_in"] > 10


def test_a_number_that_comes_again_after_65536_small_messages_names_the_later_one() -> None:
    there = PathSettings(0.02, rate_bytes_per_s=400e3, queue_bytes=50_000, loss=0.01)
    upload = Upload(there, PathSettings(0.02), seed=3, count=140_000, sizes=(12,), queued=2_000)
    assert upload.run(120.0)
    assert upload.got == upload.sent
    assert upload.pair.right.stats()["repeated_in"] > 1_000


@pytest.mark.parametrize("before", [1, 20, 80, 500])
def test_numbers_of_chunks_go_on_at_zero_while_some_are_missing(
    before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seed_bytes(random: Random) -> bytes:
        seed = random.randbytes(44)
        return seed[:4] + (2**32 - before).to_bytes(4, "big") + seed[8:]

    monkeypatch.setattr(sctp_pair, "seed_bytes", seed_bytes)
    there = PathSettings(
        0.02,
        rate_bytes_per_s=5e6,
        queue_bytes=200_000,
        loss=0.05,
        reorder=0.05,
        duplicate=0.02,
    )
    upload = Upload(there, PathSettings(0.02, loss=0.05), seed=before)
    assert upload.run()
    assert upload.got == upload.sent
    assert upload.pair.right.stats()["repeated_in"] > 10
