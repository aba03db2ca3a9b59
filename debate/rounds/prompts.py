"""What a speaker is told: a conversation that only grows, so that providers find its beginning in their caches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from debate.core.contestant import Contestant
from debate.core.debate import Speech
from debate.core.errors import UserError
from debate.core.format import Format, Side
from debate.core.motion import Motion
from debate.core.noun import Language
from debate.core.words import SCALE, word_ends
from debate.models.protocol import Message
from debate.models.weights import is_small
from debate.rounds.claims import LETTER, numbered, quoted
from debate.rounds.turns import OTHER, Turn, turns
from debate.rounds.wording import WORDING, plainly

#: By how many words of a claim its speaker recognises it.
_RECOGNISED = 6


def is_brief(contestant: Contestant) -> bool:
    """Whether this contestant gets the short prompts: a small local model is lost in the handbook."""
    return is_small(contestant)


def notes_cap(format: Format, language: Language, brief: bool) -> int:
    """Returns how many words of private planning may precede each speech, in the unit of `count_words`."""
    return 0 if brief else round(format.notes * SCALE[language])


class Conversation:
    """What one side of one leg has been told and has said. Each prompt begins with the whole of the one before it."""

    def __init__(self, format: Format, language: Language, motion: Motion, side: Side, contestant: Contestant) -> None:
        if language not in motion.text:
            raise UserError(
                f"motion {motion.id}: no text in {language!r}, only in {', '.join(motion.text)}; add one or drop it"
            )
        self._language = language
        self._side = side
        self._brief = is_brief(contestant)
        self._notes = notes_cap(format, language, self._brief)
        self._team = any(step.speaker not in (1, "1") for step in format.steps)
        self._heard = 0
        system = _render(language, "brief_system") if self._brief else handbook(format, language)
        self._messages = [Message("system", system, cache=True)]
        self._case = {
            "motion": motion.text[language].strip(),
            "side": WORDING[language].sides[side],
            "other": WORDING[language].sides[OTHER[side]],
            "letter": LETTER[side],
            "other_letter": LETTER[OTHER[side]],
        }
        self._opening = self._rendered(
            "opening",
            info=(motion.info or {}).get(language, "").strip(),
            strategy=(contestant.strategy or "").strip(),
        )

    def ask(self, turn: Turn, speeches: Sequence[Speech]) -> tuple[Message, ...]:
        """Returns the prompt for `turn`, after all `speeches` of the leg so far; those not yet told are told in it."""
        fresh = speeches[self._heard :]
        self._heard = len(speeches)
        since = [speech for speech in fresh if speech.side != self._side]
        own = [speech for speech in fresh if speech.side == self._side]
        wording = WORDING[self._language]
        kind = wording.kinds[turn.kind]
        if turn.asks or turn.answers:
            kind += f" ({wording.question if turn.asks else wording.answer})"
        task = "ask" if turn.asks else "answer" if turn.answers else turn.kind
        text = self._rendered(
            "turn",
            turn=turn,
            own=own[-1] if own else None,
            since=since[-1:] if self._brief else since,
            lost=wording.lost,
            kind=kind,
            new="" if turn.asks or turn.answers else wording.new[turn.step.new_arguments],
            task=(wording.brief_tasks if self._brief else wording.tasks)[task],
            team=self._team,
            notes=self._notes,
        )
        if len(self._messages) == 1:
            text = f"{self._opening}\n\n{text}".strip()
        self._messages.append(Message("user", text))
        return tuple(self._messages)

    def shorten(self, draft: str, words: int, cap: int) -> tuple[Message, ...]:
        """Returns the prompt that sends a speech of `words` words back once. The conversation does not keep it."""
        ask = _render(self._language, "shorten", words=words, cap=cap, notes=self._notes)
        return (*self._messages, Message("assistant", draft), Message("user", ask))

    def said(self, speech: Speech, notes: str) -> None:
        """Adds what the side said in answer to the last prompt, as it was heard, with its private notes."""
        text = speech.text or WORDING[self._language].silence
        self._messages.append(Message("assistant", f"<notes>{notes}</notes>\n\n{text}" if notes else text))

    def _rendered(self, name: str, **values: Any) -> str:
        return _render(self._language, f"brief_{name}" if self._brief else name, **self._case, **values)


@lru_cache(maxsize=64)
def handbook(format: Format, language: Language) -> str:
    """Returns the manual that every speaker of a format in a language is given, the same to the byte."""
    wording = WORDING[language]
    team = any(step.speaker not in (1, "1") for step in format.steps)
    rows = []
    for step, of_step in groupby(turns(format, language), key=lambda turn: turn.step):
        first = next(of_step)
        row = wording.speech_row
        if step.kind in ("cross", "crossfire"):
            row = wording.cross_row if step.kind == "cross" else wording.crossfire_row
        what = row.format(
            side=wording.sides[first.side],
            speaker=wording.speaker.format(speaker=first.speaker) if team else "",
            asker=wording.sides[first.side],
            other=wording.sides[OTHER[first.side]],
            kind=wording.kinds[step.kind],
            exchanges=step.exchanges,
            words=first.words,
        )
        rows.append({"id": step.id, "what": what, "new": wording.new[step.new_arguments]})
    return _render(language, "handbook", format_name=format.name, rows=rows, notes=notes_cap(format, language, False))


def _render(language: Language, name: str, **values: Any) -> str:
    return _templates().get_template(f"{language}/{name}.jinja").render(**values).strip()


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "prompts"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        numbered=numbered, quoted=quoted, plainly=plainly, beginning=_beginning, by_paragraph=_by_paragraph
    )
    return environment


def _by_paragraph(speech: Speech) -> bool:
    """Whether the numbers of a speech go by its paragraphs as they were written, so that none need be shown."""
    return len(speech.claims) == len([line for line in speech.text.split("\n") if line])


def _beginning(text: str) -> str:
    ends = word_ends(text)
    return quoted(text if len(ends) <= _RECOGNISED else text[: ends[_RECOGNISED - 1]] + "…")
