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

from openai import AsyncOpenAI

from benchmarks.exchange import filled, written


class Plain:
    """Debates over one client."""

    def __init__(self, way: str, url: str, exchange: dict[str, Any]) -> None:
        self._way, self._exchange = way, exchange
        if way == "defaults":
            self._client = AsyncOpenAI(api_key="none", base_url=url)
        else:
            from debate.models.openai import connect

            self._client = connect(url, None)

    async def debates(self, number: int) -> None:
        """Holds so many debates at once, each with its ballots."""
        await asyncio.gather(*(self._debate() for _ in range(number)))

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
    """Prints when the last ballot was in hand, in seconds since the epoch."""
    await Plain(way, url, exchange).debates(number)
    print(time.time())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), written(Path(sys.argv[4]))))
