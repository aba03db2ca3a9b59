"""How far a run is, and how times, tokens and money are written."""

from __future__ import annotations

from debate.rounds.turns import turns
from debate.tournaments.state import LegState, RunState

#: The share of a leg's work that is speaking; the rest is its ballots.
_SPEAKING = 0.9

#: Below this share of the work seen, what is left cannot be told.
_TELLING = 0.02


def matchups_done(state: RunState) -> int:
    """Returns how many matchups have ended."""
    return sum(matchup.ended for matchup in list(state.matchups.values()))


def used(state: RunState) -> tuple[int, float]:
    """Returns the tokens (in and out) and the USD that everybody has used together."""
    costs = list(state.costs.values())
    return sum(cost.input + cost.output for cost in costs), sum(cost.usd for cost in costs)


def share_done(state: RunState, seconds: float) -> float | None:
    """Returns how much of the budget that is nearest its end is used, from 0 to 1; None where there is no budget.

    `seconds` is for how long the run has been going. Debates under way count by their speeches.
    """
    budget = state.spec.budget
    tokens, usd = used(state)
    expected = len(turns(state.spec.format, state.spec.language))
    shares = []
    if budget.matchups is not None:
        legs = [leg for matchup in list(state.matchups.values()) for leg in matchup.legs.values()]
        shares.append(sum(_leg_share(leg, expected) for leg in legs) / 2 / budget.matchups)
    if budget.usd is not None:
        shares.append(usd / budget.usd)
    if budget.tokens is not None:
        shares.append(tokens / budget.tokens)
    if budget.minutes is not None:
        shares.append(seconds / 60 / budget.minutes)
    return min(1.0, max(shares)) if shares else None


def seconds_left(first: float, share: float, seconds: float) -> float | None:
    """Returns the seconds left, where the share done grew from `first` in `seconds`; None: it is too early to say."""
    gained = share - first
    if gained < _TELLING:
        return None
    return seconds * (1 - share) / gained


def clock(seconds: float) -> str:
    """Returns `3:07` or `1:03:07`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short(number: int) -> str:
    """Returns `950`, `12.3k` or `4.5M`."""
    if number < 1000:
        return str(number)
    if number < 999_500:
        return f"{number / 1e3:.1f}k" if number < 99_950 else f"{number / 1e3:.0f}k"
    return f"{number / 1e6:.1f}M"


def dollars(usd: float) -> str:
    """Returns `$0`, `$0.0042`, `$0.42` or `$1,204.50`."""
    if usd == 0:
        return "$0"
    return f"${usd:,.4f}" if usd < 0.01 else f"${usd:,.2f}"


def resources(state: RunState) -> str:
    """Returns money, tokens and faults in a line, with the budget where there is one."""
    tokens, usd = used(state)
    budget = state.spec.budget
    free = usd == 0 and all(contestant.free for contestant in state.spec.contestants)
    parts = ["no money spent" if free else dollars(usd) + (f" of {dollars(budget.usd)}" if budget.usd else "")]
    parts.append(f"{short(tokens)}{f' of {short(budget.tokens)}' if budget.tokens else ''} tokens")
    faults = dict(state.faults)
    if faults:
        kinds = ", ".join(f"{kind} {n}" for kind, n in sorted(faults.items(), key=lambda item: -item[1]))
        count = sum(faults.values())
        parts.append(f"{count} fault{'s' if count > 1 else ''} ({kinds})")
    return " · ".join(parts)


def _leg_share(leg: LegState, expected: int) -> float:
    return 1.0 if leg.ended else _SPEAKING * min(1.0, len(leg.speeches) / expected)
