"""The frozen description of a tournament: what `manifest.json` holds and everything else is computed from."""

from __future__ import annotations

from collections import Counter
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from debate.core.contestant import Contestant
from debate.core.format import Format
from debate.core.motion import Motion
from debate.core.noun import Language, Noun
from debate.core.panel import Panel, Rubric


class Budget(Noun):
    """What a run may use; None is without limit. A matchup is two legs with their ballots."""

    matchups: int | None = Field(default=None, ge=1)
    usd: float | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)
    minutes: float | None = Field(default=None, gt=0)


class Stop(Noun):
    """When enough is known: every category's sigma is at most `sigma` (on TrueSkill's scale, which begins near 8.6)."""

    sigma: float | None = Field(default=None, gt=0)


class Cluster(Noun):
    """Where debates take place. `address` is `local` or what `ray.init` takes; `debates` run at once in each hall."""

    address: str = "local"
    halls: int = Field(default=1, ge=1, le=64)
    debates: int = Field(default=200, ge=1, le=5000)


class Store(Noun):
    """Where the log is kept: None is SQLite in the run's folder, else a SQLAlchemy URL of a PostgreSQL database.

    The URL is published with the manifest, so it holds no password: that is read from PGPASSWORD or a passfile.
    """

    url: str | None = Field(default=None, pattern=r"^[a-z0-9+]+://")

    @model_validator(mode="after")
    def _without_password(self) -> Store:
        if self.url is not None and urlsplit(self.url).password is not None:
            raise ValueError("the URL holds a password, and the manifest is published; put it into PGPASSWORD instead")
        return self


class TournamentSpec(Noun):
    """A tournament, resolved and checked."""

    name: str
    seed: int = Field(ge=0, lt=2**32)
    language: Language
    format: Format
    contestants: tuple[Contestant, ...]
    panel: Panel
    rubric: Rubric
    motions: tuple[Motion, ...]
    categories: tuple[str, ...]
    schedule: Literal["matching", "once"] = "matching"
    budget: Budget
    stop: Stop
    cluster: Cluster
    store: Store

    @model_validator(mode="after")
    def _consistent(self) -> TournamentSpec:
        if len(self.contestants) < 2:
            raise ValueError("a tournament needs two contestants or more")
        repeated = [name for name, n in Counter(c.id for c in self.contestants).items() if n > 1]
        if repeated:
            raise ValueError(f"contestant {repeated[0]!r} occurs twice")
        return self

    def contestant(self, name: str) -> Contestant:
        """Returns the contestant with this id. Raises KeyError."""
        for contestant in self.contestants:
            if contestant.id == name:
                return contestant
        raise KeyError(name)
