"""The OpenAI provider, through the real client, against a server that behaves and misbehaves."""

from __future__ import annotations

import json

import pytest

from debate.models.openai import OpenAIProvider
from debate.models.protocol import Message, OnText, ProviderError, Reply, Request, Usage
from tests.models.asking import SCHEMA, model, request
from tests.servers.protocol import ProtocolServer, Trouble, status


async def ask(server: ProtocolServer, asked: Request, on_text: OnText | None = None, **given: object) -> Reply:
    provider = OpenAIProvider(model(base_url=server.base_url, **given))
    try:
        return await provider.ask(asked, on_text)
    finally:
        await provider.close()


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def on_text(request: pytest.FixtureRequest) -> OnText | None:
    return [].append if request.param else None


async def test_a_reply_is_the_same_whole_and_streamed() -> None:
    pieces: list[str] = []
    async with ProtocolServer(words=50, cached=4) as server:
        whole = await ask(server, request())
        server.count = 0
        streamed = await ask(server, request(), pieces.append)
    assert whole.status == "ok" and len(whole.text.split()) == 50
    assert whole.usage.cached == 4 and whole.usage.input > 4 and whole.usage.output > 40
    assert streamed == whole
    assert "".join(pieces) == whole.text and len(pieces) > 10
    assert "stream" not in server.requests[0]
    assert server.requests[1]["stream_options"] == {"include_usage": True}


async def test_text_comes_while_it_is_written() -> None:
    seen: list[int] = []
    async with ProtocolServer(pace=0.01) as server:
        await ask(server, request(), lambda _: seen.append(server.at_once))
    assert set(seen) == {1}


async def test_a_server_that_counts_nothing_counts_as_nothing(on_text: OnText | None) -> None:
    async with ProtocolServer(usage=False) as server:
        assert (await ask(server, request(), on_text)).usage == Usage()


async def test_a_schema_is_kept(on_text: OnText | None) -> None:
    async with ProtocolServer() as server:
        reply = await ask(server, request(schema=SCHEMA), on_text)
    assert server.requests[0]["response_format"]["json_schema"] == {"name": "reply", "schema": SCHEMA, "strict": True}
    ballot = json.loads(reply.text)
    assert 1 <= ballot["logic"] <= 5 and ballot["winner"] in ("pro", "con")


async def test_digits_are_probabilities_of_the_first_token(on_text: OnText | None) -> None:
    async with ProtocolServer() as server:
        reply = await ask(server, request(digits=True), on_text)
    assert reply.digits is not None
    assert reply.digits[7] == pytest.approx(0.6) and reply.digits[4] == pytest.approx(0.25)
    assert reply.digits[1] == 0 and set(reply.digits) == set(range(1, 10))


def test_bodies() -> None:
    asked = request(seed=7)
    other = OpenAIProvider(model(base_url="http://localhost:1/v1", params={"temperature": 0.7})).body(asked, False)
    assert other == {
        "model": "m1",
        "messages": [{"role": "system", "content": "You debate."}, {"role": "user", "content": "Speak."}],
        "max_tokens": 300,
        "seed": 7,
        "temperature": 0.7,
    }
    official = OpenAIProvider(model()).body(asked, False)
    assert official["max_completion_tokens"] == 300 and "max_tokens" not in official
    later = request(key="m0001/a/pro_closing/0")
    assert official["prompt_cache_key"] == OpenAIProvider(model()).body(later, False)["prompt_cache_key"]
    elsewhere = request(key="m0002/a/pro_closing/0")
    assert official["prompt_cache_key"] != OpenAIProvider(model()).body(elsewhere, False)["prompt_cache_key"]
    null = OpenAIProvider(model(params={"seed": None, "max_tokens": 9})).body(asked, False)
    assert "seed" not in null and "max_completion_tokens" not in null and null["max_tokens"] == 9


@pytest.mark.parametrize(
    ("name", "params", "room"),
    [
        ("gpt-5.4", {}, 300 + 8192),
        ("o3-mini", {"reasoning_effort": "high"}, 300 + 24576),
        ("openai/gpt-5", {"reasoning_effort": "minimal"}, 300 + 1024),
        ("qwq", {"reasoning_effort": "low"}, 300 + 4096),
    ],
)
def test_models_that_think_get_room_to_think(name: str, params: dict[str, str], room: int) -> None:
    body = OpenAIProvider(model(model=name, params=params, base_url="http://localhost:1")).body(request(seed=1), True)
    assert body["max_completion_tokens"] == room
    assert not {"temperature", "top_p", "seed", "max_tokens"} & body.keys()


