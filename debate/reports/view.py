"""What the page shows, worked out of state and standings: rows, cells, places on scales, parts of speeches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from debate.core.ballot import Ballot
from debate.core.debate import LEGS, Leg, Speech
from debate.core.motion import CATEGORIES
from debate.core.panel import Judge
from debate.core.rating import Standings, StandingsRow
from debate.tournaments.state import LegState, MatchupState, RunState

#: A step of shade in the heat map is this much of mu.
_HEAT_STEP = 1.5

#: With fewer decided legs than this nothing is said of a side effect.
ENOUGH_LEGS = 20

_CLAIM = re.compile(r"\[?(?<![A-Za-z0-9.])([PC][0-9]{1,3}\.[0-9]{1,3})(?![A-Za-z0-9]|\.[0-9])\]?")


class Part(NamedTuple):
    """A piece of a speech: `text`, the beginning of a `claim`, or a link that `cites` one."""

    kind: str
    text: str
    claim: str = ""


class Tick(NamedTuple):
    """A labelled place on a scale, in percent of its width."""

    at: float
    label: str


class Plot(NamedTuple):
    """A row's interval on the scale that all rows share, in percent of its width."""

    low: float
    mu: float
    high: float


class Cell(NamedTuple):
    """One cell of the heat map. `shade` is -2 to 2, or None where there is too little data to shade it."""

    row: StandingsRow | None
    shade: int | None


class JudgeRow(NamedTuple):
    """One judge. `effect` is what `debate.judges.agreement.judge_effects` says of it, None before its first ballot."""

    judge: Judge
    effect: Mapping[str, Any] | None
    voids: int
    awaited: int


class LegView(NamedTuple):
    """One leg as the page shows it."""

    leg: Leg
    state: LegState
    sides: dict[str, str]
    speeches: tuple[SpeechView, ...]
    ballots: tuple[Ballot, ...]
    margin: float | None


class SpeechView(NamedTuple):
    """A speech in paragraphs of parts. `loose` are claims that its text does not show."""

    speech: Speech
    paragraphs: tuple[tuple[Part, ...], ...]
    loose: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]


class MatchupView(NamedTuple):
    """A matchup with its legs; `slug` is fit for an address."""

    slug: str
    state: MatchupState
    motion: str
    legs: tuple[LegView, ...]


def plots(rows: Sequence[StandingsRow]) -> tuple[list[Plot], list[Tick]]:
    """Returns each row's place on one scale that holds all intervals, and the scale's ticks."""
    if not rows:
        return [], []
    low, high = min(row.low for row in rows), max(row.high for row in rows)
    step = next((s for s in (1, 2, 5, 10, 20, 50) if (high - low) / s <= 6), 100)
    first = int(low // step) * step
    last = -int(-high // step) * step
    if last <= first:
        last = first + step

    def place(x: float) -> float:
        return round(3 + 94 * (x - first) / (last - first), 2)

    ticks = [Tick(place(x), str(x)) for x in range(first, last + 1, step)]
    return [Plot(place(row.low), place(row.mu), place(row.high)) for row in rows], ticks


def heat(standings: Standings) -> tuple[list[str], dict[str, list[Cell]]]:
    """Returns the categories in their usual order, and each contestant's cells in the order of the overall table.

    Shades tell how far a rating lies from the mean of those who debated in its category; provisional ones get none.
    """
    order: dict[str, int] = {name: n for n, name in enumerate(CATEGORIES)}
    categories = sorted(standings.categories, key=lambda name: order.get(name, len(order)))
    cells: dict[str, list[Cell]] = {row.contestant: [] for row in standings.overall}
    for category in categories:
        table = {row.contestant: row for row in standings.categories[category]}
        debated = [row.mu for row in table.values() if row.matchups]
        mean = sum(debated) / len(debated) if debated else 0.0
        for contestant, found in cells.items():
            row = table.get(contestant)
            if row is None or not row.matchups:
                found.append(Cell(None, None))
            else:
                shade = None if row.provisional else max(-2, min(2, round((row.mu - mean) / _HEAT_STEP)))
                found.append(Cell(row, shade))
    return categories, cells


def judge_rows(state: RunState, effects: Mapping[str, Mapping[str, Any]]) -> list[JudgeRow]:
    """Returns one row for each judge of the panel, in its order."""
    legs = [leg for matchup in state.matchups.values() for leg in matchup.legs.values()]
    return [
        JudgeRow(
            judge=judge,
            effect=effects.get(judge.id),
            voids=sum(judge.id in leg.void_ballots for leg in legs),
            awaited=sum(judge.id in leg.awaiting for leg in legs),
        )
        for judge in state.spec.panel.judges
    ]


def matchup_view(state: RunState, matchup: MatchupState) -> MatchupView:
    """Returns a matchup as the page shows it."""
    name = matchup.matchup.id
    legs = []
    for leg in LEGS:
        at = matchup.legs[leg]
        known = {claim.id for speech in at.speeches for claim in speech.claims}
        seats = {judge: n for n, judge in enumerate(matchup.matchup.judges)}
        legs.append(
            LegView(
                leg=leg,
                state=at,
                sides={str(side): who for side, who in matchup.matchup.sides(leg).items()},
                speeches=tuple(speech_view(speech, known) for speech in at.speeches),
                ballots=tuple(sorted(at.ballots.values(), key=lambda b: (seats.get(b.judge, -1), b.judge))),
                margin=matchup.verdict.legs.get(leg) if matchup.verdict else None,
            )
        )
    motion = matchup.matchup.motion.text[state.spec.language]
    return MatchupView(slug=slug(name), state=matchup, motion=motion, legs=tuple(legs))


def slug(name: str) -> str:
    """Returns `name` with nothing but what a file's name and an address may hold anywhere."""
    return re.sub(r"[^A-Za-z0-9_\-]", "-", name)


def speech_view(speech: Speech, known: set[str]) -> SpeechView:
    """Returns a speech with its own claims marked where they begin and those it names, among `known`, as links."""
    text = speech.text
    own = {claim.id for claim in speech.claims}
    marks: list[tuple[int, int, Part]] = []
    shown: set[str] = set()
    for match in _CLAIM.finditer(text):
        name = match[1]
        if name in own and name not in shown and match[0].startswith("["):
            shown.add(name)
            marks.append((match.start(), match.end(), Part("claim", name, name)))
        elif name in known:
            marks.append((match.start(), match.end(), Part("cites", match[0], name)))
    at = 0
    for claim in speech.claims:
        begins = text.find(claim.text, at) if claim.text else -1
        if claim.id not in shown and begins >= 0:
            shown.add(claim.id)
            marks.append((begins, begins, Part("claim", claim.id, claim.id)))
        at = begins + len(claim.text) if begins >= 0 else at
    paragraphs: list[list[Part]] = [[]]
    at = 0
    for begin, end, part in [*sorted(marks, key=lambda mark: mark[:2]), (len(text), len(text), None)]:
        if begin < at:
            continue
        pieces = re.split(r"\n\s*\n", text[at:begin])
        for n, piece in enumerate(pieces):
            if n:
                paragraphs.append([])
            if piece:
                paragraphs[-1].append(Part("text", piece))
        if part is not None:
            paragraphs[-1].append(part)
        at = end
    return SpeechView(
        speech=speech,
        paragraphs=tuple(tuple(parts) for parts in paragraphs if any(part.text.strip() for part in parts)),
        loose=tuple(claim for claim in speech.claims if claim.id not in shown),
        answers=tuple(name for name in speech.answers if name in known),
    )
