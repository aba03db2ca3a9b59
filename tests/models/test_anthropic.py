"""The Anthropic provider, through the real client, against a server that behaves and misbehaves."""

from __future__ import annotations

import json

import pytest

from debate.models.anthropic import AnthropicProvider
from debate.models.protocol import Message, OnText, ProviderError, Reply, Request
from tests.models.asking import SCHEMA, model, request
from tests.servers.protocol import ProtocolServer, Trouble, status


async def ask(server: ProtocolServer, asked: Request, on_text: OnText | None = None, **given: object) -> Reply:
    provider = AnthropicProvider(model("anthropic", base_url=server.url, **given))
    try:
        return await provider.ask(asked, on_text)
    finally:
        await provider.close()


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def on_text(request: pytest.FixtureRequest) -> OnText | None:
    return [].append if request.param else None


async def test_a_reply_is_the_same_whole_and_streamed() -> None:
    pieces: list[str] = []
    async with ProtocolServer(words=50, cached=3) as server:
        whole = await ask(server, request())
        server.count = 0
        streamed = await ask(server, request(), pieces.append)
    assert whole.status == "ok" and len(whole.text.split()) == 50
    assert whole.usage.cached == 3 and whole.usage.input == 3 + 18 // 4 + 1 and whole.usage.output > 40
    assert streamed == whole
    assert "".join(pieces) == whole.text and len(pieces) > 10


async def test_a_schema_is_a_tool_that_must_be_called(on_text: OnText | None) -> None:
    async with ProtocolServer() as server:
        reply = await ask(server, request(schema=SCHEMA), on_text)
    assert server.requests[0]["tool_choice"] == {"type": "tool", "name": "reply"}
    assert server.requests[0]["tools"][0]["input_schema"] == SCHEMA
    ballot = json.loads(reply.text)
    assert 1 <= ballot["logic"] <= 5 and ballot["winner"] in ("pro", "con")


def test_bodies() -> None:
    said = (
        Message("system", "Rules.", cache=True),
        Message("user", "One.", cache=True),
        Message("assistant", "Two.", cache=True),
        Message("user", "Three.", cache=True),
        Message("assistant", "Four.", cache=True),
        Message("user", "Five."),
        Message("user", " "),
    )
    body = AnthropicProvider(model("anthropic", params={"temperature": 0.2, "top_k": None})).body(
        request(messages=said, seed=3), stream=True
    )
    mark = {"cache_control": {"type": "ephemeral"}}
    assert body == {
        "model": "m1",
        "max_tokens": 300,
        "stream": True,
        "temperature": 0.2,
        "system": [{"type": "text", "text": "Rules."}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "One."}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Two.", **mark}]},
            {"role": "user", "content": [{"type": "text", "text": "Three.", **mark}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Four.", **mark}]},
            {"role": "user", "content": [{"type": "text", "text": "Five.", **mark}]},
        ],
    }


def test_a_model_that_thinks_gets_room_and_is_not_forced() -> None:
    thinking = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    body = AnthropicProvider(model("anthropic", params=thinking)).body(request(schema=SCHEMA), stream=False)
    assert body["max_tokens"] == 2300 and body["tool_choice"] == {"type": "auto"}


@pytest.mark.parametrize(
    ("kind", "outcome", "has_text"),
    [("empty", "empty", False), ("refused", "refused", False), ("length", "truncated", True),
     ("thinking", "truncated", False)],
)  # fmt: skip
async def test_replies_that_are_no_speech(kind: str, outcome: str, has_text: bool, on_text: OnText | None) -> None:
    async with ProtocolServer(faults=[Trouble(kind)]) as server:
        reply = await ask(server, request(), on_text)
    assert reply.status == outcome and reply.faults[0].kind == outcome
    assert bool(reply.text) == has_text
    assert reply.usage.input > 0


FAULTS = [
    (status(429, "slow", {"retry-after": "2"}, type="rate_limit_error"), "rate_limit", "slow", 2.0),
    (status(401, "invalid x-api-key", type="authentication_error"), "fatal", "TEST_KEY", None),
    (status(404, "model: m1", type="not_found_error"), "fatal", "no model 'm1'", None),
    (status(400, "Your credit balance is too low", type="invalid_request_error"), "fatal", "credit", None),
    (status(400, "Output blocked by content filtering policy"), "filtered", "blocked", None),
    (status(500, type="api_error"), "retry", "500", None),
    (status(529, "Overloaded", type="overloaded_error"), "retry", "Overloaded", None),
    (Trouble("reset"), "retry", "connection lost", None),
    (Trouble("reset_midway"), "retry", "connection lost", None),
    (Trouble("malformed"), "retry", "malformed JSON", None),
    (Trouble("truncated"), "retry", "", None),
    (Trouble("hang"), "retry", "no sign of life", None),
    (Trouble("hang_midway"), "retry", "no sign of life", None),
]


@pytest.mark.parametrize(
    ("trouble", "kind", "words", "wait"), FAULTS, ids=[f"{t.kind}-{t.status}-{k}" for t, k, *_ in FAULTS]
)
async def test_faults(
    trouble: Trouble, kind: str, words: str, wait: float | None, on_text: OnText | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_KEY", "k")
    async with ProtocolServer(faults=[trouble]) as server:
        with pytest.raises(ProviderError) as caught:
            await ask(server, request(), on_text, api_key_env="TEST_KEY", timeout=0.3)
        fault = caught.value
        assert (fault.kind, fault.wait) == (kind, wait)
        assert words in fault.detail and server.url in fault.detail
        assert server.count == 1


@pytest.mark.parametrize(
    ("tag", "kind"),
    [("overloaded_error", "retry"), ("rate_limit_error", "rate_limit"), ("api_error", "retry"),
     ("invalid_request_error", "fatal"), ("authentication_error", "fatal")],
)  # fmt: skip
async def test_errors_inside_a_stream(tag: str, kind: str) -> None:
    pieces: list[str] = []
    trouble = Trouble("error_in_stream", error={"type": tag, "message": "it broke"})
    async with ProtocolServer(faults=[trouble]) as server:
        with pytest.raises(ProviderError, match="it broke") as caught:
            await ask(server, request(), pieces.append)
    assert caught.value.kind == kind


async def test_the_key_is_sent_and_an_address_may_end_in_v1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "secret")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another")
    async with ProtocolServer(key="secret") as server:
        provider = AnthropicProvider(model("anthropic", base_url=server.base_url, api_key_env="TEST_KEY"))
        assert (await provider.ask(request())).status == "ok"
        await provider.close()
    assert "another" not in str(server.headers[0])


async def test_there_are_no_token_probabilities() -> None:
    async with ProtocolServer() as server:
        with pytest.raises(ProviderError, match="no token probabilities"):
            await ask(server, request(digits=True))
        assert server.count == 0
