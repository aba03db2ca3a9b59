"""The parts of the live screen, each as lines of rich Text that fit a width and a height."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from debate.core.ballot import Verdict
from debate.core.debate import LEGS, Leg
from debate.core.format import Side
from debate.core.rating import Standings, StandingsRow
from debate.core.spec import TournamentSpec
from debate.core.visible import one_line
from debate.live.progress import clock, matchups_done, resources, seconds_left, share_done
from debate.rounds.turns import turns
from debate.tournaments.state import MatchupState, RunState

SIDE_STYLE: dict[Side, str] = {"pro": "bold cyan", "con": "bold magenta"}

#: From far below the mean of the table to far above it.
_HEAT = ("white on #8a3b25", "black on #e3a78f", "", "black on #9ccfc4", "white on #1c6b60")

_HEAT_STEP = 3.0

#: The most lines that one debate is given.
_TALLEST = 8


class Live(NamedTuple):
    """What is being said in a leg and is not yet in the log."""

    step: str
    text: str


Words = dict[tuple[str, Leg], Live]


class OnNow(NamedTuple):
    """A leg under way. `side` is who has the word, None while the judges do or where it cannot be told."""

    state: MatchupState
    leg: Leg
    side: Side | None
    step: str
    text: str


def line(*parts: Text | tuple[str, str] | str) -> Text:
    """Returns one line that is cut, never wrapped. The parts are plain text, not markup."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def both_ends(left: Text, right: Text, width: int) -> Text:
    """Returns a line with `left` cut where `right` needs the room."""
    room = max(0, width - right.cell_len - 1)
    left = left.copy()
    left.truncate(room, overflow="ellipsis", pad=True)
    return Text.assemble(left, " ", right, no_wrap=True, overflow="ellipsis")


def tail(text: str, cells: int) -> str:
    """Returns the last words of `text` that fit in so many cells, after an ellipsis where something is left out."""
    text = one_line(text)
    if cell_len(text) <= cells:
        return text
    room, start = cells - 1, len(text)
    while start > 0 and (room := room - cell_len(text[start - 1])) >= 0:
        start -= 1
    space = text.find(" ", start)
    if 0 <= space < start + 20 and text[start - 1 : start] != " ":
        start = space + 1
    return "…" + text[start:].lstrip()


def sides_of_turns(spec: TournamentSpec) -> dict[str, Side]:
    """Returns whose word each turn of the spec's format is, in the order in which they come."""
    return {turn.id: turn.side for turn in turns(spec.format, spec.language)}


def heading(title: str, width: int, note: str = "") -> Text:
    """Returns a section's title with a rule to the right and a note at its end."""
    rule = "─" * max(0, width - cell_len(title) - cell_len(note) - (2 if note else 1))
    return line((title, "bold"), " ", (rule, "dim"), (f" {note}" if note else "", "dim"))


def header(state: RunState, first: float, seconds: float, width: int) -> list[Text]:
    """Returns three lines: what is run, how far it is, what it has used. `first` is the share done at the start."""
    spec = state.spec
    names = {"en": "English", "zh": "Chinese"}
    share = share_done(state, seconds)
    left = None if share is None else seconds_left(first, share, seconds)
    if state.stopped is not None:
        rest = one_line(state.stopped, 40)
    elif left is None:
        rest = "time left not known yet" if share is not None else "no end set"
    else:
        rest = f"about {clock(left)} left"
    about = f"  {spec.format.name} · {names[spec.language]} · {len(spec.contestants)} contestants"
    title = line((one_line(spec.name, 40), "bold"), (about, "dim"))
    done = f"{matchups_done(state)}{f' of {spec.budget.matchups}' if spec.budget.matchups else ''} matchups"
    bar = max(10, width - len(done) - 2)
    filled = round((share or 0) * bar)
    return [
        both_ends(title, line((clock(seconds), "bold"), (f"  {rest}", "dim")), width),
        line(("━" * filled, "green"), ("━" * (bar - filled), "bright_black"), "  ", (done, "bold")),
        line((resources(state), "dim")),
    ]


def on_now(state: RunState, words: Words, sides: dict[str, Side]) -> list[OnNow]:
    """Returns the legs under way in the order of the schedule, those with words in the air first."""
    found = []
    for matchup in list(state.matchups.values()):
        for leg in LEGS:
            at = matchup.legs[leg]
            live = words.get((matchup.matchup.id, leg))
            if not at.ended and (at.speeches or live):
                found.append(_on_now(matchup, leg, live, sides))
    return sorted(found, key=lambda on: (on.state.matchup.id, on.leg) not in words)


def _on_now(matchup: MatchupState, leg: Leg, live: Live | None, sides: dict[str, Side]) -> OnNow:
    at = matchup.legs[leg]
    if live is not None:
        return OnNow(matchup, leg, sides.get(live.step), live.step, live.text)
    last = at.speeches[-1]
    text = last.text if last.status == "spoken" else f"({last.status})"
    if at.status == "judging" or len(at.speeches) >= len(sides):
        return OnNow(matchup, leg, None, f"judging, {len(at.ballots)} of {len(matchup.matchup.judges)} ballots", text)
    return OnNow(matchup, leg, last.side, last.step, text)


