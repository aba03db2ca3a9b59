"""The moderator: walks the turns of one leg, asks each speaker, and records what was said and what went wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from debate.core.contestant import Contestant
from debate.core.debate import Leg, Matchup, MotionAsDebated, Speech, SpeechStatus, Transcript
from debate.core.errors import UserError
from debate.core.event import Call, Draft
from debate.core.format import SIDES, Format, Side
from debate.core.noun import Language, seed_of
from debate.core.visible import one_line, visible
from debate.core.words import SCALE, count_words
from debate.models.protocol import Ask, CallFatal, Message, Reply, Request, Stage, as_call, fault_draft
from debate.rounds.claims import answers, citable, claims, clean, cut, plain, unfinished
from debate.rounds.notes import Notes, without_notes
from debate.rounds.prompts import Conversation, is_brief, notes_cap
from debate.rounds.turns import Turn, turns
from debate.store.clock import now

#: Tokens that one word needs at most in ordinary text (a Chinese word is a character).
TOKENS_A_WORD: dict[Language, float] = {"en": 1.5, "zh": 1.6}

#: How a reply begins that declines to speak, where the provider does not say so. Longer replies are speeches, and so
#: is one that refuses something in the debate: a premise, a figure, what the other side did.
_AS_AI = r"as an? (?:ai|artificial intelligence|(?:large )?language model|assistant)\b[\w -]{0,30},? ?"
_THE_TASK = r"(?:in|with|to|for|against)? ?(?:a|an|any|the|this|that|these|such|your|either|both|one)"
_DECLINES = re.compile(
    rf"(?:{_AS_AI})?"
    r"(?:(?:(?:i['’]m |i am )?(?:very |so |truly )?sorry|i apologi[sz]e|unfortunately|my apologies)[,.]? (?:but )?)?"
    rf"(?:{_AS_AI})?"
    r"i(?: can['’]?t| cannot| can not| won['’]t| will not|(?: am|['’]m) (?:unable|not able|not willing) to|"
    r"(?: must| have to)? (?:decline|refuse)(?: to)?| (?:do not|don['’]t) feel comfortable)"
    r"(?:\.| (?:"
    r"(?:help|assist)(?:ing)?(?: you)?(?: with (?:this|that|these|your|such|the)\b|\.)"
    r"|comply(?: with (?:this|that|your|the) (?:request|prompt|task|instructions?))?(?=[.,;]|$)"
    rf"|(?:participat|engag|tak|debat|continu|fulfill?|discuss|argu|support|defend)(?:e|ing)? ?(?:part )?{_THE_TASK} "
    r"(?:[\w-]+ )?(?:debates?|discussions?|conversations?|requests?|tasks?|exercises?|topics?|motions?|content|sides?|"
    r"positions?|stances?|viewpoints?)\b(?!['’]s)"
    r"|(?:participate|engage|take part|continue|fulfill?|argue|debate|discuss|do|take)(?: (?:in|with|for|against))?"
    r"(?: (?:this|that|it|sides|such (?:things|content)))?(?=[.]|$)"
    r"|(?:provide|write|create|generate) (?:this|that|such)\b"
    r"))"
    r"|(?:作为[^，,。]{1,20}[，,])?(?:(?:很|非常)?(?:抱歉|对不起)[，,]?(?:但)?)?(?:作为[^，,。]{1,20}[，,])?我(?:无法|不能|不会)"
    r"(?:选边站|站队|选择立场|持有立场|表明立场|支持任何一方|参与(?:这|此|该|本)[场次个]?(?:辩论|讨论|话题))"
    r"|(?:很|非常)?(?:抱歉|对不起)[，,]?(?:但)?我(?:无法|不能)"
    r"(?:(?:提供|回答|完成|满足|生成|撰写|参与|继续)(?:这|此|该|您|你)|协助|帮助|为[您你此这]|[。.])",
    re.IGNORECASE,
)
_DECLINE_WORDS = 40

#: A side that loses its first speech, or as many turns as this, forfeits the leg.
LOST_TURNS = 2


class LegEnd(NamedTuple):
    """How a leg ended: what was heard of it, who forfeited it, and the cause where a technical failure voided it."""

    transcript: Transcript | None
    forfeit: Side | None
    void: str | None


class _Failed(Exception):
    """A turn that failed for technical reasons; its text is the cause."""


class _Heard(NamedTuple):
    """A reply, taken apart. `text` is clean, and empty unless `status` is `spoken`.

    `broke_off`: it used up its room; an `empty` one did so with thinking or notes, before its first word.
    """

    status: SpeechStatus
    text: str
    notes: str
    broke_off: bool


async def debate(
    *,
    format: Format,
    language: Language,
    matchup: Matchup,
    leg: Leg,
    contestants: dict[Side, Contestant],
    ask: Ask,
    record: Callable[[Draft], None],
    live: Callable[[str, str], None] | None,
    heard: Sequence[dict[str, Any]],
) -> LegEnd:
    """Holds one leg of `matchup` and returns how it ended.

    `record` receives every event but the leg's end as it happens: speeches, faults, a forfeit, a void leg. `live`
    receives the id of a turn and each piece of its words while they come, without private notes; an empty piece takes
    back what came before it, since the text begins anew. `heard` are the bodies of the speech events that the log
    already has of this leg; their turns are not asked again.

    Raises:
        CallFatal: a contestant's model cannot be called until a person mends something.
        UserError: the motion lacks the language, or `heard` does not fit the format.
    """
    motion = matchup.motion
    floor = _Floor(format, language, matchup, leg, contestants, ask, record, live)
    forfeit: Side | None = None
    void: str | None = None
    for number, turn in enumerate(turns(format, language)):
        if number < len(heard):
            floor.replay(turn, heard[number])
        else:
            try:
                await floor.take(turn)
            except _Failed as error:
                void = str(error)
                break
        forfeit = floor.forfeited(turn)
        if forfeit:
            break
    transcript = Transcript(
        matchup=matchup.id,
        leg=leg,
        motion=MotionAsDebated(id=motion.id, text=motion.text[language], category=motion.category),
        format=format.name,
        language=language,
        sides=matchup.sides(leg),
        speeches=tuple(floor.speeches),
    )
    return LegEnd(transcript, forfeit, void)


class _Floor:
    """One leg while it is held: what was said, and both sides' conversations."""

    def __init__(
        self,
        format: Format,
        language: Language,
        matchup: Matchup,
        leg: Leg,
        contestants: dict[Side, Contestant],
        ask: Ask,
        record: Callable[[Draft], None],
        live: Callable[[str, str], None] | None,
    ) -> None:
        self.speeches: list[Speech] = []
        self._format = format
        self._language = language
        self._matchup = matchup
        self._leg = leg
        self._contestants = contestants
        self._ask = ask
        self._record = record
        self._live = live
        self._conversations = {
            side: Conversation(format, language, matchup.motion, side, contestants[side]) for side in SIDES
        }

    def replay(self, turn: Turn, body: dict[str, Any]) -> None:
        """Takes a turn as the log has it."""
        speech = Speech.model_validate(body["speech"])
        if speech.step != turn.id:
            raise UserError(
                f"matchup {self._matchup.id}, leg {self._leg}: the log has {speech.step!r} where format "
                f"{self._format.name} has {turn.id!r}; resume with the format of the run"
            )
        self._conversations[turn.side].ask(turn, self.speeches)
        self._keep(speech, body["notes"])

    async def take(self, turn: Turn) -> None:
        """Asks for a turn, once more where nothing came or too much, and records what it came to."""
        conversation = self._conversations[turn.side]
        contestant = self._contestants[turn.side]
        brief = is_brief(contestant)
        calls: list[Call] = []
        prompt = conversation.ask(turn, self.speeches)
        show = _Show(turn.id, self._live) if self._live else None
        said = await self._call(turn, 0, prompt, calls, show)
        if said.status != "spoken":
            said = await self._call(turn, 1, prompt, calls, show, room=2 if said.broke_off else 1)
            if said.status == "empty" and said.broke_off:
                cause = f"{contestant.id} used up its tokens for {turn.id} before its first word, also when asked again"
                raise self._void(f"{cause}; give it more with max_tokens in its params", calls)
        elif not brief and count_words(said.text) > turn.words:
            again = conversation.shorten(said.text, count_words(said.text), turn.words)
            shorter = await self._call(turn, 1, again, calls, show)
            if shorter.status == "spoken":
                said = shorter._replace(notes=said.notes)
        text = said.text
        is_cut = True
        if count_words(text) > turn.words:
            text = cut(text, turn.words)
        elif said.broke_off:
            text = unfinished(text)
        else:
            is_cut = False
        speech = Speech(
            step=turn.id,
            side=turn.side,
            speaker=turn.speaker,
            kind=turn.kind,
            text=text,
            words=count_words(text),
            claims=claims(text, turn.side, self.speeches),
            answers=answers(text, turn.side, self.speeches),
            cut=is_cut,
            status=said.status,
            at=now(),
        )
        body = {
            "leg": self._leg,
            "speech": speech.model_dump(mode="json"),
            "notes": said.notes,
            "calls": [call.model_dump(mode="json") for call in calls],
        }
        self._record(Draft("speech", self._matchup.id, body))
        self._keep(speech, said.notes)

    def forfeited(self, turn: Turn) -> Side | None:
        """Returns the side of `turn` if it has now lost the leg by not speaking, and records it."""
        own = [speech for speech in self.speeches if speech.side == turn.side]
        lost = [speech for speech in own if speech.status != "spoken"]
        first = next((speech for speech in own if speech.kind not in ("cross", "crossfire")), None)
        if first is not None and first.status != "spoken":
            cause = f"its first speech, {first.step}, was {first.status}"
        elif len(lost) >= LOST_TURNS:
            cause = "lost turns: " + ", ".join(f"{speech.step} was {speech.status}" for speech in lost)
        else:
            return None
        self._record(Draft("forfeit", self._matchup.id, {"leg": self._leg, "side": turn.side, "cause": cause}))
        return turn.side

    def _keep(self, speech: Speech, notes: str) -> None:
        self.speeches.append(speech)
        self._conversations[speech.side].said(speech, notes)

    async def _call(
        self,
        turn: Turn,
        n: int,
        messages: tuple[Message, ...],
        calls: list[Call],
        show: _Show | None,
        room: int = 1,
    ) -> _Heard:
        """Returns the reply to the `n`-th asking of a turn, in `room` times the ordinary room; adds to `calls`.

        Raises _Failed, CallFatal.
        """
        contestant = self._contestants[turn.side]
        request = Request(
            key=f"{self._matchup.id}/{self._leg}/{turn.id}/{n}",
            who=contestant.id,
            messages=messages,
            max_tokens=room * _max_tokens(turn, self._format, self._language, contestant),
            seed=seed_of(self._matchup.seed, self._leg, turn.id, n) & 0x7FFFFFFF,
            stage=Stage(
                motion=self._matchup.motion.id,
                side=turn.side,
                step=turn.id,
                kind=turn.kind,
                words=turn.words,
                citable=citable(turn.side, self.speeches),
            ),
        )
        if show:
            show.anew()
        reply = await self._ask(request, show)
        if show:
            show.close()
        for fault in reply.faults:
            if fault.kind == "truncated" and is_brief(contestant):
                continue  # a small model talks until it is stopped; that its speech is cut says so already
            self._record(fault_draft(self._matchup.id, self._leg, turn.id, contestant.id, request.key, fault))
        if reply.status in ("failed", "fatal"):
            why = one_line(reply.faults[-1].detail if reply.faults else "no cause was given", 300)
            if reply.status == "fatal":
                raise CallFatal(f"contestant {contestant.id} ({contestant.provider}, {contestant.model}): {why}")
            raise self._void(f"{contestant.id} could not be asked for {turn.id}: {why}", calls)
        calls.append(as_call(request, reply))
        return self._listen(turn, reply)

    def _void(self, cause: str, calls: list[Call]) -> _Failed:
        """Records that the leg is void, and returns the error that ends it."""
        body = {"leg": self._leg, "cause": cause, "calls": [call.model_dump(mode="json") for call in calls]}
        self._record(Draft("leg_void", self._matchup.id, body))
        return _Failed(cause)

    def _listen(self, turn: Turn, reply: Reply) -> _Heard:
        contestant = self._contestants[turn.side]
        text, notes = without_notes(reply.text, notes_cap(self._format, self._language, is_brief(contestant)))
        text = clean(text, turn.side, self.speeches)
        status: SpeechStatus = "spoken"
        if reply.status in ("refused", "filtered"):
            status = "refused" if reply.status == "refused" else "filtered"
        elif count_words(text) == 0:
            status = "empty"
        elif turn.kind not in ("cross", "crossfire") and declines(text, self._language):
            status = "refused"
        if status != "spoken":
            return _Heard(status, "", plain(notes), broke_off=status == "empty" and reply.status == "truncated")
        return _Heard(status, text, plain(notes), broke_off=reply.status == "truncated")


