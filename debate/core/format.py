"""Formats: who speaks when, for how long, and what may be new."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from pydantic import Field, model_validator

from debate.core.noun import Noun

Side = Literal["pro", "con"]
SIDES: tuple[Side, Side] = ("pro", "con")

StepKind = Literal[
    "constructive", "rebuttal", "reply", "closing", "summary", "cross", "crossfire", "free", "moderated", "vote"
]
#: open: anything; extension: new beside one's own opening team; responsive: answers and weighing; none: nothing new.
NewArguments = Literal["open", "extension", "responsive", "none"]


class Step(Noun):
    """One step of a format.

    A `cross` step names the side that asks; the other side answers. A `crossfire` step belongs to both sides and PRO
    asks first. Such a step is an exchange of `exchanges` questions and as many answers, which share its `words`.
    """

    id: str = Field(min_length=1, max_length=40, pattern=r"^[^\s/]+$")
    side: Side | Literal["both"]
    speaker: int | str = 1
    kind: StepKind
    words: int = Field(gt=0, le=5000)
    new_arguments: NewArguments = "open"
    exchanges: int = Field(default=3, gt=0, le=12)


class Format(Noun):
    """An ordered list of steps. `notes` is how many words of private planning precede a speech (0: none)."""

    name: str
    steps: tuple[Step, ...] = Field(min_length=2)
    scale: float = Field(default=1.0, gt=0, le=4)
    notes: int = Field(default=0, ge=0, le=1000)

    @model_validator(mode="after")
    def _consistent(self) -> Format:
        repeated = [step for step, n in Counter(step.id for step in self.steps).items() if n > 1]
        if repeated:
            raise ValueError(f"step {repeated[0]!r} occurs twice")
        for step in self.steps:
            exchange = step.kind in ("crossfire", "free", "moderated")
            if exchange != (step.side == "both"):
                raise ValueError(
                    f"step {step.id!r}: a {step.kind} step belongs to {'both sides' if exchange else 'one side'}"
                )
            if step.kind in ("free", "moderated", "vote"):
                raise ValueError(f"step {step.id!r}: {step.kind} steps cannot be played yet")
        if self.steps[0].kind in ("cross", "crossfire"):
            raise ValueError(f"step {self.steps[0].id!r}: a format cannot begin with questions, nobody has spoken")
        for side in SIDES:
            if not any(step.side == side and step.kind not in ("cross", "vote") for step in self.steps):
                raise ValueError(f"{side} has no speech")
        return self
