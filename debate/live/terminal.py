"""What a person sees while a tournament runs: a live screen on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.text import Text

from debate.core.ballot import Verdict
from debate.core.debate import LEGS, Leg
from debate.core.event import Event
from debate.core.rating import Standings
from debate.core.visible import one_line
from debate.live import panes
from debate.live.ending import print_ending
from debate.live.lines import LineScreen
from debate.live.panes import Live, line
from debate.live.progress import share_done
from debate.tournaments.state import RunState

#: How often the display asks for a new picture, in Hz.
_RATE = 4

#: How much of what is being said is kept for the screen, in characters.
_KEPT = 600

#: From this width on debates and standings stand side by side.
_WIDE = 110

#: The share of time that may go into working out the standings anew.
_STANDINGS_SHARE = 0.05


class Screen(Protocol):
    """Shows a run to a person. Used as a context manager around the run; `finish` may come inside or after it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def event(self, event: Event) -> None:
        """Takes an event that the state has folded in."""
        ...

    def live(self, matchup: str, leg: str, step: str, piece: str) -> None:
        """Takes words as they are being said; they are not in the log yet."""
        ...

    def note(self, text: str) -> None:
        """Says a line to the person."""
        ...

    def finish(self, standings: Standings, where: dict[str, str]) -> None:
        """Shows what came out; `where` names what lies where."""
        ...


def open_screen(state: RunState, standings: Callable[[], Standings], console: Console | None = None) -> Screen:
    """Returns the screen that fits `console` (None: standard output): live on a terminal, else plain lines.

    `standings` is called when verdicts come, in the thread that calls `event`.
    """
    if console is None:
        # Colour may be forced where nobody can see a screen move, so only a real terminal is taken for one.
        console = Console(highlight=False, force_interactive=None if sys.stdout.isatty() else False)
    if console.is_interactive and not console.is_dumb_terminal:
        return LiveScreen(state, standings, console)
    return LineScreen(state, console)


class LiveScreen:
    """A screen that shows the state about four times a second. Those who produce events only change the state.

    The picture is drawn in a thread of its own, so it reads copies of what may grow meanwhile.
    """

    def __init__(
        self,
        state: RunState,
        standings: Callable[[], Standings],
        console: Console,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = state
        self._work_out = standings
        self._console = console
        self._now = now
        self._began = now()
        self._first_share = share_done(state, 0.0) or 0.0
        self._words: dict[tuple[str, Leg], Live] = {}
        self._verdicts = deque((m.verdict for m in state.in_order() if m.verdict), maxlen=50)
        self._notes: list[str] = []
        self._unprinted: list[str] = []
        self._standings = standings()
        self._stale = False
        self._next_standings = 0.0
        self._display = RichLive(
            get_renderable=self._picture,
            console=console,
            screen=True,
            refresh_per_second=_RATE,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Self:
        self._display.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def event(self, event: Event) -> None:
        """Forgets words that are now in the log, and works out the standings anew after a verdict."""
        match event.kind:
            case "speech":
                # The next speech may have begun by the time this one is logged.
                key = (event.matchup, event.body["leg"])
                if key in self._words and self._words[key].step == event.body["speech"]["step"]:
                    del self._words[key]
            case "leg_void" | "leg_done" | "forfeit":
                self._words.pop((event.matchup, event.body["leg"]), None)
            case "verdict":
                self._verdicts.append(Verdict.model_validate(event.body))
                self._stale = True
        if self._stale and (began := self._now()) >= self._next_standings:
            self._standings = self._work_out()
            self._stale = False
            ended = self._now()
            self._next_standings = ended + (ended - began) / _STANDINGS_SHARE

    def live(self, matchup: str, leg: str, step: str, piece: str) -> None:
        """Adds words to what is being said."""
        for known in LEGS:
            if known == leg:
                before = self._words.get((matchup, known))
                # An empty piece says that the speech begins anew: what was heard of it is taken back.
                going_on = piece and before is not None and before.step == step
                said = before.text + piece if going_on and before is not None else piece
                self._words[matchup, known] = Live(step, said[-_KEPT:])

    def note(self, text: str) -> None:
        """Shows the line at the bottom, and leaves it on the terminal after the screen is gone."""
        said = one_line(text)
        self._notes.append(said)
        if self._display.is_started:
            self._unprinted.append(said)
        else:
            self._console.print(Text(said))

    def finish(self, standings: Standings, where: dict[str, str]) -> None:
        """Leaves the live screen and prints what came out."""
        self._leave()
        print_ending(self._console, self._state, standings, where)

    def _leave(self) -> None:
        self._display.stop()
        for said in self._unprinted:
            self._console.print(Text(said))
        self._unprinted.clear()

    def _picture(self) -> RenderableType:
        width, height = self._console.size
        return Group(*self._lines(width, height))

    def _lines(self, width: int, height: int) -> list[Text]:
        state = self._state
        seconds = self._now() - self._began
        top = panes.header(state, self._first_share, seconds, width)
        foot = [line((f"› {self._notes[-1]}", "yellow"))] if self._notes else []
        room = max(0, height - len(top) - len(foot) - 1)
        body = self._wide(width, room) if width >= _WIDE else self._narrow(width, room)
        body = body[:room] + [line()] * (room - len(body))
        return [*top, line(), *body, *foot]

    def _narrow(self, width: int, room: int) -> list[Text]:
        table = min(len(self._standings.overall) + 1, max(4, room // 3))
        decided = min(len(self._verdicts) or 1, max(1, room // 8)) + 1
        on_now = panes.debates(self._state, dict(self._words), width, max(4, room - table - decided - 2), self._console)
        lines = [*on_now, line(), *panes.standings_lines(self._standings, width, table), line()]
        return lines + panes.verdicts(self._state, list(self._verdicts), width, max(decided, room - len(lines)))

    def _wide(self, width: int, room: int) -> list[Text]:
        right = min(78, width * 46 // 100)
        left = width - right - 3
        on_now = panes.debates(self._state, dict(self._words), left, room, self._console)
        table = panes.standings_lines(self._standings, right, min(len(self._standings.overall) + 1, room * 2 // 3))
        beside = [*table, line(), *panes.verdicts(self._state, list(self._verdicts), right, room - len(table) - 1)]
        joined = []
        for n in range(room):
            part = on_now[n].copy() if n < len(on_now) else line()
            part.truncate(left, overflow="ellipsis", pad=True)
            other = beside[n].copy() if n < len(beside) else line()
            other.truncate(right, overflow="ellipsis")
            joined.append(Text.assemble(part, (" │ ", "dim"), other, no_wrap=True, overflow="ellipsis"))
        return joined
