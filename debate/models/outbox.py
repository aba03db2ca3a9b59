"""Where messages for one reader gather, so that few large ones cross a process boundary instead of many small ones."""

from __future__ import annotations

import asyncio
import os
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

#: Seconds that the first message waits for company.
GATHER = 0.005


class Mark(NamedTuple):
    """How far a reader has read: which life of the sending process, and the number of the last message it has.

    A life that differs from the one before says that the sender died and began anew: what was asked of it must be
    asked again.
    """

    life: str = ""
    number: int = 0


class Outbox(Generic[T]):
    """A queue whose messages are kept until the reader says that it has them, so one lost on its way is sent again."""

    def __init__(self) -> None:
        self._life = os.urandom(8).hex()
        self._items: list[tuple[int, T]] = []
        self._last = 0
        self._some = asyncio.Event()

    def put(self, item: T) -> None:
        """Adds a message."""
        self._last += 1
        self._items.append((self._last, item))
        self._some.set()

    async def take(self, mark: Mark, longest: float = 20.0) -> tuple[Mark, list[T]]:
        """Forgets the messages up to `mark`, and returns all later ones in order with the mark after them.

        Waits up to `longest` seconds for the first one, then returns none.
        """
        read = mark.number if mark.life == self._life else 0
        self._items = [item for item in self._items if item[0] > read]
        if not self._items:
            self._some.clear()
            try:
                async with asyncio.timeout(longest if mark.life == self._life else 0):
                    await self._some.wait()
            except TimeoutError:
                return Mark(self._life, read), []
        await asyncio.sleep(GATHER)
        return Mark(self._life, self._items[-1][0]), [item for _, item in self._items]
