"""How many calls an endpoint is sent at once: as many as it bears, found out by trying."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

#: Calls at once to begin with, and where doubling ends.
START = 100
BOUND = 500
#: The share of a round of successes by which the number grows after a cut or beyond the bound.
_CREEP = 0.05
_CUT = 0.8
#: A limit that was hardly used says nothing about a higher one.
_IN_USE = 0.8
#: Seconds after a cut within which the limit stays: one overload, reported by many calls, counts once.
COOLDOWN = 5.0


class AdaptiveLimit:
    """An async context manager around each call, which waits until the endpoint may be sent one more.

    Every success while the limit is nearly used up adds one call (so it doubles in a round of calls), and a twentieth
    of a call from the first rate limit on or above `bound`; a rate limit takes a fifth away. Other failures change
    nothing.
    """

    def __init__(
        self,
        start: int = START,
        bound: int = BOUND,
        most: int = 2000,
        cooldown: float = COOLDOWN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`most` is never exceeded; `cooldown` is in seconds of `clock`."""
        self._limit = float(start)
        self._bound, self._most, self._cooldown, self._clock = bound, most, cooldown, clock
        self._doubling = True
        self._in_use = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._cooling_until = self._no_call_before = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    @property
    def limit(self) -> int:
        """Calls that may be under way at once, now."""
        return int(self._limit)

    @property
    def in_use(self) -> int:
        """Calls under way."""
        return self._in_use

    async def __aenter__(self) -> None:
        if not self._waiting and self._may_start():
            self._in_use += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the turn had come, and nobody takes it
                self._in_use -= 1
                self._wake()
            else:
                with contextlib.suppress(ValueError):
                    self._waiting.remove(turn)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in_use -= 1
        self._wake()

    def succeeded(self) -> None:
        """Says that a call under way was answered."""
        if self._in_use < _IN_USE * self.limit or self._clock() < self._cooling_until:
            return
        if self._doubling and self._limit < self._bound:
            self._limit = min(self._limit + 1, self._bound, self._most)
        else:
            self._limit = min(self._limit + _CREEP, self._most)

    def limited(self, wait: float | None = None) -> None:
        """Says that a call hit a rate limit, and how many seconds the provider asks all calls to wait."""
        now = self._clock()
        if wait:
            self._no_call_before = max(self._no_call_before, now + wait)
        if now < self._cooling_until:
            return
        # No provider's wait prolongs the cooldown: one that keeps asking for waits would freeze the limit.
        self._cooling_until = now + self._cooldown
        self._limit = max(1.0, self._limit * _CUT)
        self._doubling = False

    def _may_start(self) -> bool:
        return self._in_use < self.limit and self._clock() >= self._no_call_before

    def _wake(self) -> None:
        while self._waiting and self._may_start():
            turn = self._waiting.popleft()
            if not turn.done():
                self._in_use += 1
                turn.set_result(None)
        pause = self._no_call_before - self._clock()
        if self._waiting and pause > 0 and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(pause, self._rested)

    def _rested(self) -> None:
        self._timer = None
        self._wake()