@pytest.mark.parametrize("name", ["gpt-4.1", "gpt-5-chat-latest", "gpt-4o", "o1x-thing"])
def test_models_that_do_not_think_get_what_was_asked(name: str) -> None:
    assert OpenAIProvider(model(model=name)).body(request(), True)["max_completion_tokens"] == 300


async def test_prompts_that_grow_are_prefixes(on_text: OnText | None) -> None:
    grown = request().messages
    async with ProtocolServer() as server:
        for turn in range(4):
            reply = await ask(server, request(messages=grown), on_text)
            grown = (*grown, Message("assistant", reply.text), Message("user", f"Now answer {turn}."))
    assert server.share_prefix() > 0.5


@pytest.mark.parametrize(
    ("kind", "outcome", "has_text"),
    [("empty", "empty", False), ("refused", "refused", True), ("filtered", "filtered", True),
     ("length", "truncated", True), ("thinking", "truncated", False)],
)  # fmt: skip
async def test_replies_that_are_no_speech(kind: str, outcome: str, has_text: bool, on_text: OnText | None) -> None:
    async with ProtocolServer(faults=[Trouble(kind)]) as server:
        reply = await ask(server, request(), on_text)
    assert reply.status == outcome
    assert bool(reply.text) == has_text
    assert reply.faults[0].kind == outcome and reply.faults[0].detail
    assert reply.usage.input > 0


FAULTS = [
    (status(429, "slow down", {"retry-after": "1.5"}), "rate_limit", "slow down", 1.5),
    (status(429, "slow down", {"retry-after-ms": "250"}), "rate_limit", "429", 0.25),
    (status(429, "tokens", {"x-ratelimit-reset-tokens": "6m1s"}), "rate_limit", "tokens", 361.0),
    (status(429, "You exceeded your current quota", code="insufficient_quota"), "fatal", "top up", None),
    (status(401, "Incorrect API key"), "fatal", "TEST_KEY", None),
    (status(403, "Not in your country"), "fatal", "TEST_KEY", None),
    (status(404, "The model does not exist", code="model_not_found"), "fatal", "no model 'm1'", None),
    (status(400, "max_tokens is too large"), "fatal", "max_tokens is too large", None),
    (status(400, "Rejected", code="content_policy_violation"), "filtered", "Rejected", None),
    (status(408), "retry", "408", None),
    (status(409), "retry", "409", None),
    (status(500), "retry", "something broke", None),
    (status(503, "busy", {"retry-after": "3"}), "retry", "busy", 3.0),
    (status(529, "Overloaded"), "retry", "Overloaded", None),
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
        assert words in fault.detail and server.url in fault.detail and "\n" not in fault.detail
        assert server.count == 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "bad gateway", "code": 502}, "retry"),
        ({"message": "slow", "code": "rate_limit_exceeded"}, "rate_limit"),
        ({"message": "broke", "type": "server_error"}, "retry"),
        ({"message": "flagged", "code": "content_filter"}, "filtered"),
        ({"message": "no", "code": 401}, "fatal"),
    ],
)
async def test_errors_inside_a_stream(error: dict[str, object], kind: str) -> None:
    pieces: list[str] = []
    async with ProtocolServer(faults=[Trouble("error_in_stream", error=error)]) as server:
        with pytest.raises(ProviderError, match=str(error["message"])) as caught:
            await ask(server, request(), pieces.append)
    assert caught.value.kind == kind
    assert pieces


async def test_a_web_site_is_no_provider(on_text: OnText | None) -> None:
    async with ProtocolServer(faults=[Trouble("html")]) as server:
        with pytest.raises(ProviderError) as caught:
            await ask(server, request(), on_text)
    assert caught.value.kind == "retry"


async def test_many_connections_at_once() -> None:
    """The client's pool would stop at a hundred by itself."""
    import asyncio

    async with ProtocolServer(latency=0.3) as server:
        provider = OpenAIProvider(model(base_url=server.base_url))
        await asyncio.gather(*(provider.ask(request(key=f"m/a/{i}/0")) for i in range(150)))
        await provider.close()
        assert server.peak == 150
