"""The state of a tournament: a fold over its events. Screen, pages, report, resume and verify all read it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

from debate.core.ballot import Ballot, Verdict
from debate.core.debate import LEGS, Leg, Matchup, MotionAsDebated, Speech, Transcript
from debate.core.event import Call, Event
from debate.core.format import Side
from debate.core.spec import Budget, TournamentSpec

LegStatus = Literal["waiting", "speaking", "judging", "awaiting_ballots", "done", "void"]


@dataclass(slots=True)
class Cost:
    """What one contestant or judge has used. Tokens `cached` are part of `input`."""

    calls: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    usd: float = 0.0
    seconds: float = 0.0

    def add(self, call: Call) -> None:
        """Adds one answered call."""
        self.calls += 1
        self.input += call.input
        self.cached += call.cached
        self.output += call.output
        self.usd += call.usd
        self.seconds += call.seconds


@dataclass(slots=True)
class LegState:
    """One leg. `heard` are the bodies of its speech events, from which an interrupted leg goes on."""

    status: LegStatus = "waiting"
    heard: list[dict[str, Any]] = field(default_factory=list)
    speeches: list[Speech] = field(default_factory=list)
    ballots: dict[str, Ballot] = field(default_factory=dict)
    void_ballots: dict[str, str] = field(default_factory=dict)
    awaiting: list[str] = field(default_factory=list)
    forfeit: Side | None = None
    cause: str = ""
    faults: set[tuple[str, int]] = field(default_factory=set)

    @property
    def ended(self) -> bool:
        """Whether the engine has nothing more to do for this leg (a person may still have)."""
        return self.status in ("awaiting_ballots", "done", "void")


@dataclass(slots=True)
class MatchupState:
    """One matchup with its two legs and, once decided, its verdict."""

    matchup: Matchup
    legs: dict[Leg, LegState]
    verdict: Verdict | None = None
    usd: float = 0.0
    tokens: int = 0

    @property
    def ended(self) -> bool:
        """Whether both legs have ended."""
        return all(leg.ended for leg in self.legs.values())

    @property
    def rateable(self) -> bool:
        """Whether both legs were decided and no ballot is still to come."""
        return all(leg.status == "done" and leg.ballots for leg in self.legs.values())

    def ballots(self) -> list[Ballot]:
        """Returns the valid ballots, leg a first, in the order of the panel's seats."""
        found = []
        for leg in LEGS:
            seats = {judge: n for n, judge in enumerate(self.matchup.judges)}
            at = self.legs[leg].ballots
            found += [at[judge] for judge in sorted(at, key=lambda j: (seats.get(j, -1), j))]
        return found


class RunState:
    """What is known of a run after the events applied so far.

    `spec` is the manifest's, with the budget that the last `resumed` event gave. `played` are the seconds between the
    first and the last event of each start of the run but the present one.
    """

    def __init__(self, spec: TournamentSpec) -> None:
        self.spec = spec
        self.matchups: dict[str, MatchupState] = {}
        self.costs: dict[str, Cost] = {}
        self.faults: dict[str, int] = {}
        self.started = ""
        self.updated = ""
        self.played = 0.0
        self._began = ""
        self.stopped: str | None = None
        self.events = 0

    def apply(self, event: Event) -> None:
        """Folds in one event. Events must come in the order of the log."""
        body = event.body
        for call in body.get("calls", ()):
            self._pay(event.matchup, Call.model_validate(call))
        match event.kind:
            case "run_started":
                self.started = self._began = event.at
            case "resumed":
                self._resume(event)
            case "stopped":
                self.stopped = body["reason"]
            case "scheduled":
                matchup = Matchup.model_validate(body)
                self.matchups[matchup.id] = MatchupState(matchup, {leg: LegState() for leg in LEGS})
            case "verdict":
                verdict = Verdict.model_validate(body)
                self.matchups[event.matchup].verdict = verdict
            case _:
                self._apply_to_leg(event, self.matchups[event.matchup].legs[body["leg"]])
        self.events = event.seq
        self.updated = event.at

    def _pay(self, matchup: str, call: Call) -> None:
        self.costs.setdefault(call.who, Cost()).add(call)
        self.matchups[matchup].usd += call.usd
        self.matchups[matchup].tokens += call.input + call.output

    def _resume(self, event: Event) -> None:
        """Begins another start of the run. Legs that a technical failure ended are open again, where they broke off."""
        self.spec = self.spec.model_copy(update={"budget": Budget.model_validate(event.body["budget"])})
        self.stopped = None
        since, until = (dt.datetime.fromisoformat(at) for at in (self._began, self.updated))
        self.played += (until - since).total_seconds()
        self._began = event.at
        for matchup in self.matchups.values():
            for leg in matchup.legs.values():
                if leg.status == "void":
                    leg.status, leg.cause, leg.faults = "speaking", "", set()

    def _apply_to_leg(self, event: Event, leg: LegState) -> None:
        body = event.body
        match event.kind:
            case "fault":
                self.faults[body["fault"]] = self.faults.get(body["fault"], 0) + 1
                leg.faults.add((body["key"], body["attempt"]))
            case "speech":
                leg.status = "speaking"
                leg.heard.append(body)
                leg.speeches.append(Speech.model_validate(body["speech"]))
            case "forfeit":
                leg.forfeit, leg.cause = body["side"], body["cause"]
            case "leg_void":
                leg.status, leg.cause = "void", body["cause"]
            case "ballot":
                ballot = Ballot.model_validate(body["ballot"])
                leg.ballots[ballot.judge] = ballot
                leg.awaiting = [judge for judge in leg.awaiting if judge != ballot.judge]
                if leg.status == "awaiting_ballots" and not leg.awaiting:
                    leg.status = "done"
                elif leg.status != "done":
                    leg.status = "judging"
            case "ballot_void":
                leg.void_ballots[body["judge"]] = body["cause"]
            case "awaiting":
                leg.awaiting.append(body["judge"])
            case "leg_done":
                leg.status = "awaiting_ballots" if leg.awaiting else "done"

    def transcript(self, matchup: str, leg: Leg) -> Transcript:
        """Returns what was heard of a leg so far."""
        state = self.matchups[matchup]
        motion = state.matchup.motion
        language = self.spec.language
        return Transcript(
            matchup=matchup,
            leg=leg,
            motion=MotionAsDebated(id=motion.id, text=motion.text[language], category=motion.category),
            format=self.spec.format.name,
            language=language,
            sides=state.matchup.sides(leg),
            speeches=tuple(state.legs[leg].speeches),
        )

    def ballots(self) -> list[Ballot]:
        """Returns every valid ballot, by matchup, leg and seat."""
        return [ballot for state in self.in_order() for ballot in state.ballots()]

    def in_order(self) -> list[MatchupState]:
        """Returns the matchups in the order in which they were scheduled."""
        return list(self.matchups.values())

    def total(self) -> Cost:
        """Returns what everybody has used together."""
        total = Cost()
        for cost in self.costs.values():
            total.calls += cost.calls
            total.input += cost.input
            total.cached += cost.cached
            total.output += cost.output
            total.usd += cost.usd
            total.seconds += cost.seconds
        return total
