"""A small HTTP server that speaks OpenAI's Chat Completions and Anthropic's Messages, well and badly.

It stands in for a provider in tests and benchmarks: the real clients talk to it over real sockets.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import itertools
import json
import math
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web

from debate.models.scripted import sample_json

TEXT = (
    "the motion asks whether a public rule does more good than harm and evidence from schools shows that costs fall "
    "when people can see a price while the other side has not said who would pay for it"
)
WORDS = TEXT.split()


@dataclass(frozen=True)
class Trouble:
    """How a request goes wrong.

    `kind` is `status` (an error with this status, headers and error object), `reset` (the connection is reset before
    an answer), `reset_midway`, `hang` (no answer at all), `hang_midway`, `malformed` (broken JSON), `truncated` (the
    stream or body just ends), `empty`, `refused`, `filtered`, `length` (cut), `thinking` (cut before its first word),
    `error_in_stream` (with `error`), `html`.
    """

    kind: str
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=lambda: {"message": "something broke", "type": "server_error"})


def status(
    code: int, message: str = "something broke", headers: dict[str, str] | None = None, /, **error: Any
) -> Trouble:
    """Returns an HTTP error with this status, these headers and an error object."""
    return Trouble("status", code, headers or {}, {"message": message, **error})


Faults = Callable[[dict[str, Any], int], Trouble | None] | Sequence[Trouble | None]


class ProtocolServer:
    """An async context manager; `url` is where it listens. Use `base_url` for the OpenAI protocol.

    `latency` is seconds before the answer begins, `pace` seconds between the pieces of a stream (0: all in one write).
    `words` is the length of a reply; `reply` makes the text of one from the request's body instead. Where a schema is
    given, the reply is JSON that fits it. `faults` is a list used up in order (None is an answer as usual), or a
    function of the body and the request's number. `models`, where given, are the only names that do not get a 404;
    `key` is the only one that does not get a 401. `cached` tokens are claimed to have come from the cache.
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        pace: float = 0.0,
        words: int = 60,
        reply: Callable[[dict[str, Any]], str] | None = None,
        faults: Faults = (),
        models: Sequence[str] | None = None,
        key: str | None = None,
        cached: int = 0,
        usage: bool = True,
        record: bool = True,
    ) -> None:
        self.latency, self.pace, self.words, self.reply = latency, pace, words, reply
        self.faults, self.models, self.key, self.cached, self.usage = faults, models, key, cached, usage
        self.record = record
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.count = 0
        self.by_model: Counter[str] = Counter()
        self.at_once = self.peak = 0
        self.url = ""
        self._runner: web.ServerRunner | None = None
        self._stop = asyncio.Event()
        self._texts: dict[int, str] = {}

    @property
    def base_url(self) -> str:
        """Where the OpenAI protocol is spoken."""
        return f"{self.url}/v1"

    async def __aenter__(self) -> ProtocolServer:
        self._stop = asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._serve, access_log=None, debug=False), shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=4096)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._runner is not None:
            await self._runner.cleanup()

    @contextlib.contextmanager
    def run_in_thread(self) -> Iterator[ProtocolServer]:
        """Serves from a thread with its own loop, for tests of commands."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.__aenter__(), loop).result(10)
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self.__aexit__(None, None, None), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()

    def share_prefix(self) -> float:
        """Returns the share of all input text that is the longest common prefix with an earlier request, 0..1."""
        seen: list[str] = []
        total = shared = 0
        for body in self.requests:
            text = input_text(body)
            place = bisect.bisect(seen, text)
            # In sorted order the text with the longest common prefix is a neighbour.
            shared += max((common_prefix(text, other) for other in seen[max(0, place - 1) : place + 1]), default=0)
            total += len(text)
            seen.insert(place, text)
        return shared / total if total else 0.0

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = json.loads(await request.read())
        number = self.count
        self.count += 1
        self.by_model[body.get("model", "")] += 1
        if self.record:
            self.requests.append(body)
            self.paths.append(request.path)
            self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.at_once += 1
        self.peak = max(self.peak, self.at_once)
        try:
            return await self._answer(request, body, number)
        finally:
            self.at_once -= 1

    async def _answer(self, request: web.BaseRequest, body: dict[str, Any], number: int) -> web.StreamResponse:
        if callable(self.faults):
            trouble = self.faults(body, number)
        else:
            trouble = self.faults[number] if number < len(self.faults) else None
        said = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.key is not None and said != self.key:
            trouble = status(401, "Incorrect API key provided", type="authentication_error", code="invalid_api_key")
        elif self.models is not None and body.get("model") not in self.models:
            trouble = status(404, "The model does not exist", type="not_found_error", code="model_not_found")
        if trouble is not None and trouble.kind in ("reset", "hang", "status", "html"):
            return await self._fail(request, trouble)
        if self.latency:
            await asyncio.sleep(self.latency)
        speak = {"/v1/chat/completions": _chat, "/v1/messages": _messages}.get(request.path)
        if speak is None:
            return _json(404, {"error": {"message": f"no such path: {request.path}"}})
        kind = trouble.kind if trouble is not None else ""
        plain, events = speak(self, body, number, kind)
        if not body.get("stream"):
            return await self._plain(request, plain, kind)
        return await self._stream(request, events, trouble)

    async def _fail(self, request: web.BaseRequest, trouble: Trouble) -> web.StreamResponse:
        if trouble.kind == "status":
            error = {"type": "error", "error": trouble.error}
            return _json(trouble.status, error, trouble.headers)
        if trouble.kind == "html":
            return web.Response(body=b"<html><body>Welcome</body></html>", content_type="text/html")
        if trouble.kind == "hang":
            await self._stop.wait()
        _reset(request)
        return web.Response()

    async def _plain(self, request: web.BaseRequest, plain: dict[str, Any], kind: str) -> web.StreamResponse:
        text = json.dumps(plain, ensure_ascii=False).encode()
        if kind in ("reset_midway", "hang_midway", "truncated"):
            response = web.StreamResponse(headers={"content-type": "application/json"})
            response.content_length = len(text)
            await response.prepare(request)
            await response.write(text[: len(text) // 2])
            await self._break(request, kind)
            return response
        if kind == "malformed":
            text = text[: len(text) // 2]
        return web.Response(body=text, content_type="application/json")

    async def _stream(self, request: web.BaseRequest, events: list[str], trouble: Trouble | None) -> web.StreamResponse:
        kind = trouble.kind if trouble is not None else ""
        if kind == "malformed":
            events = [*events[:2], events[2][: len(events[2]) // 2] + "\n\n"]
        elif kind == "truncated":
            events = events[: len(events) // 2]
        elif kind == "error_in_stream" and trouble is not None:
            anthropic = request.path == "/v1/messages"
            error = json.dumps({"type": "error", "error": trouble.error})
            events = [*events[:3], f"event: error\ndata: {error}\n\n" if anthropic else f"data: {error}\n\n"]
        if not self.pace and kind not in ("reset_midway", "hang_midway"):
            return web.Response(body="".join(events).encode(), content_type="text/event-stream")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        if kind in ("reset_midway", "hang_midway"):
            await response.write("".join(events[: len(events) // 2]).encode())
            await self._break(request, kind)
            return response
        for event in events:
            await response.write(event.encode())
            await asyncio.sleep(self.pace)
        return response

    async def _break(self, request: web.BaseRequest, kind: str) -> None:
        if kind == "hang_midway":
            await self._stop.wait()
        else:
            await asyncio.sleep(0.02)
        _reset(request)

    def text(self, body: dict[str, Any], number: int, schema: dict[str, Any] | None) -> str:
        """Returns what is said to a request."""
        if self.reply is not None:
            return self.reply(body)
        if schema is not None:
            return json.dumps(sample_json(schema, random.Random(number)), ensure_ascii=False)
        start = number % 17
        if start not in self._texts:
            self._texts[start] = " ".join(itertools.islice(itertools.cycle(WORDS), start, start + self.words))
        return self._texts[start]


def input_text(body: dict[str, Any]) -> str:
    """Returns all input text of a request in either protocol, in the order in which a model reads it."""
    parts = [*_texts(body.get("system", ""))]
    for message in body.get("messages", ()):
        parts.append(f"\n{message['role']}: ")
        parts += _texts(message["content"])
    return "".join(parts)


def common_prefix(one: str, other: str) -> int:
    """Returns how many characters two texts share from their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _texts(content: str | list[dict[str, Any]]) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    else:
        yield from (block.get("text", "") for block in content)


