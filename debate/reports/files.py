"""The files of a run that are written from its log: transcripts, ballots, standings, costs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from debate.core.debate import LEGS, Leg
from debate.core.event import Event
from debate.core.rating import Standings
from debate.reports.costs import costs
from debate.rounds.transcripts import markdown
from debate.store.run import jsonl, write_atomically
from debate.tournaments.state import RunState
from debate.tournaments.tally import Tally

#: Seconds between two writings of the tables of a run in play.
TABLES_EVERY = 10.0


def standings_of(state: RunState) -> Standings:
    """Returns the standings after all matchups of which both legs are decided."""
    tally = Tally([c.id for c in state.spec.contestants], state.spec.categories, state.spec.rubric.weights)
    for matchup in state.in_order():
        if matchup.rateable:
            tally.fold(matchup.matchup.id, matchup.ballots())
    return tally.standings()


def tables(state: RunState, standings: Standings) -> dict[str, str]:
    """Returns the content of ballots.jsonl, standings.json, costs.json, and awaiting.jsonl where people are awaited."""
    files = {
        "ballots.jsonl": jsonl([ballot.model_dump(mode="json") for ballot in state.ballots()]),
        "standings.json": _json(standings.model_dump(mode="json")),
        "costs.json": _json(costs(state)),
    }
    waiting = awaited(state)
    return files | ({"awaiting.jsonl": jsonl(waiting)} if waiting else {})


def transcript(state: RunState, matchup: str, leg: Leg) -> dict[str, str]:
    """Returns the content of a leg's two transcript files by name."""
    heard = state.transcript(matchup, leg)
    stem = f"transcripts/{matchup}-{leg}"
    return {f"{stem}.json": _json(heard.model_dump(mode="json")), f"{stem}.md": markdown(heard)}


def transcripts(state: RunState) -> dict[str, str]:
    """Returns the content of the transcript files of every leg that has ended, by name."""
    ended = [
        (m.matchup.id, leg) for m in state.in_order() for leg in LEGS if m.legs[leg].ended and m.legs[leg].speeches
    ]
    return {name: text for matchup, leg in ended for name, text in transcript(state, matchup, leg).items()}


def awaited(state: RunState) -> list[dict[str, Any]]:
    """Returns a ballot to be filled in for each one that a person has yet to give: preference, scores and reason."""
    names = list(state.spec.rubric.weights)
    empty = {side: dict.fromkeys(names) for side in ("pro", "con")}
    return [
        {
            "matchup": m.matchup.id,
            "leg": leg,
            "motion": m.matchup.motion.id,
            "category": m.matchup.motion.category,
            "pro": m.matchup.sides(leg)["pro"],
            "con": m.matchup.sides(leg)["con"],
            "judge": judge,
            "judge_kind": "human",
            "preference": None,
            "scores": empty,
            "reason": "",
        }
        for m in state.in_order()
        for leg in LEGS
        for judge in m.legs[leg].awaiting
    ]


class Files:
    """Keeps a run's files up to date while it is played: a transcript when its leg ends, tables every few seconds."""

    def __init__(self, folder: Path, state: RunState) -> None:
        self._folder = folder
        self._state = state
        self._written = time.monotonic()

    def event(self, event: Event, standings: Standings | None) -> None:
        """Writes what `event` has made final. Tables are written where `standings` are given."""
        if (
            event.kind in ("leg_done", "leg_void")
            and self._state.matchups[event.matchup].legs[event.body["leg"]].speeches
        ):
            self._write(transcript(self._state, event.matchup, event.body["leg"]))
        if standings is not None:
            self._write(tables(self._state, standings))
            self._written = time.monotonic()

    def due(self) -> bool:
        """Whether the tables have not been written for a while."""
        return time.monotonic() - self._written > TABLES_EVERY

    def write_all(self, standings: Standings) -> None:
        """Writes every file anew."""
        self._write(transcripts(self._state) | tables(self._state, standings))
        if not awaited(self._state):
            (self._folder / "awaiting.jsonl").unlink(missing_ok=True)

    def _write(self, files: dict[str, str]) -> None:
        (self._folder / "transcripts").mkdir(exist_ok=True)
        for name, text in files.items():
            write_atomically(self._folder / name, text)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
