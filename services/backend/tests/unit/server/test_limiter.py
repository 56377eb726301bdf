"""The token buckets, with a clock of our own."""

from __future__ import annotations

from threading import Thread

from shoebox.server.limiter import RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_limit_is_spent_at_once_and_no_more() -> None:
    limiter = RateLimiter(5, clock=Clock())
    assert [limiter.check("a") == 0.0 for _ in range(8)] == [True] * 5 + [False] * 3


def test_the_wait_is_until_the_next_token() -> None:
    clock = Clock()
    limiter = RateLimiter(6, clock=clock)
    for _ in range(6):
        limiter.check("a")
    assert round(limiter.check("a"), 3) == 10.0
    clock.now += 4
    assert round(limiter.check("a"), 3) == 6.0
    clock.now += 6
    assert limiter.check("a") == 0.0
    assert limiter.check("a") > 0


def test_asking_in_vain_costs_nothing() -> None:
    clock = Clock()
    limiter = RateLimiter(1, clock=clock)
    limiter.check("a")
    for _ in range(100):
        limiter.check("a")
    clock.now += 60
    assert limiter.check("a") == 0.0


def test_a_bucket_is_full_again_after_a_minute_and_never_fuller() -> None:
    clock = Clock()
    limiter = RateLimiter(5, clock=clock)
    limiter.check("a")
    clock.now += 3600
    assert [limiter.check("a") == 0.0 for _ in range(6)] == [True] * 5 + [False]


def test_clients_do_not_share_a_bucket() -> None:
    limiter = RateLimiter(1, clock=Clock())
    assert [limiter.check(f"198.51.100.{n}") for n in range(200)] == [0.0] * 200


def test_zero_is_no_limit() -> None:
    limiter = RateLimiter(0, clock=Clock())
    assert [limiter.check("a") for _ in range(1000)] == [0.0] * 1000


def test_a_full_table_forgets_the_longest_quiet_in_their_favour() -> None:
    clock = Clock()
    limiter = RateLimiter(1, slots=8, clock=clock)
    for client in "abcdefgh":
        limiter.check(client)
        clock.now += 1
    assert limiter.check("i") == 0.0
    assert limiter.check("h") > 0
    assert limiter.check("a") == 0.0


def test_threads_together_get_exactly_the_limit() -> None:
    limiter = RateLimiter(100, clock=Clock())
    allowed: list[float] = []

    def work() -> None:
        allowed.extend(wait for wait in (limiter.check("a") for _ in range(50)) if wait == 0.0)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 100
