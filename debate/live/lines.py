"""Plain lines, for logs, pipes and terminals that can do no more."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from debate.core.ballot import Verdict
from debate.core.debate import Speech
from debate.core.event import Event
from debate.core.rating import Standings
from debate.core.visible import one_line
from debate.live.ending import print_ending
from debate.live.panes import verdict_text
from debate.live.progress import clock, matchups_done, resources, seconds_left, share_done
from debate.tournaments.state import RunState

#: Seconds between two lines of progress, and between two lines about faults.
EVERY = 10.0


class LineScreen:
    """A line for each thing that happens, written at once."""

    def __init__(self, state: RunState, console: Console, now: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._console = console
        self._now = now
        self._began = self._said_progress = self._said_faults = now()
        self._first_share = share_done(state, 0.0) or 0.0
        self._heard = bool(state.matchups)
        self._faults: Counter[str] = Counter()
        self._fault_seen = False

    def __enter__(self) -> Self:
        spec = self._state.spec
        budget = f"{spec.budget.matchups} matchups" if spec.budget.matchups else "no fixed number of matchups"
        self._line(
            f"{one_line(spec.name)}: {spec.format.name}, {spec.language}, {budget}; "
            f"contestants {', '.join(c.id for c in spec.contestants)}; "
            f"judges {', '.join(j.id for j in spec.panel.judges)}"
        )
        if self._state.matchups:
            self._line(f"going on after {matchups_done(self._state)} matchups ({self._state.events} events)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell_faults()

    def event(self, event: Event) -> None:
        """Writes the event's line, and one of progress where the last is long ago."""
        body = event.body
        at = event.matchup + body.get("leg", "")
        match event.kind:
            case "scheduled":
                matchup = self._state.matchups[event.matchup].matchup
                motion = one_line(matchup.motion.text[self._state.spec.language], 100)
                self._line(
                    f"{matchup.id} scheduled: {matchup.a} and {matchup.b}, {matchup.motion.category}: "
                    f'"{motion}" ({one_line(matchup.why, 160)})'
                )
            case "speech":
                self._heard = True
                self._speech(event, at)
            case "verdict":
                verdict = Verdict.model_validate(body)
                self._line(
                    f"{event.matchup} verdict: {verdict_text(verdict).plain} ({verdict.category or 'no category'})"
                )
            case "forfeit":
                who = self._state.matchups[event.matchup].matchup.sides(body["leg"])[body["side"]]
                self._line(f"{at} {who} ({body['side'].upper()}) forfeits: {one_line(body['cause'], 160)}")
            case "leg_void":
                self._line(f"{at} void: {one_line(body['cause'], 160)}")
            case "ballot_void":
                self._line(f"{at} no ballot from {body['judge']}: {one_line(body['cause'], 160)}")
            case "awaiting":
                self._line(f"{at} waits for the ballot of {body['judge']}")
            case "fault":
                self._fault(event, at)
            case "stopped":
                self._line(f"stopped: {one_line(body['reason'], 200)}")
            case "resumed":
                self._line("resumed")
        self._tell_progress()

    def live(self, matchup: str, leg: str, step: str, piece: str) -> None:
        """Writes the first words of the run as soon as they come; later ones are written speech by speech."""
        words = one_line(piece, 100)
        if words and not self._heard:
            self._heard = True
            self._line(f'{matchup}{leg} {one_line(step, 40)} begins: "{words} …"')

    def note(self, text: str) -> None:
        """Writes a line to the person."""
        self._line(one_line(text))

    def finish(self, standings: Standings, where: dict[str, str]) -> None:
        """Writes what came out and where it lies."""
        self._tell_faults()
        print_ending(self._console, self._state, standings, where)
        self._console.file.flush()

    def _speech(self, event: Event, at: str) -> None:
        speech = Speech.model_validate(event.body["speech"])
        who = self._state.matchups[event.matchup].matchup.sides(event.body["leg"])[speech.side]
        said = f'"{one_line(speech.text, 100)}"' if speech.status == "spoken" else f"({speech.status})"
        cut = ", cut" if speech.cut else ""
        self._line(
            f"{at} {one_line(speech.step, 40)}, {who} ({speech.side.upper()}, {speech.words} words{cut}): {said}"
        )

    def _fault(self, event: Event, at: str) -> None:
        body = event.body
        if not self._fault_seen:
            self._fault_seen = True
            self._said_faults = self._now()
            self._line(
                f"{at} fault: {body['fault']} of {body['who']}: {one_line(body['detail'], 160)} "
                f"(later ones are counted)"
            )
            return
        self._faults[f"{body['fault']} of {body['who']}"] += 1
        if self._now() - self._said_faults >= EVERY:
            self._tell_faults()

    def _tell_faults(self) -> None:
        if self._faults:
            shown = ", ".join(f"{what} {n}" for what, n in self._faults.most_common(5))
            rest = len(self._faults) - 5
            self._line(f"faults: {shown}{f' and {rest} more kinds' if rest > 0 else ''}")
            self._faults.clear()
        self._said_faults = self._now()

    def _tell_progress(self) -> None:
        now = self._now()
        if now - self._said_progress < EVERY:
            return
        self._said_progress = now
        if now - self._said_faults >= EVERY:
            self._tell_faults()
        seconds = now - self._began
        share = share_done(self._state, seconds)
        left = None if share is None else seconds_left(self._first_share, share, seconds)
        budget = self._state.spec.budget.matchups
        done = f"{matchups_done(self._state)}{f' of {budget}' if budget else ''} matchups"
        rest = "" if left is None else f", about {clock(left)} left"
        self._line(f"{done}{rest}; {resources(self._state)}")

    def _line(self, text: str) -> None:
        stamp = clock(self._now() - self._began)
        self._console.print(Text(f"[{stamp}] {text}"), soft_wrap=True)
        self._console.file.flush()
