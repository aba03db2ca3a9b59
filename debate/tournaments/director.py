"""The director: the loop that joins scheduler, halls, verdicts and log. It is the log's only writer."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, Protocol

from debate.core.debate import LEGS, Leg, Matchup
from debate.core.errors import UserError
from debate.core.event import Draft, Event
from debate.judges.panel import seat
from debate.models.outbox import Mark
from debate.ratings.ladder import Ladder
from debate.store.log import EventLog
from debate.tournaments.estimate import estimate
from debate.tournaments.hall import Assignment, News
from debate.tournaments.scheduler import draw_batch, enough
from debate.tournaments.state import RunState
from debate.tournaments.tally import Tally


class HallDoor(Protocol):
    """A hall as the director sees it, in this process or in another."""

    async def submit(self, assignments: list[Assignment]) -> None:
        """Begins legs; one that is being played already goes on undisturbed."""
        ...

    async def collect(self, mark: Mark) -> tuple[Mark, list[News]]:
        """Returns the news after `mark`, in order, and the mark after them. A new life has forgotten what it played."""
        ...


class Watcher(Protocol):
    """Somebody who looks on: the screen."""

    def event(self, event: Event) -> None:
        """Is told of each event after it was logged and folded in."""
        ...

    def live(self, matchup: str, leg: str, step: str, piece: str) -> None:
        """Is told words as they are spoken; they are not logged."""
        ...


#: So many legs in a row that failed for technical reasons end the run: something is broken that play cannot mend.
VOID_LEGS = 12

#: So many legs are shown word by word: words cost messages, and a person can follow only a few debates at once.
LIVE_LEGS = 4

#: A leg in play, and which hall plays it.
Key = tuple[str, Leg]


class Director:
    """Plays a tournament from wherever its log stands.

    A batch of matchups is drawn from the verdicts of all batches but the last, so that one batch is always in play
    while the next is drawn: there is no barrier, and the draw does not depend on which debate ended first. That is why
    a run that was killed and resumed draws what it would have drawn.
    """

    def __init__(
        self,
        log: EventLog,
        state: RunState,
        tally: Tally,
        halls: Sequence[HallDoor],
        watcher: Watcher,
    ) -> None:
        spec = state.spec
        self._log = log
        self._state = state
        self._tally = tally
        self._halls = halls
        self._watcher = watcher
        self._ladder = Ladder([c.id for c in spec.contestants], spec.categories)
        self._batches: list[list[Matchup]] = []
        self._folded = 0
        self._settled = 0
        self._begun: deque[Matchup] = deque()
        self._queue: deque[Matchup] = deque()
        self._playing: dict[Key, int] = {}
        self._void_in_a_row = 0
        self._stop: str | None = None
        self._interrupted = False
        self._moved = asyncio.Event()
        self._live: set[Key] = set()
        self._began = time.monotonic()
        self._expected = estimate(spec, 1).total

    def interrupt(self) -> None:
        """Ends the run now. Legs in play stay as they are and can be resumed."""
        self._stop = "interrupted"
        self._interrupted = True
        self._moved.set()

    async def run(self) -> str:
        """Plays until a budget ends, the stopping rule holds or nothing is left to play; returns which, in words.

        Raises:
            UserError: a model cannot be asked until a person mends something; everything so far is saved.
        """
        attending = [asyncio.create_task(self._attend(number)) for number in range(len(self._halls))]
        for task in attending:
            task.add_done_callback(lambda _: self._moved.set())
        try:
            self._recall()
            while not self._interrupted:
                self._moved.clear()
                await self._launch()
                if not self._playing and not self._moved.is_set():
                    break
                await self._moved.wait()
                for task in attending:
                    if task.done():
                        await task
        except UserError as error:
            self._write([Draft("stopped", "", {"reason": f"failed: {error}"})])
            raise
        finally:
            for task in attending:
                task.cancel()
            await asyncio.gather(*attending, return_exceptions=True)
        reason = self._stop or self._spent() or self._exhausted()
        self._write([Draft("stopped", "", {"reason": reason})])
        return reason

    # What comes back from the halls.

    async def _attend(self, number: int) -> None:
        """Takes in the news of one hall, for ever."""
        mark = Mark()
        while True:
            life = mark.life
            mark, news = await self._halls[number].collect(mark)
            self._take_in(news)
            if life != mark.life:
                await self._send(number, [key for key, at in self._playing.items() if at == number])

    def _take_in(self, news: Sequence[News]) -> None:
        drafts: dict[Any, Draft] = {}
        for item in news:
            if item.kind == "words":
                self._watcher.live(*item.value)
            elif item.kind == "draft":
                drafts.setdefault(_what(item.value), item.value)
        self._write([draft for draft in drafts.values() if not self._known(draft)])
        for item in news:
            if item.kind == "ended" and self._playing.pop(item.value, None) is not None:
                self._moved.set()
                self._live.discard(item.value)
                name, leg = item.value
                void = self._state.matchups[name].legs[leg].status == "void"
                self._void_in_a_row = self._void_in_a_row + 1 if void else 0
                if self._void_in_a_row == VOID_LEGS:
                    cause = self._state.matchups[name].legs[leg].cause
                    raise UserError(f"the last {VOID_LEGS} legs failed for technical reasons, the last one: {cause}")
        self._settle()
        for item in news:
            if item.kind == "fatal":
                raise UserError(item.value)

    def _known(self, draft: Draft) -> bool:
        """Whether the log has this already: a hall that was lost tells some things twice."""
        leg = self._state.matchups[draft.matchup].legs[draft.body["leg"]]
        if leg.ended:
            return True
        what = _what(draft)[-1]
        match draft.kind:
            case "speech":
                return any(heard["speech"]["step"] == what for heard in leg.heard)
            case "ballot" | "ballot_void" | "awaiting":
                return what in leg.ballots or what in leg.void_ballots or what in leg.awaiting
            case "fault":
                return what in leg.faults
            case "forfeit":
                return leg.forfeit is not None
            case _:
                return False

    def _write(self, drafts: Sequence[Draft]) -> None:
        for event in self._log.append(drafts):
            self._state.apply(event)
            self._watcher.event(event)

    def _settle(self) -> None:
        """Gives verdicts on matchups that have ended, in the order in which they were scheduled.

        A ballot that came late can change later verdicts too, by what a draw is: those are given again.
        """
        order = self._state.in_order()
        while self._settled < len(order) and order[self._settled].ended:
            state = order[self._settled]
            self._settled += 1
            if state.rateable:
                verdict = self._tally.fold(state.matchup.id, state.ballots())
                if verdict != state.verdict:
                    self._write([Draft("verdict", state.matchup.id, verdict.model_dump(mode="json"))])

    # What goes out to them.

    def _recall(self) -> None:
        """Takes up a run where its log ends. What the log has stands; what was drawn but not begun is drawn again."""
        self._settle()
        known = {state.matchup.id: state for state in self._state.in_order()}
        for batch in sorted({state.matchup.batch for state in known.values()}):
            logged = [s.matchup for s in known.values() if s.matchup.batch == batch]
            fresh = [m for m in self._draw(batch, len(logged)) if m.id not in known]
            self._batches.append([*logged, *fresh])
            self._queue += fresh
        self._begun += [state.matchup for state in known.values() if not state.ended]

    async def _launch(self) -> None:
        """Begins matchups while there is room in the halls and in the budget."""
        room = max(2, self._state.spec.cluster.debates * len(self._halls))
        going: dict[int, list[Key]] = {}
        while len(self._playing) + 2 <= room and (matchup := self._next()):
            if matchup.id not in self._state.matchups:
                self._write([Draft("scheduled", matchup.id, matchup.model_dump(mode="json"))])
            load = Counter(self._playing.values())
            number = min(range(len(self._halls)), key=lambda n: load[n])
            for leg in LEGS:
                if not self._state.matchups[matchup.id].legs[leg].ended:
                    self._playing[matchup.id, leg] = number
                    going.setdefault(number, []).append((matchup.id, leg))
        for number, keys in going.items():
            await self._send(number, keys)

    async def _send(self, number: int, keys: Sequence[Key]) -> None:
        assignments = []
        for name, leg in keys:
            if len(self._live) < LIVE_LEGS:
                self._live.add((name, leg))
            state = self._state.matchups[name]
            at = state.legs[leg]
            assignments.append(
                Assignment(
                    matchup=state.matchup,
                    leg=leg,
                    heard=tuple(at.heard),
                    judged=(*at.ballots, *at.void_ballots, *at.awaiting),
                    forfeit=at.forfeit,
                    live=(name, leg) in self._live,
                )
            )
        await self._halls[number].submit(assignments)

    def _next(self) -> Matchup | None:
        """Returns the next matchup to begin, or None where the budget, the rule or the draw has none for now.

        What was begun in an earlier start of the run is always played to its end.
        """
        if self._begun:
            return None if self._interrupted else self._begun.popleft()
        while not self._stop and not self._queue and self._drawable():
            self._batches.append(self._draw(len(self._batches)))
            self._queue += self._batches[-1]
        return self._queue.popleft() if self._queue and not self._stop and not self._spent() else None

    def _drawable(self) -> bool:
        """Whether the next batch can be drawn: all batches but the last have ended, and the last was not empty."""
        if self._batches and not self._batches[-1]:
            return False
        ended = (self._state.matchups[m.id].ended for batch in self._batches[:-1] for m in batch)
        return all(ended)

    def _draw(self, batch: int, logged: int = 0) -> list[Matchup]:
        """Returns the matchups of `batch`; `logged` of them are in the log already and count as its room."""
        while self._folded < batch - 1:
            for matchup in self._batches[self._folded]:
                if verdict := self._state.matchups[matchup.id].verdict:
                    self._ladder.fold(verdict)
            self._folded += 1
        if not logged and (words := enough(self._state.spec, self._ladder)):
            self._stop = words
            return []
        before = [matchup for earlier in self._batches for matchup in earlier]
        load = Counter(judge for matchup in before for judge in matchup.judges)

        def seated(a: str, b: str, seed: int) -> tuple[str, ...]:
            pair = (self._state.spec.contestant(a), self._state.spec.contestant(b))
            judges: tuple[str, ...] = seat(self._state.spec.panel, pair, load, seed)
            load.update(judges)
            return judges

        return draw_batch(
            spec=self._state.spec,
            batch=batch,
            first_index=len(before) + 1,
            ladder=self._ladder,
            drawn=before,
            room=max(1, self._state.spec.cluster.debates * len(self._halls) // 4),
            seat=seated,
        )

    # When to stop.

    def _spent(self) -> str | None:
        """Returns which budget would not pay for another matchup beside those in play, in words."""
        budget, total = self._state.spec.budget, self._state.total()
        if budget.usd is not None:
            expected = self._with_another(self._expected.usd, [(m.usd, m.ended) for m in self._state.in_order()])
            if expected > budget.usd:
                return f"the budget of {budget.usd:g} USD would not pay for another matchup ({total.usd:.2f} are spent)"
        if budget.tokens is not None:
            tokens = self._expected.input + self._expected.output
            if self._with_another(tokens, [(m.tokens, m.ended) for m in self._state.in_order()]) > budget.tokens:
                used = total.input + total.output
                return f"the budget of {budget.tokens:,} tokens is not enough for another matchup ({used:,} are used)"
        seconds = self._state.played + time.monotonic() - self._began
        if budget.minutes is not None and seconds >= 60 * budget.minutes:
            return f"the budget of {budget.minutes:g} minutes is over"
        return None

    @staticmethod
    def _with_another(estimate: float, used: Sequence[tuple[float, bool]]) -> float:
        """Returns what the matchups in play and one more are expected to bring the run to.

        `used` is what each matchup used so far, and whether it has ended. One is expected to use its estimate, or what
        those that have ended used on average if that is more.
        """
        ended = [amount for amount, over in used if over]
        one = max([estimate, *([sum(ended) / len(ended)] if ended else [])])
        return sum(amount if over else max(amount, one) for amount, over in used) + one

    def _exhausted(self) -> str:
        limit = self._state.spec.budget.matchups
        if limit is not None and len(self._state.matchups) >= limit:
            return f"the budget of {limit} matchups is played"
        return "every pair has met as often as the schedule asks"


def _what(draft: Draft) -> tuple[str, str, str, Any]:
    """Returns what an event of a leg is about: two with the same are one thing told twice."""
    body = draft.body
    match draft.kind:
        case "speech":
            about = body["speech"]["step"]
        case "ballot":
            about = body["ballot"]["judge"]
        case "ballot_void" | "awaiting":
            about = body["judge"]
        case "fault":
            about = (body["key"], body["attempt"])
        case _:
            about = None
    return draft.kind, draft.matchup, body["leg"], about
