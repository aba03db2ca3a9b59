"""What is printed when a run has ended: who stands where, how sure that is, what it cost and where it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from debate.core.motion import CATEGORIES
from debate.core.rating import Standings, StandingsRow
from debate.core.visible import one_line
from debate.live.progress import dollars, matchups_done, short
from debate.tournaments.state import RunState

#: Of a category's table this many rows are printed where all tables together have more than `_ROWS`.
_TOP = 3
_ROWS = 60

#: With fewer decided legs than this nothing is said of a side effect.
ENOUGH_LEGS = 20

#: What the other columns of the table take, in cells.
_BESIDE_NAMES = 64


def print_ending(console: Console, state: RunState, standings: Standings, where: Mapping[str, str]) -> None:
    """Prints the standings overall and by category, the effects, the costs, what waits, and where everything lies."""
    print_standings(console, standings, _sayings(state, standings))
    console.print()
    for name, path in where.items():
        console.print(Text.assemble((f"{one_line(name)}: ", "bold"), one_line(path)), soft_wrap=True)


def print_standings(console: Console, standings: Standings, sayings: Sequence[tuple[str, str]] = ()) -> None:
    """Prints who is first and how sure that is, the tables, then `sayings` by title and what cannot be known."""
    console.print()
    console.print(Text(_headline(standings), style="bold"))
    console.print(_table([("Overall", standings.overall, 0), *_by_category(standings)], console.width))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    notes = [("Note", one_line(note)) for note in standings.effects.get("notes", ())]
    for title, said in [*sayings, *notes]:
        grid.add_row(title, Text(said))
    console.print(grid)


def _headline(standings: Standings) -> str:
    rows = standings.overall
    if not any(row.matchups for row in rows):
        return "Not enough data: no matchup has been decided."
    first = [row.contestant for row in rows if row.rank_low == 1]
    if len(first) == 1 and not rows[0].provisional:
        return f"{first[0]} is first, with 95% certainty."
    if len(first) == 1:
        return f"{first[0]} is ahead, but its rating is still provisional."
    shown = ", ".join(first[:5]) + (f" and {len(first) - 5} more" if len(first) > 5 else "")
    return f"Not enough data to name a first: any of {shown} may be."


def _by_category(standings: Standings) -> list[tuple[str, tuple[StandingsRow, ...], int]]:
    order: dict[str, int] = {name: n for n, name in enumerate(CATEGORIES)}
    tables = sorted(standings.categories.items(), key=lambda item: order.get(item[0], len(order)))
    seen = [(category, tuple(row for row in rows if row.matchups)) for category, rows in tables]
    if sum(len(rows) for _, rows in seen) <= _ROWS:
        return [(category, rows, 0) for category, rows in seen if rows]
    return [(category, rows[:_TOP], len(rows[_TOP:])) for category, rows in seen if rows]


def _table(tables: list[tuple[str, tuple[StandingsRow, ...], int]], width: int) -> Table:
    room = max(10, width - _BESIDE_NAMES)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("", "Rank", "Contestant", "Rating", "95% interval", "Matchups", ""):
        right = heading in ("Rank", "Rating", "95% interval", "Matchups")
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for title, rows, hidden in tables:
        for n, row in enumerate(rows):
            rank = str(row.rank_low) if row.rank_low == row.rank_high else f"{row.rank_low}-{row.rank_high}"
            said = "no data" if not row.matchups else "provisional" if row.provisional else ""
            table.add_row(
                "" if n else Text(title, style="bold cyan"),
                rank,
                Text(one_line(row.contestant, room)),
                f"{row.mu:.1f}",
                f"{row.low:.1f} to {row.high:.1f}",
                str(row.matchups),
                said,
                style="dim" if row.provisional else None,
            )
        if hidden:
            table.add_row("", "", f"and {hidden} more", "", "", "", "", style="dim")
        table.add_section()
    return table


def _sayings(state: RunState, standings: Standings) -> list[tuple[str, str]]:
    total = state.total()
    faults = sum(state.faults.values())
    kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(state.faults.items(), key=lambda item: -item[1]))
    void = sum(leg.status == "void" for matchup in state.matchups.values() for leg in matchup.legs.values())
    decided = sum(matchup.verdict is not None for matchup in state.matchups.values())
    waiting = [
        f"{name}{leg} for {', '.join(at.awaiting)}"
        for name, matchup in state.matchups.items()
        for leg, at in matchup.legs.items()
        if at.awaiting
    ]
    more = f" and {len(waiting) - 6} more" if len(waiting) > 6 else ""
    money = "no money" if total.usd == 0 else dollars(total.usd)
    sayings = [
        ("Played", f"{matchups_done(state)} matchups, {decided} decided{_stopped(state)}"),
        ("Sides", _sides(standings.effects.get("side", {}))),
        ("Judges", _judges(standings.effects.get("judges", {}), state)),
        ("Used", f"{money}, {short(total.input + total.output)} tokens in {total.calls} calls"),
        (
            "Faults",
            (f"{faults} ({kinds})" if faults else "none")
            + (f"; {void} leg{'s' if void > 1 else ''} void" if void else ""),
        ),
    ]
    if waiting:
        sayings.append(("Waiting", f"{'; '.join(waiting[:6])}{more}"))
    return sayings


def _stopped(state: RunState) -> str:
    return "" if state.stopped is None else f"; {one_line(state.stopped, 200)}"


def _sides(effect: Mapping[str, Any]) -> str:
    share, decided = effect.get("pro_share"), effect.get("decided", 0)
    if share is None:
        return "not enough data"
    few = "; too few to say more" if decided < ENOUGH_LEGS else ""
    return f"PRO was ahead on {share:.0%} of {decided} legs (95%: {effect['low']:.0%} to {effect['high']:.0%}{few})"


def _judges(effects: Mapping[str, Mapping[str, Any]], state: RunState) -> str:
    said = []
    for judge in state.spec.panel.judges:
        effect = effects.get(judge.id)
        if effect is None or not effect["ballots"]:
            continue
        share, lean = effect["pro_share"], effect["lean"]
        parts = [f"{effect['ballots']} ballots"]
        parts += [] if share is None else [f"PRO on {share:.0%}"]
        parts += [] if lean is None else [f"lean {lean:+.2f}"]
        said.append(f"{judge.id} {', '.join(parts)}")
    if not said:
        return "no ballots yet"
    return "; ".join(said[:8]) + (f" and {len(said) - 8} more judges" if len(said) > 8 else "")
