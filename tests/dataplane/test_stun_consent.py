"""Consent on a fake clock: when it asks, what it makes of the responses, when it gives up."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from p2claw.dataplane.core import _stun
from p2claw.dataplane.core._stun import Consent, ConsentExpired
from p2claw.errors import LocalProtocolError

SECOND = 1_000_000
HOUR = 3600 * SECOND
CHROMIUM_US = 2_660_000  # between its checks of a stable pair
LEAST_US = _stun.INTERVAL_US * 8 // 10
MOST_US = _stun.INTERVAL_US * 12 // 10 + _stun.GRID_US
ROUND_US = _stun.PATIENCE_US
QUESTIONS = ROUND_US // _stun.AGAIN_US

# Found out when the peer is silent, and when it sends but does not respond.
SILENT_US = _stun.QUIET_MOST_US + _stun.GRID_US + ROUND_US
UNRESPONSIVE_US = MOST_US + ROUND_US


def seed(number: int = 0) -> bytes:
    return random.Random(number).randbytes(_stun.SEED_BYTES)


def due(consent: Consent) -> int:
    at = consent.next_timeout()
    assert at is not None
    return at


def asked(consent: Consent, again: int = _stun.AGAIN_US) -> tuple[int, bytes]:
    """Lets the next question come: when, and its transaction. again: as of handle_timeout."""
    at = due(consent)
    assert consent.handle_timeout(at - 1, again) is None
    transaction = consent.handle_timeout(at, again)
    assert transaction is not None
    return at, transaction


@dataclass
class Peer:
    """A link over a lossy path to a peer that responds, and may check by itself.

    dies_at: from then on nothing arrives either way. responds: whether it does.
    """

    consent: Consent
    random: random.Random
    loss: float = 0.0
    rtt_us: int = 50_000
    checks_every_us: int | None = None
    dies_at: int = 1 << 62
    responds: bool = True
    questions: int = 0
    rtts_us: list[int] = field(default_factory=list)
    last_arrival: int = 0

    def run(self, until: int) -> int | None:
        """When consent expired, or None."""
        arrivals: list[tuple[int, bytes | None]] = []
        now = 0
        if self.checks_every_us is not None:
            check = self.random.randrange(self.checks_every_us)
            while check < min(until, self.dies_at):
                if self.random.random() >= self.loss:
                    heapq.heappush(arrivals, (check, None))
                check += self.checks_every_us
        while now < until:
            at = due(self.consent)
            if arrivals and arrivals[0][0] <= at:
                now, transaction = heapq.heappop(arrivals)
                if now >= self.dies_at:
                    continue
                self.last_arrival = now
                if transaction is None:
                    self.consent.received(now)
                else:
                    counted, rtt = self.consent.confirmed(transaction, now)
                    self.rtts_us += [rtt] if counted and rtt is not None else []
                continue
            now = at
            try:
                question = self.consent.handle_timeout(now)
            except ConsentExpired:
                return now
            assert question is not None
            self.questions += 1
            survives = (self.random.random() >= self.loss) and (self.random.random() >= self.loss)
            if survives and self.responds and now < self.dies_at:
                heapq.heappush(arrivals, (now + self.rtt_us, question))
        return None


def peer(number: int, **more: Any) -> Peer:
    return Peer(Consent(seed(number), 0), random.Random(number), **more)


# When it asks


def test_the_state_of_a_thousand_links_is_small() -> None:
    assert _stun.STATE_BYTES <= 96


def test_a_peer_that_sends_is_asked_every_four_to_six_seconds() -> None:
    consent = Consent(seed(), 0)
    now, gaps = 0, []
    for _ in range(500):
        consent.received(now)
        while due(consent) - now > SECOND:
            now += SECOND
            consent.received(now)
        at, transaction = asked(consent)
        gaps.append(consent.unconfirmed(at))
        assert consent.confirmed(transaction, at) == (True, 0)
        now = at
    assert LEAST_US <= min(gaps) < LEAST_US + SECOND // 4
    assert MOST_US - SECOND // 4 < max(gaps) <= MOST_US


def test_a_peer_that_is_silent_is_asked_soon_after_a_browser_would_have_checked() -> None:
    consent = Consent(seed(), 0)
    gaps = []
    for _ in range(500):
        at, transaction = asked(consent)
        gaps.append(consent.unconfirmed(at))
        consent.confirmed(transaction, at)
    assert min(gaps) >= _stun.QUIET_LEAST_US
    assert max(gaps) <= _stun.QUIET_MOST_US + _stun.GRID_US < 3_400_000


def test_the_checks_of_a_browser_halve_the_questions() -> None:
    alone, checking = peer(1), peer(1, checks_every_us=CHROMIUM_US)
    assert alone.run(HOUR) is None
    assert checking.run(HOUR) is None
    assert 1050 < alone.questions < 1250
    assert 680 < checking.questions < 740


def test_first_questions_of_many_links_share_their_wakes() -> None:
    times = {due(Consent(seed(number), number * 1_237)) for number in range(1000)}
    assert all(at % _stun.GRID_US == 0 for at in times)
    assert len(times) < 20


def test_a_question_is_repeated_twice_a_second_with_new_transactions() -> None:
    consent = Consent(seed(), 0)
    questions = [asked(consent) for _ in range(QUESTIONS)]
    times = [at for at, _ in questions]
    assert {b - a for a, b in pairwise(times)} == {_stun.AGAIN_US}
    assert len({transaction for _, transaction in questions}) == QUESTIONS


def test_while_data_waits_the_questions_come_ten_times_a_second() -> None:
    consent = Consent(seed(), 0)
    times = [asked(consent, _stun.AGAIN_SOON_US)[0] for _ in range(20)]
    assert {b - a for a, b in pairwise(times)} == {_stun.AGAIN_SOON_US} == {100_000}


# What it makes of responses


def test_a_response_to_the_first_question_gives_the_round_trip_however_long_it_took() -> None:
    consent = Consent(seed(), 0)
    at, transaction = asked(consent)
    for _ in range(6):
        asked(consent)
    assert consent.confirmed(transaction, at + 3_100_000) == (True, 3_100_000)


def test_a_response_to_a_later_question_counts_and_gives_no_round_trip() -> None:
    for later in range(1, QUESTIONS):
        consent = Consent(seed(), 0)
        asked(consent)
        for _ in range(later):
            at, transaction = asked(consent)
        assert consent.confirmed(transaction, at + 1) == (True, None)
        assert consent.unconfirmed(at + 1) == 0


def test_a_response_counts_once() -> None:
    consent = Consent(seed(), 0)
    first, second = asked(consent), asked(consent)
    assert consent.confirmed(first[1], second[0]) == (True, second[0] - first[0])
    assert consent.confirmed(first[1], second[0]) == (False, None)
    assert consent.confirmed(second[1], second[0]) == (False, None)
    asked(consent)
    assert consent.confirmed(first[1], due(consent)) == (False, None)
    assert consent.confirmed(second[1], due(consent)) == (False, None)


def test_a_transaction_that_nobody_asked_with_is_no_response() -> None:
    consent = Consent(seed(), 0)
    assert consent.confirmed(bytes(12), 1) == (False, None)
    at, transaction = asked(consent)
    for bit in range(96):
        guess = (int.from_bytes(transaction, "big") ^ 1 << bit).to_bytes(12, "big")
        assert consent.confirmed(guess, at) == (False, None)
    assert consent.confirmed(transaction, at)[0]


def test_what_arrives_is_no_response() -> None:
    silent = peer(3, responds=False, checks_every_us=1_000_000)
    expired_at = silent.run(HOUR)
    assert expired_at is not None
    assert LEAST_US + ROUND_US <= expired_at <= UNRESPONSIVE_US


def test_transactions_are_the_seeds_alone_and_look_random() -> None:
    def transactions(seed: bytes) -> list[bytes]:
        consent = Consent(seed, 0)
        found = []
        for _ in range(1000):
            at, transaction = asked(consent)
            consent.confirmed(transaction, at)
            found.append(transaction)
        return found

    ours, again, others = transactions(seed(1)), transactions(seed(1)), transactions(seed(2))
    assert ours == again
    assert len({*ours, *others}) == 2000
    for bit in range(96):
        ones = sum(int.from_bytes(t, "big") >> bit & 1 for t in ours)
        assert 400 < ones < 600  # 6 standard deviations of 16 either side


def test_a_seed_of_another_length_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="32 bytes"):
        Consent(bytes(31), 0)


# When it gives up


@pytest.mark.parametrize("checks_every_us", [None, 900_000, CHROMIUM_US, 5_000_000])
def test_a_peer_that_dies_is_found_out_within_fifteen_seconds(checks_every_us: int | None) -> None:
    for number in range(200):
        dies_at = 60 * SECOND + number * 49_999
        dying = peer(number, checks_every_us=checks_every_us, dies_at=dies_at)
        expired_at = dying.run(HOUR)
        assert expired_at is not None
        assert expired_at - dying.last_arrival >= ROUND_US
        assert expired_at - dying.last_arrival <= SILENT_US < 15 * SECOND
        assert expired_at - dies_at <= SILENT_US


def test_a_path_that_was_gone_for_ten_seconds_keeps_its_link() -> None:
    consent = Consent(seed(), 0)
    gone_at, _ = asked(consent)
    at, transaction = gone_at, b""
    while at <= gone_at + 10 * SECOND:
        at, transaction = asked(consent)
    assert consent.confirmed(transaction, at)[0]
    assert due(consent) > at + 2 * SECOND


@pytest.mark.parametrize("again", [_stun.AGAIN_US, _stun.AGAIN_SOON_US])
def test_a_round_lasts_as_long_however_often_it_asks(again: int) -> None:
    consent = Consent(seed(), 0)
    questions = [asked(consent, again) for _ in range(ROUND_US // again)]
    with pytest.raises(ConsentExpired):
        consent.handle_timeout(due(consent), again)
    assert questions[-1][0] - questions[0][0] == ROUND_US - again


def test_of_a_round_with_many_questions_each_may_get_the_response() -> None:
    for number in (0, 23, ROUND_US // _stun.AGAIN_SOON_US - 1):
        consent = Consent(seed(), 0)
        questions = [
            asked(consent, _stun.AGAIN_SOON_US) for _ in range(ROUND_US // _stun.AGAIN_SOON_US)
        ]
        at, _ = questions[-1]
        assert consent.confirmed(questions[number][1], at + 1)[0]


def test_thirty_percent_lost_each_way_end_no_link_in_an_hour() -> None:
    """0.51 ** 23 of the rounds, 2e-7, end a good link: of ten hours like these, one in 400."""
    for number in range(10):
        lossy = peer(number, loss=0.3, checks_every_us=CHROMIUM_US)
        assert lossy.run(HOUR) is None
        assert lossy.questions > 1000
        assert set(lossy.rtts_us) == {50_000}


def test_a_path_of_three_seconds_loses_nothing() -> None:
    slow = peer(4, rtt_us=3_000_000)
    assert slow.run(HOUR) is None
    assert set(slow.rtts_us) == {3_000_000}


def test_a_process_that_stood_still_asks_again_before_it_gives_up() -> None:
    consent = Consent(seed(), 0)
    asked(consent)
    later = due(consent) + 14 * SECOND
    assert consent.handle_timeout(later) is not None
    assert due(consent) == later + _stun.AGAIN_US


def test_thirty_seconds_without_a_response_end_it_however_seldom_it_looked() -> None:
    consent = Consent(seed(), 0)
    now = 0
    with pytest.raises(ConsentExpired):
        while now < HOUR:
            now = max(due(consent), now + _stun.STILL_US - 1)
            consent.handle_timeout(now)
    assert _stun.EXPIRY_US <= now <= _stun.EXPIRY_US + 2 * _stun.STILL_US


@pytest.mark.parametrize("is_asking", [False, True])
def test_a_minute_in_which_the_process_stood_still_does_not_count(is_asking: bool) -> None:
    consent = Consent(seed(), 0)
    if is_asking:
        asked(consent)
    woke_at = due(consent) + 60 * SECOND
    transaction = consent.handle_timeout(woke_at)
    assert transaction is not None
    assert consent.confirmed(transaction, woke_at + 1)[0]


def test_after_a_minute_of_standing_still_a_peer_that_is_gone_is_found_out_as_ever() -> None:
    consent = Consent(seed(), 0)
    now = woke_at = due(consent) + 60 * SECOND
    with pytest.raises(ConsentExpired):
        while True:
            consent.handle_timeout(now)
            now = due(consent)
    assert now - woke_at == ROUND_US


def test_after_two_minutes_of_standing_still_the_other_side_has_long_given_up() -> None:
    consent = Consent(seed(), 0)
    with pytest.raises(ConsentExpired):
        consent.handle_timeout(due(consent) + 120 * SECOND)


def test_standing_still_again_and_again_is_forgiven_as_long_as_once() -> None:
    consent = Consent(seed(), 0)
    now = 0
    with pytest.raises(ConsentExpired):
        while now < HOUR:
            now = due(consent) + 20 * SECOND
            consent.handle_timeout(now)
    assert now < 150 * SECOND


def test_what_has_expired_stays_so() -> None:
    consent = Consent(seed(), 0)
    at, transaction = 0, b""
    for _ in range(QUESTIONS):
        at, transaction = asked(consent)
    at = due(consent)
    for _ in range(2):
        with pytest.raises(ConsentExpired):
            consent.handle_timeout(at)
    assert consent.next_timeout() is None
    consent.received(at)
    assert consent.confirmed(transaction, at) == (False, None)
    assert consent.next_timeout() is None