def debates(state: RunState, words: Words, width: int, height: int, console: Console) -> list[Text]:
    """Returns the debates on now, as many as fit in `height` lines, at least three lines each."""
    sides = sides_of_turns(state.spec)
    legs = on_now(state, words, sides)
    if not legs:
        message = "the run has stopped" if state.stopped is not None else "waiting for the first words"
        return [heading("On now", width), line((message, "dim italic"))][:height]
    each = min(_TALLEST, max(3, (height - 1) // len(legs)))
    fit = max(1, (height - 1) // each)
    hidden = len(legs) - fit
    note = f"{len(legs)} debates" + (f", {hidden} not shown" if hidden > 0 else "")
    lines = [heading("On now", width, note if len(legs) > 1 else "")]
    for on in legs[:fit]:
        matchup = on.state.matchup
        motion = one_line(matchup.motion.text[state.spec.language])
        heard = min(len(sides), len(on.state.legs[on.leg].speeches) + ((matchup.id, on.leg) in words))
        lines.append(line((f"{matchup.id}{on.leg} ", "dim"), (motion, "bold")))
        who = line()
        for side, name in matchup.sides(on.leg).items():
            speaks = side == on.side
            who.append("▸ " if speaks else "  ", style=SIDE_STYLE[side])
            who.append(f"{side.upper()} ", style=SIDE_STYLE[side])
            who.append(f"{one_line(name, 24)}  ", style="bold" if speaks else "")
        step = line((one_line(on.step, 30), ""), (f"  {heard}/{len(sides)}", "dim"))
        lines.append(both_ends(who, step, width))
        lines += _said(on.text, width, each - 2, (matchup.id, on.leg) in words, console)
    return lines[:height]


def _said(text: str, width: int, rows: int, live: bool, console: Console) -> list[Text]:
    style = "italic" if live else "dim italic"
    shown = tail(text, (width - 4) * rows - (8 if rows > 1 else 0))
    wrapped = Text(shown, style=style).wrap(console, max(10, width - 4))[:rows]
    lines = [Text.assemble("    ", part, no_wrap=True, overflow="ellipsis") for part in wrapped]
    return lines + [line()] * (rows - len(lines))


def standings_lines(standings: Standings, width: int, height: int) -> list[Text]:
    """Returns the overall table, best first; intervals drawn and categories as cells where the width allows."""
    rows = standings.overall[: max(0, height - 1)]
    if not rows:
        return [heading("Standings", width)][:height]
    name = min(20, max(cell_len(row.contestant) for row in rows), max(8, width - 26))
    rest = width - name - 24
    played = [category for category, table in standings.categories.items() if any(row.matchups for row in table)]
    cells = played[: max(0, rest // 5)]
    spare = rest - 5 * len(cells) - 1
    bar = min(24, spare) if spare >= 10 else 0
    more = len(played) - len(cells)
    title = heading("Standings, 95%", width - 5 * len(cells), f"{more} more categories" if more else "")
    for category in cells:
        title.append(f"{category[:3].rstrip('_'):>5}", style="dim")
    low, high = min(row.low for row in rows), max(row.high for row in rows)
    lines = [title]
    for row in rows:
        rank = f"{row.rank_low}" if row.rank_low == row.rank_high else f"{row.rank_low}-{row.rank_high}"
        style = "dim" if row.provisional else ""
        label = Text(one_line(row.contestant), style=style or "bold")
        label.truncate(name, overflow="ellipsis", pad=True)
        half = (row.high - row.low) / 2
        text = line((f"{rank:>5} ", "dim"), label, (f" {row.mu:5.1f}", style), (f" ±{half:<4.1f}", "dim"))
        text.append(f"{row.matchups:>4} ", style="dim")
        if bar:
            text.append_text(_whisker(row, low, high, bar))
        for category in cells:
            text.append_text(_cell(row.contestant, standings.categories[category]))
        lines.append(text)
    if len(standings.overall) > len(rows):
        lines[-1] = line((f"      and {len(standings.overall) - len(rows) + 1} more", "dim"))
    return lines


def _whisker(row: StandingsRow, low: float, high: float, cells: int) -> Text:
    scale = (cells - 1) / (high - low) if high > low else 0
    start, dot, end = (round((x - low) * scale) for x in (row.low, row.mu, row.high))
    marks = [" "] * cells
    for at in range(start, end + 1):
        marks[at] = "─"
    marks[start], marks[end] = "╶", "╴"
    marks[dot] = "○" if row.provisional else "●"
    return Text("".join(marks), style="dim cyan" if row.provisional else "cyan")


def _cell(contestant: str, table: Sequence[StandingsRow]) -> Text:
    seen = [row for row in table if row.matchups]
    row = next((row for row in seen if row.contestant == contestant), None)
    if row is None:
        return Text("    ·", style="dim")
    mean = sum(other.mu for other in seen) / len(seen)
    step = max(-2, min(2, round((row.mu - mean) / _HEAT_STEP)))
    return Text.assemble(" ", (f"{row.mu:>3.0f} ", "dim" if row.provisional else _HEAT[step + 2]))


def verdicts(state: RunState, latest: Sequence[Verdict], width: int, height: int) -> list[Text]:
    """Returns the last verdicts, the newest first; `latest` has them in the order in which they came."""
    lines = [heading("Verdicts", width)]
    if not latest:
        lines.append(line(("none yet", "dim italic")))
    for verdict in list(reversed(latest))[: max(0, height - 1)]:
        motion = one_line(state.matchups[verdict.matchup].matchup.motion.text[state.spec.language])
        lines.append(line((f"{verdict.matchup} ", "dim"), verdict_text(verdict), (f"  {motion}", "dim")))
    return lines[:height]


def verdict_text(verdict: Verdict) -> Text:
    """Returns who beat whom and by how much."""
    a, b = one_line(verdict.a, 24), one_line(verdict.b, 24)
    if verdict.winner == "draw":
        return Text.assemble((a, "bold"), " and ", (b, "bold"), f" drew ({verdict.margin:+.2f})")
    winner, loser = (a, b) if verdict.winner == "a" else (b, a)
    return Text.assemble((winner, "bold green"), " beat ", loser, f" by {abs(verdict.margin):.2f}")
