"""How many calls at once an endpoint is found to bear."""

from __future__ import annotations

import asyncio
import heapq
import random

import pytest

from debate.models.limits import AdaptiveLimit


async def fill(limiter: AdaptiveLimit, count: int) -> None:
    for _ in range(count):
        await asyncio.wait_for(limiter.__aenter__(), 0.1)


async def test_it_doubles_up_to_the_bound_and_then_creeps() -> None:
    limiter = AdaptiveLimit(start=20, bound=100)
    seen = []
    for _ in range(4):
        await fill(limiter, limiter.limit - limiter.in_use)
        for _ in range(limiter.in_use):
            limiter.succeeded()
        seen.append(limiter.limit)
    assert seen[:2] == [26, 33]  # growth ends where the calls under way are 80% of the limit
    limiter = AdaptiveLimit(start=20, bound=100)
    for most in (40, 80, 103, 108, 113):  # the third round reaches the bound with 60 of its 80 calls to come
        for _ in range(limiter.limit):
            await fill(limiter, limiter.limit - limiter.in_use)
            limiter.succeeded()
        assert limiter.limit == pytest.approx(most, abs=1)


async def test_successes_that_use_little_prove_nothing() -> None:
    limiter = AdaptiveLimit(start=20)
    for _ in range(500):
        async with limiter:
            limiter.succeeded()
    assert limiter.limit == 20


async def test_one_cut_for_one_overload() -> None:
    now = [0.0]
    limiter = AdaptiveLimit(start=100, cooldown=10, clock=lambda: now[0])
    for _ in range(50):
        limiter.limited()
    assert limiter.limit == 80
    now[0] = 9.9
    limiter.limited(wait=60)
    assert limiter.limit == 80
    now[0] = 10.1  # the wait that was asked for does not prolong the cooldown
    limiter.limited()
    assert limiter.limit == 64


async def test_after_a_cut_it_rests_and_then_grows_slowly() -> None:
    now = [0.0]
    limiter = AdaptiveLimit(start=100, cooldown=5, clock=lambda: now[0])
    limiter.limited()
    await fill(limiter, 80)
    for _ in range(80):
        limiter.succeeded()
    assert limiter.limit == 80
    now[0] = 5.1
    for _ in range(81):
        limiter.succeeded()
    assert limiter.limit == 84


async def test_a_wait_holds_all_calls_back() -> None:
    limiter = AdaptiveLimit(start=5)
    limiter.limited(wait=0.15)
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with limiter:
        assert 0.14 <= loop.time() - began < 0.5


async def test_places_are_given_in_order_and_survive_cancellation() -> None:
    limiter = AdaptiveLimit(start=1)
    order: list[int] = []

    async def call(number: int) -> None:
        async with limiter:
            order.append(number)
            await asyncio.sleep(0.001)

    tasks = [asyncio.create_task(call(n)) for n in range(6)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    tasks[4].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [0, 1, 3, 5]
    assert limiter.in_use == 0


def simulate(bears: int, seconds: float, start: int = 20) -> tuple[float, float]:
    """Plays a server that bears `bears` calls at once, of .5 s each. Returns its mean use and the share of 429s."""
    now = [0.0]
    limiter = AdaptiveLimit(start=start, clock=lambda: now[0])
    rng = random.Random(1)
    under_way: list[tuple[float, bool]] = []
    served = refused = good = 0
    while now[0] < seconds:
        while limiter._may_start():
            limiter._in_use += 1
            bad = good >= bears
            good += not bad
            heapq.heappush(under_way, (now[0] + (0.01 if bad else 0.5 * rng.uniform(0.8, 1.2)), bad))
        now[0], bad = heapq.heappop(under_way)
        if bad:
            refused += 1
            limiter.limited(wait=0.2)
        else:
            served += 1
            good -= 1
            limiter.succeeded()
        limiter._in_use -= 1
        if not under_way and not limiter._may_start():
            now[0] = limiter._no_call_before
    return served * 0.5 / seconds / bears, refused / (served + refused)


@pytest.mark.parametrize("bears", [10, 60, 150, 400])
def test_it_finds_what_a_server_bears(bears: int) -> None:
    use, refused = simulate(bears, 200)
    assert use > 0.7
    assert refused < 0.05
