"""A server that speaks a provider's protocol, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, NamedTuple

from tests.servers.protocol import WORDS, ProtocolServer, input_text


class Traffic(NamedTuple):
    """What a server was asked: when the first request came (seconds since the epoch), how many, and how much text."""

    first: float
    requests: int
    megabytes: float


class Server:
    """A running server, by its address."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url

    @property
    def base_url(self) -> str:
        """Where the OpenAI protocol is spoken."""
        return f"{self.url}/v1"

    def traffic(self) -> Traffic:
        """Returns what was asked since the last look."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Traffic(*json.loads(self._process.stdout.readline()))


@contextlib.contextmanager
def running(latency: float, words: int) -> Iterator[Server]:
    """Runs a server that answers after `latency` seconds with `words` words."""
    command = [sys.executable, "-m", "benchmarks.server", str(latency), str(words)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        yield Server(process, process.stdout.readline().strip())
        process.stdin.close()


class _Speaker(ProtocolServer):
    """Says something new each time, or the engine would find in its caches what it cannot find there in earnest."""

    def text(self, body: dict[str, Any], number: int, schema: dict[str, Any] | None) -> str:
        if schema is not None:
            return super().text(body, number, schema)
        return " ".join(islice(cycle([*WORDS[number % 17 :], f"{number},"]), self.words))


async def _serve(latency: float, words: int) -> None:
    first, requests, characters = 0.0, 0, 0

    def seen(body: dict[str, Any], number: int) -> None:
        nonlocal first, requests, characters
        first = first or time.time()
        requests += 1
        characters += len(input_text(body))

    async with _Speaker(latency=latency, words=words, record=False, faults=seen) as server:
        print(server.url, flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps([first, requests, characters / 1e6]), flush=True)
            first, requests, characters = 0.0, 0, 0


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), int(sys.argv[2])))
