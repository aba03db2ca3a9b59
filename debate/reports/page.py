"""The report of a run: one page that needs nothing but itself."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from debate.core.rating import Standings
from debate.core.visible import visible
from debate.judges.verdict import ballot_margin
from debate.reports import view
from debate.reports.costs import costs
from debate.reports.texts import Texts
from debate.store.run import RunFolder, write_atomically
from debate.tournaments.state import RunState

#: Runs of more matchups than this get a page for each matchup beside the first one.
ON_ONE_PAGE = 40


def write_report(folder: Path, state: RunState, standings: Standings) -> Path:
    """Writes `report/index.html` in the run's folder and returns its path.

    A run of more than `ON_ONE_PAGE` matchups gets a page for each of them beside it, `report/<matchup>.html`.

    Raises:
        UserError: the folder holds no run.
    """
    manifest = RunFolder.open(folder, write=False).manifest
    report = folder / "report"
    report.mkdir(exist_ok=True)
    environment = _environment(state)
    matchups = [view.matchup_view(state, matchup) for matchup in state.in_order()]
    apart = len(matchups) > ON_ONE_PAGE
    if apart:
        page = environment.get_template("matchup.html")
        for matchup in matchups:
            write_atomically(report / f"{matchup.slug}.html", page.render(matchup=matchup, apart=True))
    index = report / "index.html"
    ranked = [row for row in standings.overall if row.matchups]
    plots, ticks = view.plots(standings.overall)
    categories, heat = view.heat(standings)
    html = environment.get_template("report.html").render(
        manifest=manifest,
        matchups=matchups,
        apart=apart,
        rows=list(zip(standings.overall, plots, strict=True)),
        ticks=ticks,
        ranked=ranked,
        first=[row.contestant for row in ranked if row.rank_low == 1],
        categories=categories,
        heat=heat,
        enough_legs=view.ENOUGH_LEGS,
        side=standings.effects.get("side"),
        notes=[str(note) for note in standings.effects.get("notes", ())],
        judges=view.judge_rows(state, standings.effects.get("judges", {})),
        costs=costs(state),
        faults=sorted(state.faults.items(), key=lambda item: (-item[1], item[0])),
        void=[(m, leg) for m in matchups for leg in m.legs if leg.state.status == "void"],
        waiting=[(m, leg) for m in matchups for leg in m.legs if leg.state.awaiting],
        speeches=sum(len(leg.speeches) for m in matchups for leg in m.legs),
        ballots=sum(len(leg.ballots) for m in matchups for leg in m.legs),
        seconds=_seconds(state),
    )
    write_atomically(index, html)
    return index


def _environment(state: RunState) -> Environment:
    environment = Environment(
        loader=PackageLoader("debate.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every text that reaches the page comes through here, before it is escaped.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.globals.update(
        state=state,
        spec=state.spec,
        t=Texts(state.spec.language),
        margin_of=lambda ballot: ballot_margin(ballot, state.spec.rubric.weights),
    )
    environment.filters.update(number=_number, signed=_signed, percent=_percent, when=_when, usd=_usd)
    return environment


def _number(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}".replace("-", "−")


def _signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _usd(value: float) -> str:
    return "$0" if value == 0 else f"${value:,.4f}" if value < 0.01 else f"${value:,.2f}"


def _when(moment: str) -> str:
    """Returns an ISO 8601 time in UTC to the minute, or the text itself where it is none."""
    try:
        return dt.datetime.fromisoformat(moment).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return moment


def _seconds(state: RunState) -> float:
    try:
        began, ended = (dt.datetime.fromisoformat(moment) for moment in (state.started, state.updated))
    except ValueError:
        return 0.0
    return (ended - began).total_seconds()
