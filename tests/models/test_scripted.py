"""The scripted speaker."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.core.errors import UserError
from debate.core.words import count_words
from debate.models.protocol import Message, ProviderError, Reply, Stage
from debate.models.scripted import ScriptedProvider, sample_json
from tests.models.asking import SCHEMA, model, request


async def say(params: dict[str, Any] | None = None, **given: Any) -> Reply:
    return await ScriptedProvider(model("scripted", params=params or {})).ask(request(**given))


STAGE = Stage(motion="x", side="con", step="con_1", words=150, citable=tuple(f"P1.{i}" for i in range(1, 9)))


async def test_the_same_seeds_say_the_same() -> None:
    first = await say({"seed": 1}, stage=STAGE, seed=5)
    assert first == await say({"seed": 1}, stage=STAGE, seed=5)
    assert first.text != (await say({"seed": 2}, stage=STAGE, seed=5)).text
    assert first.text != (await say({"seed": 1}, stage=STAGE, seed=6)).text
    assert first.text != (await say({"seed": 1}, stage=STAGE, seed=5, key="m0002/a/con_1/0")).text


async def test_skill_answers_claims() -> None:
    def cited(reply: Reply) -> int:
        return sum(f"[{claim}]" in reply.text for claim in STAGE.citable)

    assert cited(await say({"skill": 1}, stage=STAGE)) == 8
    assert cited(await say({"skill": 0}, stage=STAGE)) == 0
    weak, strong = [set((await say({"skill": s}, stage=STAGE)).text.split()) for s in (0.1, 0.9)]
    assert len(weak) < len(strong)


@pytest.mark.parametrize("words", [30, 90, 200, 400])
async def test_length_and_paragraphs(words: int) -> None:
    reply = await say(stage=Stage(step="s", words=words))
    assert 0.8 * words - 10 <= count_words(reply.text) <= words
    assert reply.text.count("\n\n") == -(-words // 45) - 1


async def test_it_answers_in_chinese() -> None:
    reply = await say(stage=Stage(step="s", words=200), messages=(Message("user", "请你为正方辩护，谈谈 AI。"),))
    assert sum("\u4e00" <= c <= "\u9fff" for c in reply.text) > 100
    assert count_words(reply.text) <= 200


async def test_it_streams() -> None:
    pieces: list[str] = []
    reply = await ScriptedProvider(model("scripted")).ask(request(stage=STAGE), pieces.append)
    assert "".join(pieces) == reply.text and len(pieces) > 1


async def test_faults_at_steps() -> None:
    params = {"faults": {"con_1": "refused", "closing": "empty", "con_9": "retry"}}
    assert (await say(params, stage=STAGE)).status == "refused"
    assert (await say(params, stage=Stage(step="z", kind="closing"))).status == "empty"
    assert (await say(params, stage=Stage(step="z", kind="rebuttal", words=9))).status == "ok"
    with pytest.raises(ProviderError) as caught:
        await say(params, stage=Stage(step="con_9"))
    assert caught.value.kind == "retry"


@pytest.mark.parametrize(
    ("params", "line"),
    [({"skil": 1}, "did you mean 'skill'"), ({"faults": {"x": "refuse"}}, "did you mean 'refused'")],
)
def test_typos(params: dict[str, Any], line: str) -> None:
    with pytest.raises(UserError, match=line):
        ScriptedProvider(model("scripted", params=params))


async def test_ballots_and_digits() -> None:
    ballot = json.loads((await say(schema=SCHEMA)).text)
    assert set(ballot) == {"logic", "winner"}
    digits = (await say(digits=True)).digits
    assert digits is not None and sum(digits.values()) == pytest.approx(1)


@given(st.integers(0, 2**32))
def test_samples_fit_their_schema(seed: int) -> None:
    schema = {
        "$defs": {"point": {"type": "object", "properties": {"x": {"type": "number", "minimum": -1, "maximum": 1}}}},
        "type": "object",
        "properties": {
            "n": {"type": "integer", "exclusiveMinimum": 0, "maximum": 2},
            "maybe": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
            "points": {"type": "array", "items": {"$ref": "#/$defs/point"}, "minItems": 2, "maxItems": 3},
            "word": {"type": "string", "minLength": 200, "maxLength": 300},
            "kind": {"const": "k"},
        },
    }
    value = sample_json(schema, random.Random(seed))
    assert value["n"] in (1, 2)
    assert value["maybe"] in (True, False, None)
    assert 2 <= len(value["points"]) <= 3 and all(-1 <= p["x"] <= 1 for p in value["points"])
    assert 200 <= len(value["word"]) <= 300
    assert value["kind"] == "k"
