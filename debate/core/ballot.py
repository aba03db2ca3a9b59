"""What judges decide: ballots, and the verdict that follows from them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from debate.core.debate import Leg
from debate.core.format import Side
from debate.core.noun import Noun
from debate.core.panel import JudgeKind

Scores = dict[Side, dict[str, float]]


#: Who hands in the one ballot of a leg that was forfeited: nobody had to judge it.
MODERATOR = "moderator"


class Ballot(BaseModel):
    """One judge's decision on one leg, as a line of `ballots.jsonl` and of the files that `rate` reads.

    `preference` runs from -2 (CON clearly) to 2 (PRO clearly); `margin` has PRO's sign and the judge's own scale.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    matchup: str = Field(min_length=1)
    leg: Leg
    motion: str
    category: str | None = None
    pro: str = Field(min_length=1)
    con: str = Field(min_length=1)
    judge: str = Field(min_length=1)
    judge_kind: JudgeKind = "model"
    family: str | None = None
    preference: float | None = Field(default=None, ge=-2, le=2)
    scores: Scores | None = None
    margin: float | None = None
    reason: str = ""
    at: str | None = None

    @model_validator(mode="after")
    def _decides_something(self) -> Ballot:
        if self.pro == self.con:
            raise ValueError(f"{self.pro!r} debates against itself")
        if self.preference is None and self.margin is None and self.scores is None:
            raise ValueError("a ballot needs one of preference, margin and scores")
        if self.scores is not None and set(self.scores) != {"pro", "con"}:
            raise ValueError("scores need both sides, 'pro' and 'con'")
        if self.scores is not None and set(self.scores["pro"]) != set(self.scores["con"]):
            raise ValueError("scores name other criteria for PRO than for CON")
        return self


def contradiction(first: Ballot, other: Ballot) -> str | None:
    """Returns how `other` disagrees with the first ballot of its matchup about what was debated, or None."""
    sides = (first.pro, first.con) if other.leg == first.leg else (first.con, first.pro)
    if (other.pro, other.con) != sides:
        return "has other sides (leg b is leg a with the sides swapped)"
    if other.motion != first.motion:
        return f"has another motion, {other.motion!r},"
    if other.category and first.category and other.category != first.category:
        return f"has another category, {other.category!r},"
    return None


class Verdict(Noun):
    """What the panel decided on a matchup. Margins are in steps of preference (-2..2).

    `legs` has PRO's sign; `margin` is their mean signed to contestant `a`, and within `epsilon` of 0 it is a draw.
    """

    matchup: str
    a: str
    b: str
    category: str | None
    legs: dict[Leg, float]
    margin: float
    epsilon: float
    winner: Literal["a", "b", "draw"]
