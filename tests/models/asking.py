"""What tests of models share: requests, models, and a host whose backoff is short."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from debate.core.contestant import Model
from debate.models import host
from debate.models.host import ModelHost
from debate.models.protocol import Message, Request

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["logic", "winner"],
    "properties": {
        "logic": {"type": "integer", "minimum": 1, "maximum": 5},
        "winner": {"type": "string", "enum": ["pro", "con"]},
    },
}


def request(text: str = "Speak.", key: str = "m0001/a/pro_opening/0", **given: Any) -> Request:
    messages = (Message("system", "You debate.", cache=True), Message("user", text))
    return Request(key, **{"who": "gpt", "messages": messages, "max_tokens": 300, **given})


def model(provider: str = "openai", **given: Any) -> Model:
    return Model.model_validate({"provider": provider, "model": "m1", **given})


def quick_host(
    patch: pytest.MonkeyPatch, models: dict[str, Model], journal: Path | None = None, longest: float = 0.01
) -> ModelHost:
    patch.setattr(host, "FIRST_WAIT", 0.001)
    patch.setattr(host, "LONGEST_WAIT", longest)
    return ModelHost(models, journal)
