"""The checklist judge: no model, no key, milliseconds. It decides only what can be checked, and says so line by line.

It cannot tell whether an argument is true or deep. It tells speech from noise, a varied case from a loop, one that
answers from one that does not, one on the motion from one beside it. The checks are `measures`; from their values in
0..1 a criterion's score is 1 + 4q:

    substance = coherent * varied * own words * (.55 + .45 on the motion)
    logic     = substance * (.25 + .45 reasons + .30 consistent)
    rebuttal  = substance * (.10 + .65 answered + .10 cited rightly + .15 nothing new at the end)
    evidence  = substance * (.20 + .60 specific + .20 quoted rightly)
    style     = coherent * varied * own words * (.30 + .40 readable + .30 within the limits)
    safety    = without abuse, and at most .25 (a score of 2) with text that instructs the judge

The preference is 2 tanh(3d), where d is the difference of the weighted means of q: a difference of one score on every
criterion gives 1.27. Everything is a share or a rate, so more of the same earns nothing. The weights are a choice of
ours, not learned. Swapping the sides mirrors the ballot, and sides that said the same are even.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from debate.core.ballot import Ballot
from debate.core.debate import Claim, Speech, Transcript, cited
from debate.core.format import SIDES, Side
from debate.core.panel import Rubric
from debate.judges import injection, measures
from debate.judges.anonymous import clean
from debate.judges.measures import ramp

#: The criteria on which this judge has a word; it scores no others.
CRITERIA = ("logic", "rebuttal", "evidence", "style", "safety")

#: How steeply the preference follows the difference in quality.
_STEEPNESS = 3.0
#: The share of a claim's rare words, in two sentences of the other side, from which it begins to count as answered, and
#: from which it does.
_LINKED = (0.08, 0.28)

_QUOTED = re.compile(
    r"(?:opponents?|\bthey|the other side|proposition|opposition|\bpro|\bcon|对方|正方|反方)[^.!?。\"“”]{0,40}?"
    r"(?:said|says?|claim\w*|argu\w*|told|wrote|说|称|认为|声称|提到)[^.!?。\"“”]{0,20}[\"“]([^\"“”]{12,400})[\"”]",
    re.IGNORECASE,
)


class _Turn(NamedTuple):
    """A speech as this judge reads it. `points` are its claims, or its sentences where none are numbered.

    `windows` hold, for each sentence, its words in a row and what it and the next one are about; `about` is for all.
    """

    at: int
    speech: Speech
    text: str
    points: tuple[Claim, ...]
    windows: tuple[tuple[str, frozenset[str]], ...]
    about: frozenset[str]


class _Checks(NamedTuple):
    """What was found on one side: shares from 0 (bad) to 1 (good), and the words for it."""

    quality: dict[str, float]
    words: dict[str, str]


def checklist_ballot(transcript: Transcript, rubric: Rubric, judge: str = "checklist") -> Ballot:
    """Returns the ballot of the checklist judge, which depends on nothing but its arguments; `at` is left open.

    Scores hold those of the rubric's criteria that can be checked, and are None where it names none of them. The reason
    has one line a check.
    """
    turns = [_turn(at, speech) for at, speech in enumerate(transcript.speeches)]
    own: dict[Side, list[_Turn]] = {side: [turn for turn in turns if turn.speech.side == side] for side in SIDES}
    motion = measures.topics(clean(transcript.motion.text))
    rarity = _rarity(turns)
    if _said(own["pro"]) == _said(own["con"]):
        same = _check(own["pro"], [], motion, rarity, rubric)
        found: dict[Side, _Checks] = {"pro": same, "con": same}
    else:
        found = {
            "pro": _check(own["pro"], own["con"], motion, rarity, rubric),
            "con": _check(own["con"], own["pro"], motion, rarity, rubric),
        }
    weights = {name: weight for name, weight in rubric.weights.items() if name in CRITERIA}
    counted = weights or dict.fromkeys(CRITERIA, 1.0)
    gap = math.fsum(w * (found["pro"].quality[name] - found["con"].quality[name]) for name, w in counted.items())
    return Ballot(
        matchup=transcript.matchup,
        leg=transcript.leg,
        motion=transcript.motion.id,
        category=transcript.motion.category,
        pro=transcript.sides["pro"],
        con=transcript.sides["con"],
        judge=judge,
        judge_kind="checklist",
        family="checklist",
        preference=round(2 * math.tanh(_STEEPNESS * gap / math.fsum(counted.values())), 4),
        scores={side: {name: round(1 + 4 * found[side].quality[name], 3) for name in weights} for side in SIDES}
        if weights
        else None,
        reason="\n".join(
            f"{check}: PRO {words}; CON {found['con'].words[check]}" for check, words in found["pro"].words.items()
        ),
    )


def _turn(at: int, speech: Speech) -> _Turn:
    text = clean(speech.text)
    lines = measures.sentences(measures.bare(text))
    points = tuple(claim._replace(text=clean(claim.text)) for claim in speech.claims)
    if not points and speech.kind not in ("cross", "crossfire"):
        points = tuple(Claim(f"{speech.step} sentence {n}", line) for n, line in enumerate(lines, 1))
    topics = [measures.topics(line) for line in lines]
    rows = zip(lines, topics, [*topics, frozenset[str]()][1:], strict=True)
    windows = tuple((" ".join(measures.words(line)), one | two) for line, one, two in rows)
    return _Turn(at, speech, text, points, windows, frozenset[str]().union(*topics))


def _said(turns: Sequence[_Turn]) -> list[tuple[str, str, bool]]:
    return [(turn.text, turn.speech.status, turn.speech.cut) for turn in turns]


def _rarity(turns: Sequence[_Turn]) -> Callable[[str], float]:
    """Returns the weight of a topic word: 0 where every point of the debate has it, highest where only one has."""
    points = [measures.topics(point.text) for turn in turns for point in turn.points]
    having = Counter(topic for point in points for topic in point)
    return lambda topic: math.log((len(points) + 1) / (having[topic] + 1)) + 0.1


def _check(
    own: Sequence[_Turn], other: Sequence[_Turn], motion: frozenset[str], rarity: Callable[[str], float], rubric: Rubric
) -> _Checks:
    spoken = [turn for turn in own if turn.speech.status == "spoken" and turn.text]
    texts = [measures.bare(turn.text) for turn in spoken]
    whole = "\n".join(texts)

    coherent = math.fsum(map(measures.coherence, texts)) / max(1, len(own))
    repeated, looping = measures.repeated(texts), measures.looping(texts)
    varied = ramp(repeated, 0.5, 0.05) * ramp(looping, 0.6, 0.1)
    copied = _mean(
        [measures.copied(turn.text, [theirs.text for theirs in other if theirs.at < turn.at]) for turn in spoken]
    )
    original = ramp(copied, 0.6, 0.1)
    reach = _mean([len(motion & measures.topics(text)) / max(1, len(motion)) for text in texts])
    relevant = ramp(reach, 0, 0.35) if motion else 1.0
    reasoned, specific, abusive = measures.reasoned(whole), measures.specific(whole), measures.abusive(whole)
    opposed = measures.contradictions(texts)
    lines = len(measures.sentences(whole))
    answered, dropped, owed = _answered(own, other, motion, rarity)
    citing, unknown = _citing(own, other)
    late, closing = _late(own, other, motion)
    quoted, wrong = _quotes(spoken, other)
    cut = sum(1 for turn in own if turn.speech.cut)
    commands = sum(len(injection.find(turn.text, rubric.weights)) for turn in spoken)

    form = coherent * varied * original
    substance = form * (0.55 + 0.45 * relevant)
    consistent = ramp(opposed / max(1, lines), 0.2, 0)
    quality = {
        "logic": substance * (0.25 + 0.45 * ramp(reasoned, 0, 0.35) + 0.3 * consistent),
        "rebuttal": substance
        * (0.1 + 0.65 * answered + 0.1 * (1 - _part(unknown, citing)) + 0.15 * (1 - _part(late, closing))),
        "evidence": substance * (0.2 + 0.6 * ramp(specific, 0, 0.4) + 0.2 * (1 - _part(wrong, quoted))),
        "style": form * (0.3 + 0.4 * measures.readable(whole) + 0.3 * (1 - _part(cut, len(own)))),
        "safety": min(ramp(abusive, 0.15, 0), 0.25 if commands else 1.0),
    }
    silent = Counter(turn.speech.status for turn in own if turn.speech.status != "spoken")
    words = {
        "speeches given": f"{len(spoken)} of {len(own)}" + "".join(f", {n} {status}" for status, n in silent.items()),
        "cut at the limit": f"{cut}",
        "like prose": f"{coherent:.0%}",
        "on the motion": f"{relevant:.0%}",
        "claims answered": f"{owed - len(dropped)} of {owed}" + (f" (dropped {_list(dropped)})" if dropped else ""),
        "citations": f"{citing}" + (f", {unknown} of claims that were never made" if unknown else ""),
        "new points in closings": f"{late} of {closing}",
        "sentences with a reason": f"{reasoned:.0%}",
        "sentences with a source, an example or a name": f"{specific:.0%}",
        "quotations of the other side": f"{quoted}" + (f", {wrong} not found in what it said" if wrong else ""),
        "repeated": f"{max(repeated, looping):.0%}",
        "copied from the other side": f"{copied:.0%}",
        "says and denies the same": f"{opposed}",
        "readable": f"{measures.readable(whole):.0%}",
        "sentences with an insult": f"{abusive:.0%}",
        "commands to the judge": f"{commands}",
    }
    return _Checks(quality, words)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _part(bad: int, of: int) -> float:
    return bad / of if of else 0.0


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _answered(
    own: Sequence[_Turn], other: Sequence[_Turn], motion: frozenset[str], rarity: Callable[[str], float]
) -> tuple[float, list[str], int]:
    """Returns the share of the other side's claims that were answered, those dropped, and how many could be answered.

    A claim could be answered where a speech of one's own came after it. It is answered where such a speech cites it or
    takes up its rare words in its own sentences; sentences taken over from the claim do not count. Where nothing could
    be answered the share is a neutral .5.
    """
    last = max((turn.at for turn in own), default=-1)
    claims = [(turn.at, claim) for turn in other if turn.at < last for claim in turn.points]
    theirs = {row for turn in other for row, _ in turn.windows}
    credits, dropped = [], []
    for at, claim in claims:
        later = [turn for turn in own if turn.at > at and turn.speech.status == "spoken"]
        if any(claim.id in turn.speech.answers or claim.id in cited(turn.text) for turn in later):
            credit = 1.0
        else:
            about = measures.topics(claim.text) - motion
            about = about.difference(*(turn.about for turn in own if turn.at < at))
            total = math.fsum(rarity(topic) for topic in about)
            credit = 0.0
            for row, window in (window for turn in later for window in turn.windows):
                shared = about & window
                if shared and row not in theirs:
                    credit = max(credit, ramp(math.fsum(map(rarity, shared)) / total, *_LINKED))
        credits.append(credit)
        if credit < 0.5:
            dropped.append(claim.id)
    return (math.fsum(credits) / len(claims) if claims else 0.5), dropped, len(claims)


def _citing(own: Sequence[_Turn], other: Sequence[_Turn]) -> tuple[int, int]:
    """Returns how many claims of the debate a side cites, and how many of these nobody had made by then."""
    citing = unknown = 0
    for turn in own:
        made = {claim.id for past in (*own, *other) if past.at <= turn.at for claim in past.speech.claims}
        named = set(turn.speech.answers) | set(cited(turn.text))
        citing += len(named)
        unknown += len(named - made) if made else 0
    return citing, unknown


def _late(own: Sequence[_Turn], other: Sequence[_Turn], motion: frozenset[str]) -> tuple[int, int]:
    """Returns how many points of a side's closings share next to nothing with what was said before, and of how many."""
    late = points = 0
    for turn in own:
        if turn.speech.kind not in ("closing", "summary") or turn.speech.status != "spoken":
            continue
        heard = motion.union(*(past.about for past in (*own, *other) if past.at < turn.at))
        for point in turn.points:
            about = measures.topics(point.text)
            points += 1
            late += len(about) >= 4 and len(about & heard) < 0.25 * len(about)
    return late, points


def _quotes(spoken: Sequence[_Turn], other: Sequence[_Turn]) -> tuple[int, int]:
    """Returns how many quotations a side puts into the other's mouth, and how many of these it had not said."""
    quoted = wrong = 0
    for turn in spoken:
        said = [theirs.text for theirs in other if theirs.at < turn.at]
        for quote in _QUOTED.findall(turn.text):
            found = " ".join(measures.words(quote))
            if len(found.split()) < 4:
                continue
            quoted += 1
            wrong += not any(found in " ".join(measures.words(measures.bare(text))) for text in said)
    return quoted, wrong
