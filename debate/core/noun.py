"""The base of every noun, and the one canonical form in which nouns are hashed and stored."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["en", "zh"]


class Noun(BaseModel):
    """A frozen value that knows every one of its keys: an unknown key is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def canonical(value: Any) -> str:
    """Returns `value` as canonical JSON: sorted keys, no spaces, unescaped Unicode, no NaN.

    A lone surrogate, which no UTF-8 text can hold, becomes a question mark.

    Raises:
        ValueError: a float is not finite.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def digest(value: Any) -> str:
    """Returns the SHA-256 of the canonical JSON of `value`, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def natural(text: str) -> list[tuple[int, int, str]]:
    """Returns a sorting key in which the numbers inside a text count as numbers: m9 before m10."""
    parts = re.split(r"(\d+)", text)
    return [(1, int(part), part) if i % 2 else (0, 0, part) for i, part in enumerate(parts)]


def seed_of(*parts: object) -> int:
    """Returns a seed in [0, 2**32) that depends on all `parts`, the same on every machine and run."""
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:4], "big")
