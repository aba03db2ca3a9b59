"""The exchange driven by plain asyncio and the openai client: what a person would write who needs no engine.

It keeps, rates, retries and checks nothing. `defaults`: the client as it comes. `same`: the client as the engine
connects it, on aiohttp with room for all connections. `raw`: that, with replies read as plain JSON, as the engine does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
from openai import AsyncOpenAI

from benchmarks.exchange import filled, written
from debate.models.openai import connect


class Plain:
    """Debates over one client."""

    def __init__(self, way: str, url: str, exchange: dict[str, Any]) -> None:
        self._way, self._exchange = way, exchange
        if way == "defaults":
            self._client = AsyncOpenAI(api_key="none", base_url=url)
        else:
            # The client's own five seconds to connect do not suffice on a busy machine.
            timeout = httpx2.Timeout(60, pool=None)
            self._client = connect(url, None).with_options(timeout=timeout, max_retries=2)

    async def debates(self, number: int) -> int:
        """Holds so many debates at once, each with its ballots, and returns how many failed."""
        ends = await asyncio.gather(*(self._debate() for _ in range(number)), return_exceptions=True)
        return sum(isinstance(end, BaseException) for end in ends)

    async def _debate(self) -> None:
        replies: list[str] = []
        for call in self._exchange["speeches"]:
            replies.append(await self._ask(call, replies))
        ballots = await asyncio.gather(*(self._ask(call, replies) for call in self._exchange["ballots"]))
        for ballot in ballots:
            json.loads(ballot)

    async def _ask(self, call: dict[str, Any], replies: list[str]) -> str:
        body: dict[str, Any] = {
            "model": "m",
            "messages": filled(call["messages"], replies),
            "max_tokens": call["room"],
        }
        if call["schema"]:
            form = {"name": "reply", "schema": call["schema"], "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        if self._way == "raw":
            answer: Any = await self._client.post("/chat/completions", cast_to=object, body=body)
            return str(answer["choices"][0]["message"]["content"])
        reply = await self._client.chat.completions.create(**body)
        return str(reply.choices[0].message.content)


async def main(way: str, url: str, number: int, exchange: dict[str, Any]) -> None:
    """Prints how many debates failed, and when the last ballot was in hand, in seconds since the epoch."""
    print(await Plain(way, url, exchange).debates(number), time.time())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), written(Path(sys.argv[4]))))
