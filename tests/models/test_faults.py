"""What errors mean. How the clients raise them is tested with each provider."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from debate.models.faults import Incomplete, StreamError, Unreachable, classify, wait_of
from debate.models.openai import OpenAIProvider
from debate.models.protocol import ProviderError
from tests.models.asking import model, request

NOW = 1_800_000_000.0
URL = "http://server/v1"


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": format_datetime(datetime.fromtimestamp(NOW + 30, UTC), usegmt=True)}, 30.0),
        ({"retry-after": format_datetime(datetime.fromtimestamp(NOW - 30, UTC), usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0.5s"}, 360.5),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "5000",
            },
            1.0,
        ),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset": "1800000012"}, 12.0),
        ({"x-ratelimit-reset": "1800000012500"}, 12.5),
        (
            {
                "anthropic-ratelimit-tokens-reset": datetime.fromtimestamp(NOW + 9, UTC).isoformat(),
                "anthropic-ratelimit-tokens-remaining": "0",
            },
            9.0,
        ),
    ],
)
def test_waits(headers: dict[str, str], wait: float | None) -> None:
    assert wait_of(headers, NOW) == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (Incomplete("the stream ended before the reply did"), "retry", "stream ended"),
        (json.JSONDecodeError("x", "y", 0), "retry", "malformed JSON"),
        (KeyError("delta"), "retry", "not in its protocol"),
        (StreamError({"error": {"code": "503", "message": "busy"}}), "retry", "busy"),
        (StreamError({"error": "just words"}), "retry", "just words"),
        (StreamError({"error": {"type": "insufficient_quota", "message": "pay"}}), "fatal", "pay"),
        (ConnectionResetError("gone"), "retry", "connection lost"),
        (TimeoutError(), "retry", "no sign of life"),
        (ProviderError("refused", "as it was"), "refused", "as it was"),
    ],
)
def test_kinds(error: Exception, kind: str, words: str) -> None:
    fault = classify(error, model(), URL)
    assert fault.kind == kind and words in fault.detail


def test_long_words_become_one_short_line() -> None:
    fault = classify(StreamError({"error": {"message": "a\nb " * 500}}), model(), URL)
    assert "\n" not in fault.detail and len(fault.detail) < 300


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://no-such-host.invalid/v1"])
async def test_nobody_there(url: str) -> None:
    provider = OpenAIProvider(model(base_url=url))
    with pytest.raises(Unreachable, match=f"no server answers at {url}") as caught:
        await provider.ask(request())
    assert caught.value.kind == "retry"
    await provider.close()


async def test_no_web_address() -> None:
    provider = OpenAIProvider(model(base_url="localhost:8000/v1"))
    with pytest.raises(ProviderError, match="mend base_url") as caught:
        await provider.ask(request())
    assert caught.value.kind == "fatal"
    await provider.close()