def _json(code: int, value: dict[str, Any], headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=code, body=json.dumps(value).encode(), content_type="application/json", headers=headers or {}
    )


def _reset(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()


def _pieces(text: str) -> list[str]:
    return [text[i : i + 6] for i in range(0, len(text), 6)]


def _counts(server: ProtocolServer, body: dict[str, Any], text: str) -> tuple[int, int, int]:
    size = sum(map(len, _texts(body.get("system", ""))))
    size += sum(len(part) for message in body["messages"] for part in _texts(message["content"]))
    return size // 4 + 1 + server.cached, server.cached, len(text) // 4 + 1


def _chat(server: ProtocolServer, body: dict[str, Any], number: int, kind: str) -> tuple[dict[str, Any], list[str]]:
    """Returns the plain answer and the events of the streamed one, in OpenAI's protocol."""
    form = body.get("response_format") or {}
    text = server.text(body, number, form.get("json_schema", {}).get("schema"))
    reason = {"length": "length", "thinking": "length", "filtered": "content_filter"}.get(kind, "stop")
    refusal = "I cannot argue for this." if kind == "refused" else None
    if kind in ("empty", "refused", "thinking"):
        text = ""
    n_in, cached, n_out = _counts(server, body, text)
    usage = {
        "prompt_tokens": n_in,
        "completion_tokens": n_out,
        "total_tokens": n_in + n_out,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    logprobs = None
    if body.get("logprobs"):
        text = "7"
        tops = [{"token": t, "logprob": math.log(p)} for t, p in (("7", 0.5), (" 7", 0.1), ("4", 0.25), ("A", 0.05))]
        logprobs = {"content": [{"token": "7", "logprob": math.log(0.5), "top_logprobs": tops}]}
    head = {"id": f"chat-{number}", "created": 0, "model": body.get("model", "")}
    message = {"role": "assistant", "content": text or None, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": logprobs}
    plain = {**head, "object": "chat.completion", "choices": [choice], **({"usage": usage} if server.usage else {})}
    if not body.get("stream"):
        return plain, []

    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return f"data: {json.dumps({**head, 'object': 'chat.completion.chunk', 'choices': choices})}\n\n"

    events = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"refusal": piece}) for piece in _pieces(refusal or "")]
    events += [chunk({"content": piece}) for piece in _pieces(text)]
    events.append(chunk({}, reason))
    if server.usage and (body.get("stream_options") or {}).get("include_usage"):
        last = {**head, "object": "chat.completion.chunk", "choices": [], "usage": usage}
        events.append(f"data: {json.dumps(last)}\n\n")
    events.append("data: [DONE]\n\n")
    return plain, events


