"""Messages that gather, and are kept until they are received."""

from __future__ import annotations

import asyncio

from debate.models.outbox import Mark, Outbox


async def begin(outbox: Outbox[str]) -> Mark:
    """Returns the mark of a reader that has nothing yet."""
    return Mark((await outbox.take(Mark(), 1))[0].life, 0)


async def test_what_gathered_comes_at_once() -> None:
    outbox: Outbox[str] = Outbox()
    for text in "abc":
        outbox.put(text)
    mark, items = await outbox.take(Mark(), 1)
    assert items == ["a", "b", "c"] and mark.number == 3


async def test_a_waiting_reader_gets_the_first_and_its_company() -> None:
    outbox: Outbox[str] = Outbox()
    reader = asyncio.create_task(outbox.take(await begin(outbox), 5))
    await asyncio.sleep(0.01)
    outbox.put("a")
    await asyncio.sleep(0.001)
    outbox.put("b")
    assert (await reader)[1] == ["a", "b"]


async def test_what_was_not_received_comes_again() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.put("a")
    outbox.put("b")
    first, _ = await outbox.take(Mark(), 1)
    assert (await outbox.take(Mark(first.life, 1), 1))[1] == ["b"]
    lost = asyncio.create_task(outbox.take(first, 5))
    await asyncio.sleep(0.01)
    lost.cancel()
    outbox.put("c")
    assert (await outbox.take(first, 1))[1] == ["c"]


async def test_a_mark_of_another_life_forgets_nothing() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.put("a")
    mark, items = await outbox.take(Mark("another", 9), 1)
    assert items == ["a"] and mark.life != "another"


async def test_nothing_comes_to_nothing() -> None:
    outbox: Outbox[str] = Outbox()
    mark = await begin(outbox)
    assert await outbox.take(mark, 0.01) == (mark, [])
    outbox.put("a")
    mark, _ = await outbox.take(mark, 1)
    assert await outbox.take(mark, 0.01) == (mark, [])
