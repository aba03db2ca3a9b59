"""What a run will use, before it begins: every prompt of one matchup is written with filler words and measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from debate.core.contestant import Contestant, Model
from debate.core.debate import MotionAsDebated, Speech, Transcript
from debate.core.errors import UserError
from debate.core.format import SIDES
from debate.core.motion import Motion
from debate.core.noun import Language
from debate.core.panel import ModelJudge
from debate.core.spec import TournamentSpec
from debate.core.words import count_words
from debate.models.protocol import Message
from debate.tournaments.state import Cost

#: Tokens for each unit of `count_words`: what current tokenizers of large models need for prose with its marks.
TOKENS_A_WORD: dict[Language, float] = {"en": 1.35, "zh": 1.0}

#: How much of its cap a speech fills, and of theirs the private notes.
FILLED = 0.9

#: Words of a judge's answer: the reason, the names of criteria and the scores.
ANSWER_WORDS = 120


@dataclass(frozen=True)
class Estimate:
    """What a run is expected to use. `by` has the cost of each contestant and each judge that is a model.

    `unpriced` are those of them whose calls cost money that nobody has told: their part is missing from `usd`.
    `thinking` are those set to reason before they answer: what they think is not in the estimate, nor are calls that
    must be repeated and speeches that must be shortened.
    """

    matchups: int
    by: dict[str, Cost]
    unpriced: tuple[str, ...]
    thinking: tuple[str, ...]

    @property
    def total(self) -> Cost:
        """Returns what all use together."""
        total = Cost()
        for cost in self.by.values():
            total.calls += cost.calls
            total.input += cost.input
            total.cached += cost.cached
            total.output += cost.output
            total.usd += cost.usd
        return total

    @property
    def usd(self) -> float:
        """Returns the money that all spend together, as far as prices are known, in USD."""
        return sum(cost.usd for cost in self.by.values())

    @property
    def words(self) -> str:
        """Returns one line for the screen."""
        total = self.total
        line = "one matchup" if self.matchups == 1 else f"{self.matchups:,} matchups"
        line += f" of two legs: about {total.calls:,} calls, {_short(total.input)} tokens in"
        if total.input:
            line += f" ({total.cached / total.input:.0%} of them sent before)"
        line += f", {_short(total.output)} out, "
        if self.unpriced:
            line += f"${self.usd:,.2f} without {', '.join(self.unpriced)}, whose price is not given"
        else:
            line += f"${self.usd:,.2f}" if self.usd else "no money"
        if self.thinking:
            line += f"; and what {', '.join(self.thinking)} will think"
        return line


def estimate(spec: TournamentSpec, matchups: int | None) -> Estimate:
    """Returns what `matchups` matchups are expected to use, the contestants playing equally often.

    With None they are as many as `budget.usd` and `budget.tokens` pay for, or one where neither is set. The prompts are
    those of the debate and of the ballot, with speeches that fill 90% of their caps. A prompt's tokens are taken as
    cached as far as the same speaker sent them before in the leg, and a first prompt as far as every debate begins
    with it.

    Raises:
        UserError: `budget.usd` is set and a model that costs money has no price.
    """
    judges = [judge for judge in spec.panel.judges if isinstance(judge, ModelJudge)]
    models: list[Contestant | ModelJudge] = [*spec.contestants, *judges]
    unpriced = tuple(model.id for model in models if model.price is None and not model.free)
    if unpriced and spec.budget.usd is not None:
        model = next(model for model in models if model.id == unpriced[0])
        raise UserError(
            f"{model.id}: {model.provider} model {model.model!r} has no price, so budget.usd cannot be kept; give it "
            "price: {input: ..., cached: ..., output: ...} in USD per million tokens, zeros if it is free"
        )
    used = _one_matchup(spec, judges)

    def times(count: int) -> Estimate:
        by = {model.id: used[model.id].cost(model, count) for model in models}
        return Estimate(count, by, unpriced, tuple(model.id for model in models if _thinks(model)))

    return times(_affordable(spec, times(1)) if matchups is None else matchups)


def _affordable(spec: TournamentSpec, one: Estimate) -> int:
    """Returns how many matchups the budget pays for if each costs as much as this one; at least one."""
    total = one.total
    counts = []
    if spec.budget.usd is not None and total.usd:
        counts.append(int(spec.budget.usd / total.usd))
    if spec.budget.tokens is not None and total.input + total.output:
        counts.append(int(spec.budget.tokens / (total.input + total.output)))
    return max(1, min(counts, default=1))


def _one_matchup(spec: TournamentSpec, judges: Sequence[ModelJudge]) -> dict[str, _Used]:
    """Returns what each contestant and each of `judges` uses for the average matchup."""
    motion = _typical(spec)
    used: dict[str, _Used] = {}
    rehearsed: dict[tuple[bool, str], _Used] = {}
    for contestant in spec.contestants:
        # Contestants that are told the same are rehearsed once.
        alike = (contestant.provider == "local", contestant.strategy or "")
        if alike not in rehearsed:
            rehearsed[alike] = _both_legs(spec, motion, contestant)
        used[contestant.id] = rehearsed[alike].share(2 / len(spec.contestants))
    if judges:
        seats = _seats(spec)
        transcript = Transcript(
            matchup="m00000",
            leg="a",
            motion=MotionAsDebated(id=motion.id, text=motion.text[spec.language], category=motion.category),
            format=spec.format.name,
            language=spec.language,
            sides={"pro": spec.contestants[0].id, "con": spec.contestants[1].id},
            speeches=tuple(_speeches(spec)),
        )
        for judge in judges:
            used[judge.id] = _ballot(spec, transcript, judge).share(2 * seats[judge.id])
    return used


class _Used:
    """Calls and their tokens, counted."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.calls = self.input = self.cached = self.output = 0.0

    def call(self, messages: Sequence[Message], known: Sequence[Message], answer: float) -> None:
        """Adds a call with these messages, of which `known` were sent before, and an answer of so many words."""
        rate = TOKENS_A_WORD[self.language]
        self.calls += 1
        self.input += rate * sum(count_words(message.text) for message in messages)
        self.cached += rate * sum(count_words(message.text) for message in known)
        self.output += rate * answer

    def share(self, part: float) -> _Used:
        """Returns `part` times this."""
        used = _Used(self.language)
        used.calls, used.input = self.calls * part, self.input * part
        used.cached, used.output = self.cached * part, self.output * part
        return used

    def cost(self, model: Model, times: int) -> Cost:
        """Returns what `model` uses and costs for this so many times over."""
        tokens_in, cached, out = (round(tokens * times) for tokens in (self.input, self.cached, self.output))
        usd = model.price.usd(tokens_in, cached, out) if model.price else 0.0
        return Cost(calls=round(self.calls * times), input=tokens_in, cached=cached, output=out, usd=usd)


