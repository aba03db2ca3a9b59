"""What is said: matchups, their two legs, speeches and transcripts."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from debate.core.format import Side, StepKind
from debate.core.motion import Category, Motion
from debate.core.noun import Language, Noun

Leg = Literal["a", "b"]
LEGS: tuple[Leg, Leg] = ("a", "b")

#: How a speech came about. Only a `spoken` one has words; the others are recorded as what they are.
SpeechStatus = Literal["spoken", "empty", "refused", "filtered"]


class Matchup(Noun):
    """The unit of play: one motion, two contestants, two legs with sides swapped, the same judges on both.

    Contestant `a` is PRO on leg a and CON on leg b. `why` says in words why the scheduler chose it.
    """

    id: str
    batch: int
    motion: Motion
    a: str
    b: str
    judges: tuple[str, ...]
    why: str
    seed: int

    def sides(self, leg: Leg) -> dict[Side, str]:
        """Returns the contestant on each side of `leg`."""
        return {"pro": self.a, "con": self.b} if leg == "a" else {"pro": self.b, "con": self.a}


class Claim(NamedTuple):
    """One numbered point of a speech: `P1.2` is the second claim of PRO's first speech."""

    id: str
    text: str


#: The number of a claim wherever a text names it, as a pattern: nothing else is a citation.
CLAIM_ID = r"(?<![A-Za-z0-9.])[PCpc][0-9]{1,3}\.[0-9]{1,3}(?![A-Za-z0-9]|\.[0-9])"


def cited(text: str) -> list[str]:
    """Returns the numbers of claims that `text` names, in order, repeated ones too; `p01.2` is P1.2."""
    found = (match.upper().split(".") for match in re.findall(CLAIM_ID, text))
    return [f"{speech[0]}{int(speech[1:])}.{int(claim)}" for speech, claim in found]


class Speech(Noun):
    """One speech as it was heard. `answers` are the other side's claims that it cites; `cut`: it was cut short."""

    step: str
    side: Side
    speaker: int | str
    kind: StepKind
    text: str
    words: int
    claims: tuple[Claim, ...] = ()
    answers: tuple[str, ...] = ()
    cut: bool = False
    status: SpeechStatus = "spoken"
    at: str


class MotionAsDebated(Noun):
    """A motion in the one language in which it was debated."""

    id: str
    text: str
    category: Category


class Transcript(Noun):
    """One leg, as far as it was heard."""

    matchup: str
    leg: Leg
    motion: MotionAsDebated
    format: str
    language: Language
    sides: dict[Side, str]
    speeches: tuple[Speech, ...] = ()
