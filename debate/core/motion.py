"""Motions, and the twelve categories they are argued in."""

from __future__ import annotations

import datetime as dt
from typing import Literal, get_args

from pydantic import Field

from debate.core.noun import Language, Noun

Category = Literal[
    "politics", "international", "economics", "law", "society", "education",
    "environment", "health", "science", "ai_digital", "culture", "philosophy",
]  # fmt: skip
CATEGORIES: tuple[Category, ...] = get_args(Category)

MotionType = Literal["policy", "value", "fact", "actor", "comparative", "regret"]


class Motion(Noun):
    """What a debate is about. `text` and `info` hold one version a language."""

    id: str = Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$")
    text: dict[Language, str] = Field(min_length=1)
    category: Category
    secondary: tuple[Category, ...] = ()
    type: MotionType = "policy"
    info: dict[Language, str] | None = None
    source: str = ""
    licence: str = ""
    released: dt.date | None = None