def _both_legs(spec: TournamentSpec, motion: Motion, contestant: Contestant) -> _Used:
    """Returns what a contestant uses for one leg as PRO and one as CON."""
    from debate.rounds.prompts import Conversation, is_brief, notes_cap
    from debate.rounds.turns import turns

    used = _Used(spec.language)
    speeches = list(_speeches(spec))
    notes = round(notes_cap(spec.format, spec.language, is_brief(contestant)) * FILLED)
    for side in SIDES:
        conversation = Conversation(spec.format, spec.language, motion, side, contestant)
        known: tuple[Message, ...] = ()
        for n, turn in enumerate(turns(spec.format, spec.language)):
            if turn.side != side:
                continue
            messages = conversation.ask(turn, speeches[:n])
            used.call(messages, known or messages[:1], turn.words * FILLED + notes)
            conversation.said(speeches[n], _filler(notes, spec.language))
            known = messages
    return used


def _ballot(spec: TournamentSpec, transcript: Transcript, judge: ModelJudge) -> _Used:
    """Returns what a judge uses for the ballot of one leg."""
    from debate.judges import prompts
    from debate.judges.anonymous import blind

    used = _Used(spec.language)
    if judge.provider == "local":
        # It is asked for one digit a side, and sees a part of the speeches.
        for _ in SIDES:
            text = prompts.digits_prompt(transcript.motion.text, _filler(240, spec.language), spec.language)
            used.call([Message("user", text)], [], 1)
        return used
    system = Message("system", prompts.system_prompt(spec.rubric, spec.language))
    leg = prompts.leg_prompt(blind(transcript, (), 0), spec.rubric, spec.language, "0" * 16)
    used.call([system, Message("user", leg)], [system], ANSWER_WORDS)
    return used


def _speeches(spec: TournamentSpec) -> Iterator[Speech]:
    """Yields filler speeches for the turns of the format."""
    from debate.rounds.claims import claims
    from debate.rounds.turns import turns

    earlier: list[Speech] = []
    for turn in turns(spec.format, spec.language):
        text = _filler(round(turn.words * FILLED), spec.language)
        speech = Speech(
            step=turn.id,
            side=turn.side,
            speaker=turn.speaker,
            kind=turn.kind,
            text=text,
            words=turn.words,
            claims=claims(text, turn.side, earlier),
            at="",
        )
        earlier.append(speech)
        yield speech


def _filler(words: int, language: Language) -> str:
    """Returns text of so many words, in paragraphs of 50."""
    word, space = ("word", " ") if language == "en" else ("字", "")
    return "\n\n".join(space.join([word] * min(50, words - start)) + "." for start in range(0, words, 50))


def _typical(spec: TournamentSpec) -> Motion:
    """Returns the motion of middle length among those that can be debated."""
    motions = [motion for motion in spec.motions if spec.language in motion.text]

    def length(motion: Motion) -> int:
        return sum(count_words(text.get(spec.language, "")) for text in (motion.text, motion.info or {}))

    return sorted(motions, key=length)[len(motions) // 2]


def _seats(spec: TournamentSpec) -> dict[str, float]:
    """Returns in what share of matchups each judge sits, if the seats of a pair are shared by all who may judge it."""
    from debate.judges.panel import eligible

    sits: dict[str, float] = {judge.id: 0.0 for judge in spec.panel.judges}
    pairs = list(combinations(spec.contestants, 2))
    for pair in pairs:
        free = eligible(spec.panel, pair)
        for judge in free:
            sits[judge.id] += min(1.0, spec.panel.seats / len(free)) / len(pairs)
    return sits


def _thinks(model: Model) -> bool:
    return model.params.get("reasoning_effort") not in (None, "none") or "thinking" in model.params


def _short(tokens: int) -> str:
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if tokens >= size:
            return f"{tokens / size:.3g}{unit}"
    return str(tokens)
