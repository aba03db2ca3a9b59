"""Who speaks when, for how long: a format expanded into turns, each of them one call to one side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from debate.core.format import Format, Side, Step, StepKind
from debate.core.noun import Language
from debate.core.words import SCALE

OTHER: dict[Side, Side] = {"pro": "con", "con": "pro"}


class Turn(NamedTuple):
    """One turn of one side. `words` is its cap in the unit of `count_words`.

    An exchange of questions and answers is several turns of one step, numbered `CX1.1`, `CX1.2`, ...; `asks` is true
    for a question, and `answers` for its answer.
    """

    id: str
    step: Step
    side: Side
    speaker: int | str
    words: int
    asks: bool = False

    @property
    def kind(self) -> StepKind:
        """The kind of its step."""
        return self.step.kind

    @property
    def answers(self) -> bool:
        """Whether this turn answers the question before it."""
        return self.step.kind in ("cross", "crossfire") and not self.asks


def turns(format: Format, language: Language) -> tuple[Turn, ...]:
    """Returns the turns of `format` in the order in which they are taken.

    In a `cross` step the step's side asks every time; in a `crossfire` PRO asks first and the asking side changes with
    each exchange. The turns of such a step share its words equally.
    """
    return tuple(_turns(format, language))


def _turns(format: Format, language: Language) -> Iterator[Turn]:
    speakers: dict[Side, int | str] = {"pro": 1, "con": 1}
    for step in format.steps:
        words = step.words * format.scale * SCALE[language]
        if step.side != "both":
            asker = step.side
            if step.kind != "cross":
                speakers[asker] = step.speaker
                yield Turn(step.id, step, asker, step.speaker, max(1, round(words)))
                continue
            # The one who is questioned is whoever of that side spoke last.
            at_step = {asker: step.speaker, OTHER[asker]: speakers[OTHER[asker]]}
        else:
            asker = "pro"
            pro, dash, con = str(step.speaker).partition("-")
            at_step = {"pro": _speaker(pro), "con": _speaker(con) if dash else _speaker(pro)}
        share = max(1, int(words / (2 * step.exchanges)))
        for exchange in range(step.exchanges):
            question, answer = f"{step.id}.{2 * exchange + 1}", f"{step.id}.{2 * exchange + 2}"
            yield Turn(question, step, asker, at_step[asker], share, asks=True)
            yield Turn(answer, step, OTHER[asker], at_step[OTHER[asker]], share)
            if step.kind == "crossfire":
                asker = OTHER[asker]


def _speaker(name: str) -> int | str:
    return int(name) if name.isdigit() and name.isascii() else name
