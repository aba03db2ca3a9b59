"""A deterministic speaker for tests and simulations. It understands nothing, and is in no default roster."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any, get_args

from debate.core.contestant import Model
from debate.core.errors import UserError, nearest
from debate.core.noun import seed_of
from debate.core.words import CJK, SCALE, count_words
from debate.models.protocol import Fault, FaultKind, OnText, ProviderError, Reply, Request, Usage

_WHO = ["families", "small towns", "public schools", "nurses", "young voters", "local firms", "courts", "farmers"]
_DOES = ["pay for", "depend on", "gain from", "lose trust in", "wait for", "answer for", "plan around", "learn from"]
_WHAT = ["this rule", "clear prices", "open records", "slow reform", "shared costs", "fair notice", "plain law"]
_WHEN = ["after a bad year", "in most cities", "when budgets shrink", "once it is law", "before an election"]
_FACT = [
    "In {year}, {n} of 100 towns that tried it kept it.",
    "A {n} percent change came within {k} years.",
    "One trial with {n} clinics ran for {k} years and was kept.",
    "The cost fell from {n} to {k} a head by {year}.",
]
_DULL = "It is what it is and that is why it matters."
_LINK = ["So", "Therefore", "For that reason", "It follows that", "What this means is that"]
_WHO_ZH = ["普通家庭", "小城镇", "公立学校", "护士", "年轻选民", "本地企业", "法院", "农民"]
_DOES_ZH = ["承担", "依赖", "受益于", "不再信任", "等待", "适应", "看重"]
_WHAT_ZH = ["这项规则", "公开的价格", "透明的记录", "缓慢的改革", "共同的成本", "清楚的法律"]
_WHEN_ZH = ["在困难的年份", "在多数城市", "当预算紧张时", "在立法之后", "选举之前"]
_FACT_ZH = ["{year}年，每一百个试行的城镇中有{n}个保留了它。", "{k}年之内，变化达到百分之{n}。"]
_DULL_ZH = "事情就是这样，所以它很重要。"

#: A paragraph is one claim of about this many words.
_PARAGRAPH = 45


class ScriptedProvider:
    """Says what its seed makes it say.

    `params` are `seed`, `skill` (0..1: the share of citable claims that are answered, and how varied and concrete the
    sentences are), `delay` (seconds a call takes) and `faults` (a step's id or kind -> what goes wrong there).
    """

    def __init__(self, model: Model) -> None:
        known = ("seed", "skill", "delay", "faults")
        for name in model.params:
            if name not in known:
                raise UserError(f"scripted model {model.model}: no parameter {name!r}{nearest(name, known)}")
        self._model = model
        self._skill = min(1.0, max(0.0, float(model.params.get("skill", 0.5))))
        self._delay = float(model.params.get("delay", 0.0))
        self._faults: dict[str, FaultKind] = dict(model.params.get("faults") or {})
        for step, kind in self._faults.items():
            if kind not in get_args(FaultKind):
                hint = nearest(str(kind), get_args(FaultKind))
                raise UserError(f"scripted model {model.model}: step {step!r}: no fault {kind!r}{hint}")

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns a reply that depends only on model, seeds, key and stage, and on the language it is asked in."""
        if self._delay:
            await asyncio.sleep(self._delay)
        stage = request.stage
        fault = self._faults.get(stage.step) or self._faults.get(stage.kind)
        usage = Usage(input=sum(len(m.text) for m in request.messages) // 4 + 1)
        if fault in ("retry", "rate_limit", "fatal"):
            raise ProviderError(fault, f"scripted {fault}", wait=0.0 if fault == "rate_limit" else None)
        if fault in ("refused", "filtered", "empty"):
            return Reply(request.key, fault, usage=usage, model=self._model.model, faults=(Fault(fault, "scripted"),))
        rng = random.Random(
            seed_of(self._model.model, self._model.params.get("seed"), request.seed, request.key, stage)
        )
        if request.digits:
            weights = [rng.random() for _ in range(9)]
            digits = {digit: weight / sum(weights) for digit, weight in enumerate(weights, 1)}
            likely = max(digits, key=digits.__getitem__)
            return Reply(request.key, "ok", str(likely), usage, model=self._model.model, digits=digits)
        if request.schema is not None:
            text = json.dumps(sample_json(request.schema, rng), ensure_ascii=False)
        else:
            text = _speech(rng, self._skill, stage.words or 40, stage.citable, _mostly_chinese(request))
        if on_text is not None:
            for piece in text.splitlines(keepends=True):
                on_text(piece)
                await asyncio.sleep(0)
        used = Usage(usage.input, 0, len(text) // 4 + 1)
        if fault == "truncated":
            return Reply(
                request.key, "truncated", text, used, model=self._model.model, faults=(Fault(fault, "scripted"),)
            )
        return Reply(request.key, "ok", text, used, model=self._model.model)

    async def close(self) -> None:
        """Has nothing to give back."""


def sample_json(schema: dict[str, Any], rng: random.Random) -> Any:
    """Returns a random value that fits a JSON schema of objects, arrays, strings, numbers, booleans, enums, choices."""
    return _sample(schema, rng, schema.get("$defs", {}))


def _sample(schema: dict[str, Any], rng: random.Random, defs: dict[str, Any]) -> Any:
    for choices in ("anyOf", "oneOf", "enum"):
        if choices in schema:
            chosen = rng.choice(schema[choices])
            return chosen if choices == "enum" else _sample(chosen, rng, defs)
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "object")
    match rng.choice(kind) if isinstance(kind, list) else kind:
        case _ if "$ref" in schema:
            value: Any = _sample(defs[schema["$ref"].rsplit("/", 1)[-1]], rng, defs)
        case "object":
            value = {name: _sample(part, rng, defs) for name, part in schema.get("properties", {}).items()}
        case "array":
            low = schema.get("minItems", 0)
            count = rng.randint(low, schema.get("maxItems", max(low, 3)))
            value = [_sample(schema.get("items", {"type": "string"}), rng, defs) for _ in range(count)]
        case "integer" | "number" as number:
            value = _number(schema, rng, whole=number == "integer")
        case "boolean":
            value = rng.random() < 0.5
        case "null":
            value = None
        case _:
            text = _english(rng, 1.0)
            low = schema.get("minLength", 0)
            value = (text * (low // len(text) + 1))[: schema.get("maxLength", max(low, len(text)))]
    return value


def _number(schema: dict[str, Any], rng: random.Random, whole: bool) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    high = schema.get("maximum", schema.get("exclusiveMaximum", low + 10))
    if whole:
        return rng.randint(int(low) + ("exclusiveMinimum" in schema), int(high) - ("exclusiveMaximum" in schema))
    share = rng.uniform(0.01, 0.99) if {"exclusiveMinimum", "exclusiveMaximum"} & schema.keys() else rng.random()
    return round(float(low + (high - low) * share), 6)


def _mostly_chinese(request: Request) -> bool:
    text = request.messages[-1].text if request.messages else ""
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and 2 * sum(_is_chinese(c) for c in letters) > len(letters)


def _is_chinese(character: str) -> bool:
    low_high = zip(CJK[0::3], CJK[2::3], strict=True)
    return any(low <= character <= high for low, high in low_high)


def _english(rng: random.Random, skill: float) -> str:
    if rng.random() > 0.3 + 0.7 * skill:
        return _DULL
    if rng.random() < 0.5 * skill:
        return _with_numbers(rng.choice(_FACT), rng)
    line = f"{rng.choice(_WHO)} {rng.choice(_DOES)} {rng.choice(_WHAT)} {rng.choice(_WHEN)}."
    return f"{rng.choice(_LINK)} {line}" if rng.random() < 0.4 else line[0].upper() + line[1:]


def _chinese(rng: random.Random, skill: float) -> str:
    if rng.random() > 0.3 + 0.7 * skill:
        return _DULL_ZH
    if rng.random() < 0.5 * skill:
        return _with_numbers(rng.choice(_FACT_ZH), rng)
    return f"{rng.choice(_WHEN_ZH)}，{rng.choice(_WHO_ZH)}{rng.choice(_DOES_ZH)}{rng.choice(_WHAT_ZH)}。"


def _with_numbers(sentence: str, rng: random.Random) -> str:
    return sentence.format(year=rng.randint(1990, 2024), n=rng.randint(11, 97), k=rng.randint(2, 9))


def _speech(rng: random.Random, skill: float, words: int, citable: tuple[str, ...], chinese: bool) -> str:
    """Returns paragraphs of one claim each; the first ones answer the claims that skill lets it answer."""
    answered = [f"[{claim}] " for claim in citable if rng.random() < skill]
    sentence, gap, length = _english, " ", _PARAGRAPH
    if chinese:
        sentence, gap, length = _chinese, "", round(_PARAGRAPH * SCALE["zh"])
    count = max(1, -(-words // length))
    paragraphs: list[str] = []
    said = 0
    for i in range(count):
        paragraph = "".join(answered[i::count])
        goal = words * (i + 1) // count
        line = sentence(rng, skill)
        while True:
            paragraph += line + gap
            said += count_words(line)
            line = sentence(rng, skill)
            if said + count_words(line) > goal:
                break
        paragraphs.append(paragraph.strip())
    return "\n\n".join(paragraphs)
