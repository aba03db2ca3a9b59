"""Ratings and the standings made of them."""

from __future__ import annotations

from typing import Any

from debate.core.noun import Noun


class StandingsRow(Noun):
    """One contestant in one table. `low` to `high` is the 95% interval of mu; the ranks are simultaneous 95% bounds."""

    contestant: str
    mu: float
    sigma: float
    low: float
    high: float
    rank_low: int
    rank_high: int
    matchups: int
    provisional: bool


class Standings(Noun):
    """What `standings.json` holds: tables with the best first, and the side and judge effects."""

    overall: tuple[StandingsRow, ...]
    categories: dict[str, tuple[StandingsRow, ...]]
    effects: dict[str, Any]
