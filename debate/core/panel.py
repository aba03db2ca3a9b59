"""Judges, the panel they are drawn from, and the rubric they score by."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from debate.core.contestant import Identifier, Model
from debate.core.noun import Language, Noun

JudgeKind = Literal["model", "checklist", "human"]


class ModelJudge(Model):
    """A model that fills in a ballot."""

    id: Identifier
    kind: Literal["model"] = "model"


class ChecklistJudge(Noun):
    """A judge that needs no model and decides only what can be checked."""

    id: Identifier
    kind: Literal["checklist"] = "checklist"
    family: str = "checklist"


class HumanJudge(Noun):
    """A person. Ballots come when they come."""

    id: Identifier
    kind: Literal["human"] = "human"
    name: str = ""
    family: str = "human"


Judge = Annotated[ModelJudge | ChecklistJudge | HumanJudge, Field(discriminator="kind")]


class Criterion(Noun):
    """One criterion of a rubric: what is asked, what each score from 1 to 5 means, and the yes/no checks before it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    weight: float = Field(gt=0, le=1)
    question: dict[Language, str]
    anchors: dict[int, dict[Language, str]] = {}
    checks: tuple[dict[Language, str], ...] = ()


class Rubric(Noun):
    """Criteria whose weights sum to 1."""

    name: str
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Rubric:
        repeated = [name for name, n in Counter(c.name for c in self.criteria).items() if n > 1]
        if repeated:
            raise ValueError(f"criterion {repeated[0]!r} occurs twice")
        total = sum(c.weight for c in self.criteria)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the weights sum to {total:g}, not to 1")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """Returns the weight of each criterion by name, in the rubric's order."""
        return {c.name: c.weight for c in self.criteria}


class Panel(Noun):
    """The judges at hand, how many sit on a matchup, and the name of their rubric."""

    rubric: str = "standard"
    seats: int = Field(default=3, ge=1, le=15)
    judges: tuple[Judge, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Panel:
        repeated = [judge for judge, n in Counter(j.id for j in self.judges).items() if n > 1]
        if repeated:
            raise ValueError(f"judge {repeated[0]!r} occurs twice")
        return self
