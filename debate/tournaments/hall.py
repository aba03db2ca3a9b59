"""The hall: where debates take place. It runs many legs at once, each from its first speech to its last ballot."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from debate.core.ballot import MODERATOR, Ballot
from debate.core.debate import Leg, Matchup, Transcript
from debate.core.errors import UserError
from debate.core.event import Draft
from debate.core.format import Side
from debate.core.panel import ChecklistJudge, HumanJudge, ModelJudge
from debate.core.spec import TournamentSpec
from debate.judges.checklist import checklist_ballot
from debate.judges.model_judge import judge_leg
from debate.models.outbox import Mark, Outbox
from debate.models.protocol import Ask, fault_draft
from debate.rounds.moderator import debate
from debate.store.clock import now


@dataclass(frozen=True, slots=True)
class Assignment:
    """One leg to be played, from where it was left: `heard` are the bodies of its speech events, `judged` who decided.

    With `live`, words are passed on as they are spoken.
    """

    matchup: Matchup
    leg: Leg
    heard: tuple[dict[str, Any], ...] = ()
    judged: tuple[str, ...] = ()
    forfeit: Side | None = None
    live: bool = False


class News(NamedTuple):
    """What a hall tells the director.

    `draft`: an event to be logged; `words`: a piece of a speech as it is spoken, as (matchup, leg, turn, piece);
    `ended`: the leg has ended, as (matchup, leg); `fatal`: one line that ends the run.
    """

    kind: Literal["draft", "words", "ended", "fatal"]
    value: Any


class Hall:
    """Plays legs. It keeps no record of its own: what happens goes to the director as news, which writes the log."""

    def __init__(self, spec: TournamentSpec, asks: Mapping[str, Ask]) -> None:
        """`asks` gives, by the id of a contestant or judge, the way to ask its model."""
        self._spec = spec
        self._asks = asks
        self._judges = {judge.id: judge for judge in spec.panel.judges}
        self._names = {name for c in spec.contestants for name in (c.id, c.model, c.family)}
        self._news: Outbox[News] = Outbox()
        self._playing: dict[tuple[str, Leg], asyncio.Task[None]] = {}

    async def submit(self, assignments: list[Assignment]) -> None:
        """Begins legs. One that is being played already goes on undisturbed."""
        for assignment in assignments:
            key = (assignment.matchup.id, assignment.leg)
            if key not in self._playing:
                self._playing[key] = asyncio.create_task(self._play(assignment))

    async def collect(self, mark: Mark) -> tuple[Mark, list[News]]:
        """Returns the news after `mark`, in order, and the mark after them; waits a while where there are none."""
        return await self._news.take(mark)

    async def _play(self, assignment: Assignment) -> None:
        matchup, leg = assignment.matchup, assignment.leg
        try:
            await self._play_leg(assignment)
        except UserError as error:
            self._news.put(News("fatal", str(error)))
        except Exception as error:  # a fault of ours must not leave the director waiting for ever
            self._news.put(News("fatal", f"{matchup.id} leg {leg}: {type(error).__name__}: {error}"))
            raise
        finally:
            del self._playing[matchup.id, leg]
            self._news.put(News("ended", (matchup.id, leg)))

    async def _play_leg(self, assignment: Assignment) -> None:
        matchup, leg = assignment.matchup, assignment.leg
        contestants = {side: self._spec.contestant(name) for side, name in matchup.sides(leg).items()}
        forfeit, transcript = assignment.forfeit, None
        if forfeit is None:
            end = await debate(
                format=self._spec.format,
                language=self._spec.language,
                matchup=matchup,
                leg=leg,
                contestants=contestants,
                ask=self._ask,
                record=self._record,
                live=self._speaker(matchup.id, leg) if assignment.live else None,
                heard=assignment.heard,
            )
            if end.void is not None:
                return
            forfeit, transcript = end.forfeit, end.transcript
        if forfeit is not None:
            if MODERATOR not in assignment.judged:
                self._record(Draft("ballot", matchup.id, {"leg": leg, "ballot": _forfeited(matchup, leg, forfeit)}))
        elif transcript is not None:
            waiting = [judge for judge in matchup.judges if judge not in assignment.judged]
            await asyncio.gather(*(self._judge(judge, transcript, matchup) for judge in waiting))
        self._record(Draft("leg_done", matchup.id, {"leg": leg}))

    async def _judge(self, name: str, transcript: Transcript, matchup: Matchup) -> None:
        judge = self._judges[name]
        leg = transcript.leg
        match judge:
            case HumanJudge():
                self._record(Draft("awaiting", matchup.id, {"leg": leg, "judge": name}))
            case ChecklistJudge():
                ballot = checklist_ballot(transcript, self._spec.rubric, judge.id).model_copy(update={"at": now()})
                self._record(Draft("ballot", matchup.id, {"leg": leg, "ballot": ballot.model_dump(mode="json")}))
            case ModelJudge():
                judged = await judge_leg(judge, transcript, self._spec.rubric, self._names, self._ask, matchup.seed)
                for key, fault in judged.faults:
                    self._record(fault_draft(matchup.id, leg, "ballot", name, key, fault))
                body: dict[str, Any] = {
                    "leg": leg,
                    "calls": [call.model_dump() for call in judged.calls],
                    **judged.notes,
                }
                if judged.ballot is None:
                    self._record(Draft("ballot_void", matchup.id, {**body, "judge": name, "cause": judged.cause}))
                else:
                    ballot = judged.ballot.model_copy(update={"at": now()})
                    self._record(Draft("ballot", matchup.id, {**body, "ballot": ballot.model_dump(mode="json")}))

    async def _ask(self, request: Any, on_text: Any = None) -> Any:
        return await self._asks[request.who](request, on_text)

    def _record(self, draft: Draft) -> None:
        self._news.put(News("draft", draft))

    def _speaker(self, matchup: str, leg: Leg) -> Any:
        return lambda turn, piece: self._news.put(News("words", (matchup, leg, turn, piece)))


def _forfeited(matchup: Matchup, leg: Leg, side: Side) -> dict[str, Any]:
    """Returns the ballot of a forfeited leg: a fact, in the form of every other ballot."""
    sides = matchup.sides(leg)
    ballot = Ballot(
        matchup=matchup.id,
        leg=leg,
        motion=matchup.motion.id,
        category=matchup.motion.category,
        pro=sides["pro"],
        con=sides["con"],
        judge=MODERATOR,
        judge_kind="checklist",
        family="checklist",
        preference=-2 if side == "pro" else 2,
        reason=f"{side.upper()} could not speak and forfeits the leg.",
        at=now(),
    )
    return ballot.model_dump(mode="json")