def _messages(server: ProtocolServer, body: dict[str, Any], number: int, kind: str) -> tuple[dict[str, Any], list[str]]:
    """Returns the plain answer and the events of the streamed one, in Anthropic's protocol."""
    tool = next(iter(body.get("tools") or ()), None)
    text = server.text(body, number, tool["input_schema"] if tool else None)
    reason = {"length": "max_tokens", "thinking": "max_tokens", "refused": "refusal"}.get(
        kind, "tool_use" if tool else "end_turn"
    )
    if kind in ("empty", "refused", "thinking"):
        text, tool = "", None
    n_in, cached, n_out = _counts(server, body, text)
    usage = {
        "input_tokens": n_in - cached,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
        "output_tokens": n_out,
    }
    if tool:
        block: dict[str, Any] = {"type": "tool_use", "id": "t", "name": tool["name"], "input": json.loads(text)}
        start = {**block, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in _pieces(text)]
    else:
        block = {"type": "text", "text": text}
        start = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(text)]
    head = {"id": f"msg-{number}", "type": "message", "role": "assistant", "model": body.get("model", "")}
    content = [block] if text else []
    plain = {**head, "content": content, "stop_reason": reason, "stop_sequence": None, "usage": usage}
    if not body.get("stream"):
        return plain, []

    def event(name: str, **value: Any) -> str:
        return f"event: {name}\ndata: {json.dumps({'type': name, **value})}\n\n"

    opening = {**head, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events = [event("message_start", message=opening), event("ping")]
    if content:
        events.append(event("content_block_start", index=0, content_block=start))
        events += [event("content_block_delta", index=0, delta=delta) for delta in deltas]
        events.append(event("content_block_stop", index=0))
    events.append(event("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": n_out}))
    events.append(event("message_stop"))
    return plain, events
