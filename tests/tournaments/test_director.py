"""The director with real halls, hosts and judges in this process, and scripted speakers."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from debate.core.debate import LEGS
from debate.core.errors import UserError
from debate.core.event import Draft, Event
from debate.core.spec import TournamentSpec
from debate.models.host import ModelHost
from debate.models.outbox import Mark
from debate.store.log import EventLog, broken_link, sqlite_url
from debate.tournaments.director import Director
from debate.tournaments.hall import Assignment, Hall, News
from debate.tournaments.state import RunState
from debate.tournaments.tally import Tally
from tests.tournaments.spec import smoke_spec


class Audience:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.words: list[tuple[str, str, str, str]] = []

    def event(self, event: Event) -> None:
        self.events.append(event)

    def live(self, matchup: str, leg: str, step: str, piece: str) -> None:
        self.words.append((matchup, leg, step, piece))


class Night:
    """One process's part in a run: opened where the log stands, played until it ends or is killed."""

    def __init__(self, folder: Path, spec: TournamentSpec) -> None:
        self.log = EventLog(sqlite_url(folder / "events.sqlite"), "run")
        self.state = RunState(spec)
        events = list(self.log.read())
        drafts = [Draft("resumed", "", {"budget": spec.budget.model_dump()})]
        if not events:
            drafts = [Draft("run_started", "", {"manifest": "-"})]
        for event in events + self.log.append(drafts):
            self.state.apply(event)
        models = {c.id: c for c in spec.contestants} | {j.id: j for j in spec.panel.judges if j.kind == "model"}
        self.host = ModelHost(models, folder / "calls.jsonl")
        self.hall = Hall(spec, dict.fromkeys(models, self.host.ask))
        self.audience = Audience()
        tally = Tally([c.id for c in spec.contestants], spec.categories, spec.rubric.weights)
        self.tally = tally
        self.director = Director(self.log, self.state, tally, [self.hall], self.audience)

    async def play(self, seconds: float | None = None) -> str | None:
        """Plays to the end, or is killed after `seconds`; returns the reason of the end."""
        try:
            return await asyncio.wait_for(self.director.run(), seconds)
        except TimeoutError:
            return None
        finally:
            for task in list(self.hall._playing.values()):
                task.cancel()
            await asyncio.gather(*self.hall._playing.values(), return_exceptions=True)
            await self.host.close()
            self.log.close()


def content(log: EventLog) -> list[str]:
    """Returns what the log says, without times and without which of two debates came first."""

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if k not in ("at", "seconds")}
        return [timeless(item) for item in value] if isinstance(value, list) else value

    kept = [e for e in log.read() if e.kind not in ("resumed", "run_started")]
    return sorted(f"{e.matchup} {e.kind} {timeless(e.body)}" for e in kept)


def called_twice(folder: Path) -> list[str]:
    """Returns the keys of calls that were answered more than once."""
    lines = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    return [key for key, times in Counter(line["key"] for line in lines if "key" in line).items() if times > 1]


async def test_a_tournament_is_played_judged_and_rated(tmp_path: Path) -> None:
    spec = smoke_spec(matchups=6)
    night = Night(tmp_path, spec)
    assert await night.play() == "the budget of 6 matchups is played"
    state = night.state
    assert len(state.matchups) == 6
    assert all(m.rateable and m.verdict for m in state.matchups.values())
    assert all(len(m.legs[leg].speeches) == 8 for m in state.matchups.values() for leg in LEGS)
    assert all(set(m.legs[leg].ballots) == set(m.matchup.judges) for m in state.matchups.values() for leg in LEGS)
    assert broken_link(EventLog(sqlite_url(tmp_path / "events.sqlite"), "run").read()) is None
    assert sum(row.matchups for row in night.tally.standings().overall) == 12
    verdicts = [e.matchup for e in night.audience.events if e.kind == "verdict"]
    assert verdicts == sorted(verdicts)
    assert night.audience.words


async def test_sides_are_swapped_and_judges_stay(tmp_path: Path) -> None:
    night = Night(tmp_path, smoke_spec(matchups=4))
    await night.play()
    for matchup in night.state.matchups.values():
        a, b = (night.state.transcript(matchup.matchup.id, leg).sides for leg in LEGS)
        assert (a["pro"], a["con"]) == (b["con"], b["pro"])


#: A run without trouble, one whose speakers fall silent or are cut off, and one that its tokens end.
KILLED: dict[str, dict[str, Any]] = {
    "clean": {"matchups": 6},
    "faults": {
        "matchups": 6,
        "params": {"ben": {"faults": {"con_rebuttal_1": "empty"}}, "ada": {"faults": {"pro_closing": "refused"}}},
    },
    "tokens": {"matchups": 30, "tokens": 700_000, "debates": 2},
}


@pytest.mark.parametrize("kind", KILLED)
async def test_killed_at_any_moment_a_run_ends_as_if_it_had_not_been(tmp_path: Path, kind: str) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    spec = smoke_spec(**KILLED[kind], delay=0.01)
    await Night(whole, spec).play()
    lot = random.Random(kind)
    for _ in range(20):
        if await Night(killed, spec).play(lot.uniform(0.02, 0.25)):
            break
    else:
        assert await Night(killed, spec).play()
    logs = [EventLog(sqlite_url(folder / "events.sqlite"), "run") for folder in (whole, killed)]
    assert content(logs[0]) == content(logs[1])
    assert broken_link(logs[1].read()) is None
    assert called_twice(killed) == []


