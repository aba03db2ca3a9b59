"""What a run cost, by contestant and judge: the content of `costs.json`."""

from __future__ import annotations

from typing import Any

from debate.tournaments.state import Cost, RunState


def costs(state: RunState) -> dict[str, Any]:
    """Returns `{"contestants": {id: cost}, "judges": {id: cost}, "total": cost}`.

    A cost has `calls`, tokens `input`, `output` and `cached` (a part of input), `usd` and `seconds`, the time that
    answering took. Everybody who was entered has a cost, be it nothing; so has a judge that makes no calls.
    """
    contestants = {contestant.id: state.costs.get(contestant.id, Cost()) for contestant in state.spec.contestants}
    judges = {judge.id: state.costs.get(judge.id, Cost()) for judge in state.spec.panel.judges}
    return {
        "contestants": {name: _row(cost) for name, cost in contestants.items()},
        "judges": {name: _row(cost) for name, cost in judges.items()},
        "total": _row(state.total()),
    }


def _row(cost: Cost) -> dict[str, Any]:
    return {
        "calls": cost.calls,
        "input": cost.input,
        "output": cost.output,
        "cached": cost.cached,
        "usd": round(cost.usd, 6),
        "seconds": round(cost.seconds, 3),
    }
