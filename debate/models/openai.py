"""OpenAI's Chat Completions, at OpenAI and at every server that speaks the same protocol."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from typing import Any, Literal

import httpx2
from openai import AsyncOpenAI, AsyncStream, DefaultAioHttpClient
from pydantic_core import to_json

from debate.core.contestant import Model
from debate.core.noun import digest
from debate.models import wire
from debate.models.faults import Incomplete, StreamError, classify
from debate.models.protocol import Fault, OnText, ProviderError, Reply, Request, Usage
from debate.models.sse import events

OFFICIAL = "https://api.openai.com/v1"

#: Models that think before they answer: their thinking counts as output and comes before the first word.
_REASONING = re.compile(r"^(?:.*/)?(?:o[134](?:-|$)|gpt-5(?!.*-chat))")

#: Tokens granted for thinking beside the reply, by `reasoning_effort`.
_THINKING = {"none": 0, "minimal": 1024, "low": 4096, "medium": 8192, "high": 24576, "xhigh": 49152, "max": 65536}

FINISHED: dict[str, Literal["ok", "truncated", "filtered"]] = {"length": "truncated", "content_filter": "filtered"}


def connect(base_url: str | None, key_env: str | None) -> AsyncOpenAI:
    """Returns a client; many models at one endpoint share it. Its key is taken from the environment now."""
    return AsyncOpenAI(
        api_key=(os.environ.get(key_env) if key_env else None) or "none",
        base_url=base_url or OFFICIAL,
        max_retries=0,
        http_client=DefaultAioHttpClient(limits=wire.connections()),
    )


class OpenAIProvider:
    """One model of a server that speaks Chat Completions.

    It drives the real client, but writes and reads JSON by itself: with the client's own encoder and response objects
    a call would take more than twice the CPU. A reply is streamed only where somebody reads along, for the same reason.
    """

    def __init__(self, model: Model, client: AsyncOpenAI | None = None) -> None:
        self._model = model
        self._client = client or connect(model.base_url, model.key_env)
        self._url = model.base_url or OFFICIAL
        self._official = model.base_url is None
        self._reasons = bool(_REASONING.match(model.model)) or "reasoning_effort" in model.params

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns the reply. See Provider."""
        stream = on_text is not None and not request.digits
        body = self.body(request, stream)
        patience = wire.timeout(self._model, request.max_tokens, thinks=self._reasons, streamed=stream)
        options: Any = {"timeout": patience}
        try:
            if on_text is not None and stream:
                if not self._official:
                    # llama.cpp hangs up after a stream, although it promises to keep the connection.
                    options["headers"] = {"Connection": "close"}
                response = await self._client.post(
                    "/chat/completions", cast_to=httpx2.Response, content=to_json(body), options=options,
                    stream=True, stream_cls=AsyncStream[Any],
                )  # fmt: skip
                return await self._read(request, response, on_text)  # type: ignore[arg-type]
            answer = await self._client.post(
                "/chat/completions", cast_to=httpx2.Response, content=to_json(body), options=options
            )
            return self._whole(request, json.loads(answer.content))
        except Exception as error:
            raise classify(error, self._model, self._url) from error

    async def close(self) -> None:
        """Closes the client's connections."""
        await self._client.close()

    def body(self, request: Request, stream: bool) -> dict[str, Any]:
        """Returns the body that is sent. `params` have the last word; one that is null leaves its field out."""
        room = 1 if request.digits else request.max_tokens
        if self._reasons:
            room += _THINKING.get(str(self._model.params.get("reasoning_effort") or "medium"), _THINKING["medium"])
        body: dict[str, Any] = {
            "model": self._model.model,
            "messages": [{"role": m.role, "content": m.text} for m in request.messages],
            "max_completion_tokens" if self._official or self._reasons else "max_tokens": room,
        }
        if stream:
            body["stream"] = True
            body["stream_options"] = {"include_usage": True}
        if request.seed is not None and not self._reasons:
            body["seed"] = request.seed
        if self._official:
            body["prompt_cache_key"] = _cache_key(request)
        if request.digits:
            body |= {"logprobs": True, "top_logprobs": 20}
        if request.schema is not None:
            strict = request.schema.get("additionalProperties") is False  # what the strict mode insists on
            form = {"name": "reply", "schema": request.schema, "strict": strict}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        params = self._model.params
        if params.get("max_tokens") or params.get("max_completion_tokens"):
            body.pop("max_tokens", None)
            body.pop("max_completion_tokens", None)
        return {name: value for name, value in (body | params).items() if value is not None}

    def _whole(self, request: Request, answer: Any) -> Reply:
        if not isinstance(answer, dict):
            raise Incomplete("the reply is not a Chat Completion")
        if answer.get("error"):
            raise StreamError(answer)
        choice = _first(answer)
        message = choice.get("message") or {}
        if not choice or not choice.get("finish_reason"):
            raise Incomplete("the reply is not a complete Chat Completion")
        return self._reply(
            request,
            str(message.get("content") or ""),
            str(message.get("refusal") or ""),
            choice["finish_reason"],
            answer.get("usage"),
            answer.get("model"),
            choice.get("logprobs") if request.digits else None,
        )

    async def _read(self, request: Request, response: httpx2.Response, on_text: OnText) -> Reply:
        text: list[str] = []
        refusal: list[str] = []
        finish = usage = name = None
        done = False
        try:
            async for data in events(response.aiter_bytes()):
                if data.startswith(b"[DONE]"):
                    done = True
                    continue  # the rest of the body is read, so that the connection can be used again
                chunk = json.loads(data)
                if chunk.get("error"):
                    raise StreamError(chunk)
                usage = chunk.get("usage") or usage
                name = chunk.get("model") or name
                choice = _first(chunk)
                if not choice:
                    continue
                delta = choice.get("delta") or {}
                if delta.get("content"):
                    text.append(delta["content"])
                    on_text(delta["content"])
                if delta.get("refusal"):
                    refusal.append(delta["refusal"])
                finish = choice.get("finish_reason") or finish
        finally:
            await response.aclose()
        if not finish and not done:
            raise Incomplete("the stream ended before the reply did")
        return self._reply(request, "".join(text), "".join(refusal), finish or "stop", usage, name)

    def _reply(
        self, request: Request, text: str, refusal: str, finish: str, usage: Any, name: Any, logprobs: Any = None
    ) -> Reply:
        status: Literal["ok", "truncated", "filtered", "refused", "empty"] = FINISHED.get(finish, "ok")
        if request.digits and finish == "length":  # one token was all that was wanted
            status = "ok"
        why = f"finish_reason {finish}"
        if refusal:
            status, why, text = "refused", refusal, text or refusal
        elif not text.strip() and status != "filtered":
            why = f"no text ({why})"
            status = "empty" if status == "ok" else status  # one that was cut was still thinking
        return Reply(
            request.key,
            status,
            text,
            _usage(usage),
            model=str(name or self._model.model),
            digits=digits_of(logprobs, self._url) if request.digits and status == "ok" else None,
            faults=() if status == "ok" else (Fault(status, why),),
        )


def digits_of(logprobs: Any, url: str) -> dict[int, float]:
    """Returns the probability of each digit 1-9 as the first token that is no space.

    Raises:
        ProviderError: the server gave no probabilities.
    """
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not tokens:
        raise ProviderError("fatal", f"{url} gives no token probabilities; choose another model for this judge")
    digits = dict.fromkeys(range(1, 10), 0.0)
    # Some vocabularies write " 7" as a space and a digit.
    word = next((token for token in tokens if str(token.get("token", "")).strip()), tokens[0])
    for top in word.get("top_logprobs") or ():
        token = str(top.get("token", "")).strip()
        if len(token) == 1 and token in "123456789":
            digits[int(token)] += math.exp(top["logprob"])
    return digits


def _first(chunk: Mapping[str, Any]) -> dict[str, Any]:
    choices = chunk.get("choices")
    return choices[0] if choices else {}


def _cache_key(request: Request) -> str:
    """Calls of one speaker in one leg extend each other, so they belong to one cache."""
    return digest([request.who, *request.key.split("/")[:2]])[:32]


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        int(usage.get("prompt_tokens") or 0),
        int(details.get("cached_tokens") or 0),
        int(usage.get("completion_tokens") or 0),
    )