async def test_a_side_that_cannot_speak_forfeits_and_the_ballot_says_so(tmp_path: Path) -> None:
    refuses = {"ben": {"faults": {"pro_opening": "refused"}}}
    night = Night(tmp_path, smoke_spec(matchups=2, params=refuses, only=["ada", "ben"]))
    await night.play()
    state = night.state.matchups["m00001"]
    leg = next(leg for leg in LEGS if state.matchup.sides(leg)["pro"] == "ben")
    assert state.legs[leg].forfeit == "pro"
    assert [s.status for s in state.legs[leg].speeches] == ["refused"]
    (ballot,) = state.legs[leg].ballots.values()
    assert (ballot.judge, ballot.judge_kind, ballot.preference, ballot.scores) == ("moderator", "checklist", -2, None)
    assert state.verdict is not None


async def test_a_technical_failure_voids_the_leg_and_is_not_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("debate.models.host.LONGEST_WAIT", 0.0)
    fails = {"ben": {"faults": {"con_closing": "retry"}}}
    night = Night(tmp_path, smoke_spec(matchups=2, params=fails, only=["ada", "ben"]))
    await night.play()
    state = night.state.matchups["m00001"]
    leg = next(leg for leg in LEGS if state.matchup.sides(leg)["con"] == "ben")
    assert state.legs[leg].status == "void"
    assert not state.legs[leg].ballots
    assert state.verdict is None
    assert all(row.matchups == 0 for row in night.tally.standings().overall)


async def test_a_model_that_nobody_can_ask_ends_the_run_in_one_line_and_it_can_go_on(tmp_path: Path) -> None:
    spec = smoke_spec(matchups=2, params={"ben": {"faults": {"con_opening": "fatal"}}}, only=["ada", "ben"])
    with pytest.raises(UserError) as caught:
        await Night(tmp_path, spec).play()
    assert "ben" in str(caught.value)
    mended = smoke_spec(matchups=2, only=["ada", "ben"])
    assert await Night(tmp_path, mended).play() == "the budget of 2 matchups is played"


async def test_words_of_a_hall_that_died_are_not_logged_twice(tmp_path: Path) -> None:
    """A hall that loses its memory in the middle is sent its legs again, and tells some things twice."""

    class Forgetful:
        def __init__(self, make: Any) -> None:
            self._make = make
            self.hall = make()
            self.lives = 1

        async def submit(self, assignments: list[Assignment]) -> None:
            await self.hall.submit(assignments)

        async def collect(self, mark: Mark) -> tuple[Mark, list[News]]:
            if self.lives < 4 and mark.number > 12 * self.lives:
                self.lives += 1
                self.hall = self._make()
            return await self.hall.collect(mark)

    spec = smoke_spec(matchups=4, delay=0.01)
    night = Night(tmp_path, spec)
    forgetful = Forgetful(lambda: Hall(spec, dict.fromkeys([*night.host._models], night.host.ask)))
    night.director._halls = [forgetful]
    await night.play()
    assert forgetful.lives == 4
    whole = tmp_path / "whole"
    whole.mkdir()
    await Night(whole, spec).play()
    logs = [EventLog(sqlite_url(folder / "events.sqlite"), "run") for folder in (tmp_path, whole)]
    assert content(logs[0]) == content(logs[1])


async def test_what_a_technical_failure_ended_is_played_when_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("debate.models.host.LONGEST_WAIT", 0.0)
    broken = smoke_spec(matchups=6, params={"ben": {"faults": {"con_closing": "retry"}}}, only=["ada", "ben"])
    await Night(tmp_path, broken).play()
    night = Night(tmp_path, smoke_spec(matchups=6, only=["ada", "ben"]))
    assert await night.play() == "the budget of 6 matchups is played"
    assert all(state.rateable and state.verdict for state in night.state.matchups.values())
    assert all(len(m.legs[leg].speeches) == 8 for m in night.state.matchups.values() for leg in LEGS)
    assert called_twice(tmp_path) == []


async def test_a_raised_budget_plays_on(tmp_path: Path) -> None:
    await Night(tmp_path, smoke_spec(matchups=3)).play()
    night = Night(tmp_path, smoke_spec(matchups=5))
    assert await night.play() == "the budget of 5 matchups is played"
    assert len(night.state.matchups) == 5


async def test_later_debates_are_shown_word_by_word_too(tmp_path: Path) -> None:
    night = Night(tmp_path, smoke_spec(matchups=8, debates=4))
    await night.play()
    assert {matchup for matchup, _, _, _ in night.audience.words} == set(night.state.matchups)


async def test_tokens_and_minutes_are_budgets_over_all_starts(tmp_path: Path) -> None:
    night = Night(tmp_path, smoke_spec(matchups=40, tokens=500_000, debates=4))
    reason = await night.play()
    assert reason is not None
    assert "500,000 tokens" in reason
    total = night.state.total()
    assert 250_000 < total.input + total.output <= 500_000
    again = Night(tmp_path, smoke_spec(matchups=40, tokens=500_000, debates=4))
    assert again.state.played > 0
    assert "500,000 tokens" in str(await again.play())
    assert len(again.state.matchups) == len(night.state.matchups)


async def test_people_are_waited_for_without_standing_still(tmp_path: Path) -> None:
    night = Night(tmp_path, smoke_spec(matchups=3, people=["anna"]))
    assert await night.play() == "the budget of 3 matchups is played"
    assert all(m.legs[leg].status == "awaiting_ballots" for m in night.state.matchups.values() for leg in LEGS)
    assert not any(m.verdict for m in night.state.matchups.values())


async def test_money_is_not_spent_beyond_the_budget(tmp_path: Path) -> None:
    spec = smoke_spec(matchups=40, usd=0.5, price=True)
    night = Night(tmp_path, spec)
    reason = await night.play()
    assert reason is not None
    assert "0.5 USD" in reason
    assert 0 < night.state.total().usd <= 0.5
