"""`resume`: goes on with a run where it stopped, and hands in ballots that people gave."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig

from debate.commands.cli import checked, plain
from debate.commands.runs import open_run, play
from debate.core.errors import UserError
from debate.core.event import Draft
from debate.core.spec import Budget
from debate.ratings.ballots import read_ballots
from debate.tournaments.state import RunState


def job(config: DictConfig) -> int:
    """Resumes the run, with a budget that was raised where one is given."""
    data = plain(config)
    raised = {key: value for key, value in data["budget"].items() if value is not None}
    folder, log, state = open_run(str(data["run"]), write=True)
    try:
        budget = checked(Budget, state.spec.budget.model_dump() | raised, "the configuration: budget")
        drafts = [Draft("resumed", "", {"budget": budget.model_dump()})]
        if data["ballots"] is not None:
            drafts += _handed_in(Path(str(data["ballots"])), state)
    except UserError:
        log.close()
        folder.close()
        raise
    for event in log.append(drafts):
        state.apply(event)
    return play(folder, log, state, [])


def _handed_in(file: Path, state: RunState) -> list[Draft]:
    """Returns the events for people's ballots. Raises UserError for one that nobody waits for."""
    drafts = []
    for number, ballot in enumerate(read_ballots(file), 1):
        at = state.matchups.get(ballot.matchup)
        if at is None or ballot.judge not in at.legs[ballot.leg].awaiting:
            place = f"{ballot.matchup} leg {ballot.leg} by {ballot.judge}"
            raise UserError(f"{file}, ballot {number}: no ballot is awaited on {place}; awaiting.jsonl lists what is")
        sides = at.matchup.sides(ballot.leg)
        if (ballot.pro, ballot.con) != (sides["pro"], sides["con"]):
            raise UserError(f"{file}, ballot {number}: on {ballot.matchup} leg {ballot.leg} PRO is {sides['pro']}")
        body = ballot.model_copy(update={"judge_kind": "human", "family": "human"}).model_dump(mode="json")
        drafts.append(Draft("ballot", ballot.matchup, {"leg": ballot.leg, "ballot": body}))
    return drafts