class _Show:
    """Shows the words of a turn while they come, without private notes and without what cannot be seen."""

    def __init__(self, turn: str, live: Callable[[str, str], None]) -> None:
        self._turn = turn
        self._live = live
        self._notes = Notes()
        self._begun = False

    def __call__(self, piece: str) -> None:
        if piece:
            self._show(self._notes.feed(piece))
        else:
            self.anew()

    def anew(self) -> None:
        """Takes back what was shown, if anything was: the text begins anew."""
        self._notes = Notes()
        if self._begun:
            self._begun = False
            self._live(self._turn, "")

    def close(self) -> None:
        """Shows what was held back, once all has come."""
        self._show(self._notes.close())

    def _show(self, text: str) -> None:
        text = visible(text)
        if not self._begun:
            text = text.lstrip()
        if text:
            self._begun = True
            self._live(self._turn, text)


def declines(text: str, language: Language) -> bool:
    """Whether a short text declines to speak instead of speaking."""
    return count_words(text) < _DECLINE_WORDS * SCALE[language] and _DECLINES.match(text) is not None


def _max_tokens(turn: Turn, format: Format, language: Language, contestant: Contestant) -> int:
    """Returns room for a speech of twice its cap and for notes, so that a long one is seen to be too long.

    A small local model seldom stops by itself: it gets its cap and no more.
    """
    if is_brief(contestant):
        return math.ceil(turn.words * TOKENS_A_WORD[language])
    words = turn.words + notes_cap(format, language, brief=False)
    return math.ceil(2 * words * TOKENS_A_WORD[language]) + 100
