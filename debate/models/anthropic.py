"""Anthropic's Messages."""

from __future__ import annotations

import json
import os
from typing import Any, Literal

import httpx2
from anthropic import AsyncAnthropic, AsyncStream, DefaultAioHttpClient
from pydantic_core import to_json

from debate.core.contestant import Model
from debate.models import wire
from debate.models.faults import Incomplete, StreamError, classify
from debate.models.protocol import Fault, Message, OnText, ProviderError, Reply, Request, Usage
from debate.models.sse import events

OFFICIAL = "https://api.anthropic.com"

#: The provider's cache takes no more marks than this.
_MARKS = 4

_TOOL = "reply"

STOPPED: dict[str, Literal["ok", "truncated", "refused"]] = {
    "max_tokens": "truncated",
    "model_context_window_exceeded": "truncated",
    "refusal": "refused",
}


def connect(base_url: str | None, key_env: str | None) -> AsyncAnthropic:
    """Returns a client; many models at one endpoint share it. Its key is taken from the environment now."""
    return AsyncAnthropic(
        api_key=(os.environ.get(key_env) if key_env else None) or "none",
        base_url=address(base_url),
        max_retries=0,
        http_client=DefaultAioHttpClient(limits=wire.connections()),
    )


def address(base_url: str | None) -> str:
    """Returns the endpoint without `/v1`, which the client adds by itself."""
    return base_url.rstrip("/").removesuffix("/v1") if base_url else OFFICIAL


class AnthropicProvider:
    """One model of a server that speaks Messages.

    It drives the real client, but has JSON of its own, and streams only where somebody reads along: see
    OpenAIProvider. A schema becomes a tool that the model has to call.
    """

    def __init__(self, model: Model, client: AsyncAnthropic | None = None) -> None:
        self._model = model
        self._client = client or connect(model.base_url, model.key_env)
        self._url = address(model.base_url)
        thinking = model.params.get("thinking") or {}
        self._thinks = thinking.get("type") in ("enabled", "adaptive")
        self._thinking_tokens = int(thinking.get("budget_tokens") or 8192) if self._thinks else 0

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns the reply. See Provider."""
        if request.digits:
            raise ProviderError(
                "fatal", f"{self._url} gives no token probabilities; choose another model for this judge"
            )
        streamed = on_text is not None
        body = self.body(request, streamed)
        patience = wire.timeout(self._model, request.max_tokens, thinks=self._thinks, streamed=streamed)
        options: Any = {"timeout": patience}
        try:
            if on_text is not None:
                response = await self._client.post(
                    "/v1/messages", cast_to=httpx2.Response, content=to_json(body), options=options,
                    stream=True, stream_cls=AsyncStream[Any],
                )  # fmt: skip
                return await self._read(request, response, on_text)  # type: ignore[arg-type]
            answer = await self._client.post(
                "/v1/messages", cast_to=httpx2.Response, content=to_json(body), options=options
            )
            return self._whole(request, json.loads(answer.content))
        except Exception as error:
            raise classify(error, self._model, self._url) from error

    async def close(self) -> None:
        """Closes the client's connections."""
        await self._client.close()

    def body(self, request: Request, stream: bool) -> dict[str, Any]:
        """Returns the body that is sent. `params` have the last word; one that is null leaves its field out."""
        said = [m for m in request.messages if m.text.strip()]
        last = max((i for i, m in enumerate(said) if m.role == "user"), default=-1)
        marked = [i for i, m in enumerate(said) if m.cache and i != last][-(_MARKS - 1) :]
        marks = {*marked, last}
        body: dict[str, Any] = {
            "model": self._model.model,
            "max_tokens": request.max_tokens + self._thinking_tokens,
            "messages": [
                {"role": m.role, "content": [_block(m, i in marks)]} for i, m in enumerate(said) if m.role != "system"
            ],
        }
        system = [_block(m, i in marks) for i, m in enumerate(said) if m.role == "system"]
        if system:
            body["system"] = system
        if stream:
            body["stream"] = True
        if request.schema is not None:
            what = "Gives the whole reply. Always call it, once."
            body["tools"] = [{"name": _TOOL, "description": what, "input_schema": request.schema}]
            # A model that thinks cannot be forced to call a tool.
            body["tool_choice"] = {"type": "auto"} if self._thinks else {"type": "tool", "name": _TOOL}
        return {name: value for name, value in (body | self._model.params).items() if value is not None}

    def _whole(self, request: Request, answer: Any) -> Reply:
        if isinstance(answer, dict) and answer.get("type") == "error":
            raise StreamError(answer)
        if not isinstance(answer, dict) or not answer.get("stop_reason"):
            raise Incomplete("the reply is not a complete Message")
        text: list[str] = []
        tool: str | None = None
        for block in answer.get("content") or ():
            if block.get("type") == "text":
                text.append(block["text"])
            elif block.get("type") == "tool_use":
                tool = json.dumps(block["input"], ensure_ascii=False)
        said = "".join(text) if tool is None else tool
        return self._reply(request, said, answer["stop_reason"], answer.get("usage") or {}, answer.get("model"))

    async def _read(self, request: Request, response: httpx2.Response, on_text: OnText) -> Reply:
        text: list[str] = []
        tool: list[str] = []
        usage: dict[str, Any] = {}
        stopped = name = None
        done = False
        try:
            async for data in events(response.aiter_bytes()):
                event = json.loads(data)
                kind = event.get("type")
                if kind == "content_block_delta":
                    delta = event["delta"]
                    piece = delta.get("text") if delta["type"] == "text_delta" else delta.get("partial_json")
                    if piece:
                        (text if delta["type"] == "text_delta" else tool).append(piece)
                        on_text(piece)
                elif kind == "message_start":
                    usage = event["message"].get("usage") or {}
                    name = event["message"].get("model")
                elif kind == "message_delta":
                    stopped = event["delta"].get("stop_reason") or stopped
                    usage = usage | {k: v for k, v in (event.get("usage") or {}).items() if v is not None}
                elif kind == "message_stop":
                    done = True
                elif kind == "error":
                    raise StreamError(event)
        finally:
            await response.aclose()
        if not done or not stopped:
            raise Incomplete("the stream ended before the reply did")
        return self._reply(request, "".join(tool or text), stopped, usage, name)

    def _reply(self, request: Request, text: str, stopped: str, usage: dict[str, Any], name: Any) -> Reply:
        status: Literal["ok", "truncated", "refused", "empty"] = STOPPED.get(stopped, "ok")
        why = f"stop_reason {stopped}"
        if not text.strip() and status != "refused":
            why = f"no text ({why})"
            status = "empty" if status == "ok" else status  # one that was cut was still thinking
        read = int(usage.get("cache_read_input_tokens") or 0)
        written = int(usage.get("cache_creation_input_tokens") or 0)
        used = Usage(int(usage.get("input_tokens") or 0) + read + written, read, int(usage.get("output_tokens") or 0))
        faults = () if status == "ok" else (Fault(status, why),)
        return Reply(request.key, status, text, used, model=str(name or self._model.model), faults=faults)


def _block(message: Message, mark: bool) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "text", "text": message.text}
    if mark:
        block["cache_control"] = {"type": "ephemeral"}
    return block
